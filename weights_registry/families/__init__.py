"""The families this package ships: one enum an architecture. A new family is one file here and one line below."""

from weights_registry.families.cifar_resnet import ResNet20_Grey_Weights
from weights_registry.families.efficientnet_lite import (
    EfficientNet_Lite0_Weights,
    EfficientNet_Lite1_Weights,
    EfficientNet_Lite2_Weights,
)
from weights_registry.families.resnet import ResNet50_Weights, ResNet101_Weights, ResNet152_Weights
from weights_registry.families.resnet_small import ResNet18_Weights, ResNet34_Weights
from weights_registry.families.resnext import (
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
)
from weights_registry.families.wide_resnet import Wide_ResNet50_2_Weights, Wide_ResNet101_2_Weights
from weights_registry.weights_enum import WeightsEnum

__all__ = [
    "BUNDLED",
    "EfficientNet_Lite0_Weights",
    "EfficientNet_Lite1_Weights",
    "EfficientNet_Lite2_Weights",
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "ResNet18_Weights",
    "ResNet20_Grey_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
]

BUNDLED: tuple[type[WeightsEnum], ...] = (
    ResNet18_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
    Wide_ResNet50_2_Weights,
    Wide_ResNet101_2_Weights,
    EfficientNet_Lite0_Weights,
    EfficientNet_Lite1_Weights,
    EfficientNet_Lite2_Weights,
    ResNet20_Grey_Weights,
)
