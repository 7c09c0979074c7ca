"""One builder an architecture, for people who come from torchvision: `resnet50(weights="DEFAULT")`.

Unlike torchvision's, a builder returns the network in eval mode (float32, on the CPU), and `num_classes` may differ
from the weights': the head is then replaced, and a log line says so.
"""

from typing import TypeVar

from torch import nn

from weights_registry.errors import UnknownWeights
from weights_registry.families import (
    EfficientNet_Lite0_Weights,
    EfficientNet_Lite1_Weights,
    EfficientNet_Lite2_Weights,
    ResNet18_Weights,
    ResNet20_Grey_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
    Wide_ResNet50_2_Weights,
    Wide_ResNet101_2_Weights,
)
from weights_registry.inference.architectures import build
from weights_registry.weights_enum import WeightsEnum

__all__ = [
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "resnet18",
    "resnet20_grey",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]

Family = TypeVar("Family", bound=WeightsEnum)


def efficientnet_lite0(
    *, weights: EfficientNet_Lite0_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """EfficientNet-Lite0 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(EfficientNet_Lite0_Weights, weights, num_classes)


def efficientnet_lite1(
    *, weights: EfficientNet_Lite1_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """EfficientNet-Lite1 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(EfficientNet_Lite1_Weights, weights, num_classes)


def efficientnet_lite2(
    *, weights: EfficientNet_Lite2_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """EfficientNet-Lite2 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(EfficientNet_Lite2_Weights, weights, num_classes)


def resnet18(*, weights: ResNet18_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-18 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet18_Weights, weights, num_classes)


def resnet20_grey(*, weights: ResNet20_Grey_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-20 for grey pictures with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet20_Grey_Weights, weights, num_classes)


def resnet34(*, weights: ResNet34_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-34 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet34_Weights, weights, num_classes)


def resnet50(*, weights: ResNet50_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-50 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet50_Weights, weights, num_classes)


def resnet101(*, weights: ResNet101_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-101 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet101_Weights, weights, num_classes)


def resnet152(*, weights: ResNet152_Weights | str | None = None, num_classes: int | None = None) -> nn.Module:
    """ResNet-152 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNet152_Weights, weights, num_classes)


def resnext50_32x4d(
    *, weights: ResNeXt50_32X4D_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """ResNeXt-50 32x4d with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNeXt50_32X4D_Weights, weights, num_classes)


def resnext101_32x8d(
    *, weights: ResNeXt101_32X8D_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """ResNeXt-101 32x8d with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNeXt101_32X8D_Weights, weights, num_classes)


def resnext101_64x4d(
    *, weights: ResNeXt101_64X4D_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """ResNeXt-101 64x4d with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(ResNeXt101_64X4D_Weights, weights, num_classes)


def wide_resnet50_2(
    *, weights: Wide_ResNet50_2_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """Wide ResNet-50-2 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(Wide_ResNet50_2_Weights, weights, num_classes)


def wide_resnet101_2(
    *, weights: Wide_ResNet101_2_Weights | str | None = None, num_classes: int | None = None
) -> nn.Module:
    """Wide ResNet-101-2 with `weights` (a member or its name), or with random parameters if that is None."""
    return _build(Wide_ResNet101_2_Weights, weights, num_classes)


def _build(family: type[Family], weights: Family | str | None, num_classes: int | None) -> nn.Module:
    if weights is None:
        first = next(iter(family))
        return build(first.architecture, num_classes or len(first.labels)).eval()
    return _member(family, weights).load(num_classes=num_classes)


def _member(family: type[Family], weights: Family | str) -> Family:
    """The member of `family` that is meant; UnknownWeights if it is none of its members."""
    if isinstance(weights, family):
        return weights
    wanted = str(weights).casefold().removeprefix(f"{family.__name__}.".casefold())
    for name, member in family.__members__.items():
        if name.casefold() == wanted:
            return member
    raise UnknownWeights(f"`{weights}` is none of {family.__name__}'s: {', '.join(family.__members__)}")
