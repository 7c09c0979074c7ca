"""Category sets: unique names, WordNet ids, read once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry import CategorySet, load_categories
from weights_registry.categories import numbered_categories


def test_imagenet_has_1000_unique_names_and_wordnet_ids() -> None:
    labels = load_categories("imagenet_1k")
    assert len(labels) == len(set(labels.names)) == len(set(labels.wordnet_ids)) == 1000
    assert list(labels.wordnet_ids) == sorted(labels.wordnet_ids)  # the order of ImageNet's folders


def test_imagenet_names_are_torchvisions_and_ids_are_timms() -> None:
    from timm.data import ImageNetInfo
    from torchvision.models import ResNet50_Weights

    labels = load_categories("imagenet_1k")
    assert list(labels.names) == ResNet50_Weights.DEFAULT.meta["categories"]
    assert list(labels.wordnet_ids) == ImageNetInfo("imagenet-1k").label_names()  # type: ignore[no-untyped-call]


def test_names_that_others_give_twice_are_told_apart() -> None:
    labels = load_categories("imagenet_1k")
    assert (labels.names[134], labels.names[517]) == ("crane bird", "crane")
    assert (labels.wordnet_id(134), labels.wordnet_id(517)) == ("n02012849", "n03126707")


def test_a_set_is_read_once_and_cannot_be_changed() -> None:
    assert load_categories("imagenet_1k") is load_categories("imagenet_1k")
    assert isinstance(load_categories("imagenet_1k").names, tuple)


def test_an_unknown_set_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="imagenet_1k"):
        load_categories("imagenet_22k")


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="`crane`"):
        CategorySet("birds", ("crane", "heron", "crane"))


def test_ids_must_be_as_many_as_names() -> None:
    with pytest.raises(ValueError, match="2 names but 1"):
        CategorySet("birds", ("crane", "heron"), ("n1",))


@given(st.integers(min_value=1, max_value=3000))
def test_numbered_categories_are_as_many_as_asked_and_unique(num_classes: int) -> None:
    assert len(set(numbered_categories(num_classes).names)) == num_classes
