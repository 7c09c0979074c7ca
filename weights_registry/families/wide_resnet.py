"""Wide ResNet-50-2 and 101-2 as torchvision publishes them. Data, no logic.

Accuracies, sizes and digests: torchvision 0.29.2; independent evaluations: timm's results at commit aa4b585.
"""

from typing import final

from weights_registry.checkpoint import Checkpoint
from weights_registry.families._evidence import (
    published_by_timm,
    published_by_torchvision,
)
from weights_registry.families._torchvision import (
    FROM_SCRATCH,
    LICENCE_SOURCE,
    PUBLISHED_MIB_TOLERANCE,
    RESIZE_201_CROP_176,
    RESIZE_232,
    RESIZE_256,
)
from weights_registry.weights_enum import WeightsEnum


@final
class Wide_ResNet50_2_Weights(WeightsEnum):
    """Wide ResNet-50-2, torchvision's `wide_resnet50_2`."""

    ImageNet1K_V1 = Checkpoint(
        id="Wide_ResNet50_2_Weights.ImageNet1K_V1",
        description="Wide ResNet-50-2 contributed to torchvision: 256 epochs, cosine with restarts, float16.",
        architecture="wide_resnet50_2",
        url="https://download.pytorch.org/models/wide_resnet50_2-95faca4d.pth",
        sha256="95faca4d",
        num_bytes=138_223_288,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=78.468, acc5=94.086),
            *published_by_timm(
                RESIZE_256,
                val=(78.486, 94.084),
                real=(84.414, 96.249),
                v2=(66.38, 86.75),
                a=(5.88, 31.867),
                r=(38.667, 54.613),
                sketch=(25.34, 42.188),
            ),
        ),
        recipe="wide_resnet50_2/v1",
        num_params=68_883_240,
        gmacs=11.398,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="Wide_ResNet50_2_Weights.ImageNet1K_V2",
        description="Wide ResNet-50-2 trained with torchvision's improved recipe.",
        architecture="wide_resnet50_2",
        url="https://download.pytorch.org/models/wide_resnet50_2-9ba9bcbe.pth",
        sha256="9ba9bcbe",
        num_bytes=275_905_511,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=81.602, acc5=95.758),
            *published_by_timm(
                RESIZE_232,
                val=(81.612, 95.766),
                real=(86.568, 97.25),
                v2=(70.84, 89.17),
                a=(18.133, 52.267),
                r=(43.82, 59.657),
                sketch=(30.15, 48.358),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(80.442, 95.076),
                real=(85.644, 96.834),
                v2=(69.13, 88.07),
                a=(12.427, 43.467),
                r=(44.017, 59.673),
                sketch=(30.726, 48.889),
            ),
        ),
        recipe="wide_resnet50_2/v2",
        num_params=68_883_240,
        gmacs=11.398,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2


@final
class Wide_ResNet101_2_Weights(WeightsEnum):
    """Wide ResNet-101-2, torchvision's `wide_resnet101_2`."""

    ImageNet1K_V1 = Checkpoint(
        id="Wide_ResNet101_2_Weights.ImageNet1K_V1",
        description="Wide ResNet-101-2 contributed to torchvision: 256 epochs, cosine with restarts, float16.",
        architecture="wide_resnet101_2",
        url="https://download.pytorch.org/models/wide_resnet101_2-32ee1156.pth",
        sha256="32ee1156",
        num_bytes=254_694_916,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=78.848, acc5=94.284),
            *published_by_timm(
                RESIZE_256,
                val=(78.862, 94.312),
                real=(84.561, 96.347),
                v2=(66.55, 86.97),
                a=(7.307, 33.72),
                r=(40.51, 55.987),
                sketch=(28.142, 46.56),
            ),
        ),
        recipe="wide_resnet101_2/v1",
        num_params=126_886_696,
        gmacs=22.753,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="Wide_ResNet101_2_Weights.ImageNet1K_V2",
        description="Wide ResNet-101-2 trained with torchvision's improved recipe.",
        architecture="wide_resnet101_2",
        url="https://download.pytorch.org/models/wide_resnet101_2-d733dc28.pth",
        sha256="d733dc28",
        num_bytes=508_294_070,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=82.51, acc5=96.02),
            *published_by_timm(
                RESIZE_232,
                val=(82.514, 96.012),
                real=(87.328, 97.397),
                v2=(71.32, 89.74),
                a=(22.013, 54.627),
                r=(47.247, 61.967),
                sketch=(33.278, 51.443),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(80.494, 94.978),
                real=(85.541, 96.569),
                v2=(68.75, 87.6),
                a=(13.453, 40.893),
                r=(45.53, 59.58),
                sketch=(31.909, 49.527),
            ),
        ),
        recipe="wide_resnet101_2/v2",
        num_params=126_886_696,
        gmacs=22.753,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2
