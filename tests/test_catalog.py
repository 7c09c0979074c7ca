"""Finding weights by name and by what they can do."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry import UnknownWeights, Weights, get_weights, list_weights
from weights_registry.families import BUNDLED, EfficientNet_Lite0_Weights
from weights_registry.registration import RegisteredWeights

MEMBERS = [member for family in BUNDLED for member in family]


@given(st.sampled_from(MEMBERS), st.randoms(use_true_random=False))
def test_a_full_name_is_found_whatever_its_letter_case(member: RegisteredWeights, rng: random.Random) -> None:
    shuffled = "".join(rng.choice((letter.lower(), letter.upper())) for letter in member.id)
    assert get_weights(shuffled) is member


def test_a_name_pasted_from_torchvision_is_found() -> None:
    from torchvision.models import ResNet50_Weights

    assert get_weights(str(ResNet50_Weights.IMAGENET1K_V2)) is Weights.ImageNet1K_V2


@pytest.mark.parametrize("name", ["ResNet50_Weights.DEFAULT", "resnet50_weights", "resnet50", " resnet50 "])
def test_a_family_or_an_architecture_means_its_default(name: str) -> None:
    assert get_weights(name) is Weights.DEFAULT


def test_a_family_may_be_called_without_its_ending() -> None:
    assert get_weights("efficientnet_lite0") is EfficientNet_Lite0_Weights.DEFAULT


def test_weights_themselves_are_given_back() -> None:
    assert get_weights(Weights.DEFAULT) is Weights.DEFAULT
    assert get_weights(Weights.DEFAULT.checkpoint) is Weights.DEFAULT.checkpoint


def test_a_wrong_name_is_answered_with_the_closest() -> None:
    with pytest.raises(UnknownWeights, match=r"`RestNet50_Weights\.V2`.*`ResNet50_Weights\.ImageNet1K_V2`") as caught:
        get_weights("RestNet50_Weights.V2")
    assert isinstance(caught.value, LookupError)
    assert "weights-registry list" in str(caught.value)


def test_a_name_like_nothing_is_answered_plainly() -> None:
    with pytest.raises(UnknownWeights, match="none is close"):
        get_weights("zzzzzzzz")


@pytest.mark.parametrize("name", [None, 50, True, ["resnet50"]])
def test_what_is_no_name_is_a_type_error(name: Any) -> None:
    with pytest.raises(TypeError, match="by name"):
        get_weights(name)


def test_patterns_are_held_against_name_and_architecture() -> None:
    assert {weights.architecture for weights in list_weights("RESNET1*")} == {"resnet18", "resnet101", "resnet152"}
    assert list_weights("timm/*") == [member for member in MEMBERS if member.architecture.startswith("timm/")]
    assert list_weights(["*lite0*", "*1k_v2"])[-1] is EfficientNet_Lite0_Weights.DEFAULT


@given(st.floats(min_value=60, max_value=90))
def test_min_acc1_divides_the_weights_in_two(percent: float) -> None:
    kept = list_weights(min_acc1=percent)
    for weights in list_weights():
        headline = weights.checkpoint.headline
        assert headline is not None
        assert (weights in kept) == (headline.acc1 >= percent)


def test_a_data_set_changes_what_accuracy_means() -> None:
    on_v2 = list_weights(dataset="imagenet-v2", min_acc1=71, sort="acc1")
    figures = [found.acc1 for weights in on_v2 if (found := weights.checkpoint.metrics_on("ImageNet-V2"))]
    assert figures == sorted(figures, reverse=True)
    assert min(figures) >= 71
    assert len(figures) == len(on_v2) > 0
    assert list_weights(dataset="CIFAR-10") == []


def test_conditions_add_up() -> None:
    found = list_weights("resnet*", min_acc1=80, max_params=30_000_000, licence="bsd-3-clause", recipe="resnet50/*")
    assert found == [Weights.ImageNet1K_V2]


@pytest.mark.parametrize(
    ("sort", "figure"),
    [
        ("params", lambda weights: weights.num_params),
        ("gmacs", lambda weights: weights.gmacs),
        ("size", lambda weights: weights.num_bytes),
        ("acc1", lambda weights: -weights.headline.acc1),
    ],
)
def test_sorting_keeps_everything_and_orders_by_the_figure(sort: Any, figure: Any) -> None:
    found = list_weights(sort=sort)
    assert sorted(map(str, found)) == sorted(map(str, list_weights()))
    assert [figure(weights) for weights in found] == sorted(figure(weights) for weights in found)


def test_an_unknown_sort_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="acc1, params"):
        list_weights(sort="speed")  # type: ignore[arg-type]
