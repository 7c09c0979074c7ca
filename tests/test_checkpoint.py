"""Checkpoint and Metrics: frozen records that refuse to be wrong."""

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from weights_registry import Checkpoint, Metrics, Weights

V2 = Weights.ImageNet1K_V2.checkpoint


def test_records_are_frozen_slotted_hashable_and_keyword_only() -> None:
    for record in (V2, V2.metrics[0]):
        assert not hasattr(record, "__dict__")
        assert hash(record) == hash(replace(record))
        assert all(field.kw_only for field in fields(record))
    with pytest.raises(FrozenInstanceError):
        V2.url = "https://elsewhere"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "resnet50.pth"),
        ("url", "ftp://host/file"),
        ("url", "http://example.org/file.pth"),
        ("mirrors", ("gopher://host/file",)),
        ("sha256", "11AD3FA6"),
        ("sha256", "11ad3f"),
        ("sha256", "g" * 64),
        ("num_params", 0),
    ],
)
def test_a_wrong_field_is_refused(field: str, value: Any) -> None:
    changes: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=str(value[0] if isinstance(value, tuple) else value)):
        replace(V2, **changes)


@pytest.mark.parametrize("value", [-0.1, 100.1, float("nan")])
def test_an_accuracy_is_in_percent(value: float) -> None:
    with pytest.raises(ValueError, match="percent"):
        replace(V2.metrics[0], acc1=value)


def test_the_headline_is_never_an_earlier_run() -> None:
    first, earlier, *_ = V2.metrics
    assert earlier.of == "earlier-run"
    swapped = replace(V2, metrics=(earlier, first))
    assert swapped.headline == first
    assert swapped.metrics_on("imagenet-1k") == first
    assert replace(V2, metrics=(earlier,)).headline is None


def test_metrics_on_another_data_set_are_found_without_regard_to_case() -> None:
    found = V2.metrics_on("imagenet-v2")
    assert isinstance(found, Metrics)
    assert (found.acc1, found.num_images, found.measured_by) == (69.51, 10_000, "timm")
    assert V2.metrics_on("CIFAR-10") is None


def test_meta_speaks_to_people_who_come_from_torchvision() -> None:
    from torchvision.models import ResNet50_Weights

    theirs = ResNet50_Weights.IMAGENET1K_V2.meta
    ours = Weights.ImageNet1K_V2.meta
    assert ours["categories"] == theirs["categories"]
    assert ours["_metrics"]["ImageNet-1K"] == theirs["_metrics"]["ImageNet-1K"]
    for key in ("num_params", "min_size", "_ops", "_file_size"):
        assert ours[key] == theirs[key]


def test_meta_is_new_each_time_so_that_nobody_can_spoil_it() -> None:
    Weights.ImageNet1K_V2.meta["categories"].clear()
    assert len(Weights.ImageNet1K_V2.meta["categories"]) == 1000


def test_a_checkpoint_may_bring_its_own_categories() -> None:
    from weights_registry import CategorySet

    own: Checkpoint = replace(V2, category_set=CategorySet("pets", ("cat", "dog")))
    assert own.categories == ("cat", "dog")
    assert own.labels.wordnet_id(0) is None
