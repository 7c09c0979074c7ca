"""Builders for people who come from torchvision."""

import inspect
from typing import Any

import pytest
import torch

from weights_registry import UnknownWeights, WeightsEnum
from weights_registry.families import BUNDLED, EfficientNet_Lite0_Weights, ResNet18_Weights
from weights_registry.inference import builders
from weights_registry.inference.builders import efficientnet_lite0, resnet18, resnet50


def name_of(family: type[WeightsEnum]) -> str:
    return next(iter(family)).architecture.removeprefix("timm/tf_").removeprefix("registry/").replace("-", "_")


def test_every_bundled_family_has_a_builder_of_its_architectures_name() -> None:
    assert set(builders.__all__) == set(map(name_of, BUNDLED))


@pytest.mark.parametrize("name", builders.__all__)
def test_a_builder_takes_its_own_familys_weights(name: str) -> None:
    annotation = inspect.get_annotations(getattr(builders, name), eval_str=True)["weights"]
    family = next(part for part in annotation.__args__ if part in BUNDLED)
    assert name_of(family) == name


def test_without_weights_the_parameters_are_random_and_eval_mode_is_on() -> None:
    model = resnet18()
    assert not model.training
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
    assert resnet18(num_classes=5)(torch.zeros(1, 3, 64, 64)).shape == (1, 5)


@pytest.mark.parametrize(
    "weights",
    [EfficientNet_Lite0_Weights.DEFAULT, "DEFAULT", "IMAGENET1K_V1", "EfficientNet_Lite0_Weights.ImageNet1K_V1"],
)
def test_weights_are_given_as_a_member_or_by_name(weights: Any) -> None:
    loaded = efficientnet_lite0(weights=weights).state_dict()
    expected = EfficientNet_Lite0_Weights.DEFAULT.load().state_dict()
    assert all(torch.equal(loaded[key], expected[key]) for key in expected)


def test_a_new_head_may_be_asked_for_in_the_same_breath() -> None:
    assert efficientnet_lite0(weights="DEFAULT", num_classes=10)(torch.zeros(1, 3, 64, 64)).shape == (1, 10)


@pytest.mark.parametrize("weights", [ResNet18_Weights.DEFAULT, "ImageNet1K_V3", "ResNet18_Weights.ImageNet1K_V1"])
def test_weights_of_another_family_are_refused(weights: Any) -> None:
    with pytest.raises(UnknownWeights, match="ResNet50_Weights"):
        resnet50(weights=weights)
