"""ResNet-50, ResNet-101 and ResNet-152 as torchvision publishes them. Data, no logic.

Accuracies, sizes and digests: torchvision 0.29.2; independent evaluations: timm's results at commit aa4b585.
"""

from typing import final

from weights_registry.checkpoint import Checkpoint
from weights_registry.families._evidence import (
    first_published_by_torchvision,
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
class ResNet50_Weights(WeightsEnum):
    """ResNet-50, torchvision's `resnet50`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNet50_Weights.ImageNet1K_V1",
        description="ResNet-50 trained with the plain recipe of 90 epochs.",
        architecture="resnet50",
        url="https://download.pytorch.org/models/resnet50-0676ba61.pth",
        sha256="0676ba61",
        num_bytes=102_530_810,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=76.13, acc5=92.862),
            *published_by_timm(
                RESIZE_256,
                val=(76.156, 92.866),
                real=(82.969, 95.474),
                v2=(63.19, 84.64),
                r=(36.157, 52.87),
                sketch=(24.064, 41.329),
            ),
        ),
        recipe="resnet50/v1",
        num_params=25_557_032,
        gmacs=4.089,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="ResNet50_Weights.ImageNet1K_V2",
        description="ResNet-50 trained with torchvision's improved recipe, with repeated augmentation.",
        architecture="resnet50",
        url="https://download.pytorch.org/models/resnet50-11ad3fa6.pth",
        sha256="11ad3fa6",
        num_bytes=102_540_247,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=80.858, acc5=95.434),
            first_published_by_torchvision(RESIZE_232, acc1=80.674, acc5=95.166),
            *published_by_timm(
                RESIZE_232,
                val=(80.846, 95.43),
                real=(86.451, 97.15),
                v2=(69.51, 88.63),
                a=(14.387, 46.733),
                r=(42.84, 58.543),
                sketch=(29.869, 48.046),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(79.434, 94.64),
                real=(85.383, 96.558),
                v2=(68.03, 87.36),
                a=(9.32, 38.787),
                r=(42.43, 58.053),
                sketch=(29.684, 48.103),
            ),
        ),
        recipe="resnet50/v2",
        num_params=25_557_032,
        gmacs=4.089,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2


@final
class ResNet101_Weights(WeightsEnum):
    """ResNet-101, torchvision's `resnet101`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNet101_Weights.ImageNet1K_V1",
        description="ResNet-101 trained with the plain recipe of 90 epochs.",
        architecture="resnet101",
        url="https://download.pytorch.org/models/resnet101-63fe2227.pth",
        sha256="63fe2227",
        num_bytes=178_793_742,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=77.374, acc5=93.546),
            *published_by_timm(
                RESIZE_256,
                val=(77.404, 93.552),
                real=(83.863, 95.892),
                v2=(65.94, 86.02),
                a=(4.56, 29.013),
                r=(39.297, 55.857),
                sketch=(26.974, 45.24),
            ),
        ),
        recipe="resnet101/v1",
        num_params=44_549_160,
        gmacs=7.801,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="ResNet101_Weights.ImageNet1K_V2",
        description="ResNet-101 trained with torchvision's improved recipe.",
        architecture="resnet101",
        url="https://download.pytorch.org/models/resnet101-cd907fc2.pth",
        sha256="cd907fc2",
        num_bytes=178_813_665,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=81.886, acc5=95.78),
            first_published_by_torchvision(RESIZE_232, acc1=81.728, acc5=95.670),
            *published_by_timm(
                RESIZE_232,
                val=(81.906, 95.768),
                real=(86.929, 97.252),
                v2=(70.53, 89.35),
                a=(16.333, 48.333),
                r=(45.3, 60.043),
                sketch=(31.366, 49.578),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(79.908, 94.606),
                real=(85.415, 96.409),
                v2=(67.82, 87.35),
                a=(10.093, 37.253),
                r=(43.57, 57.807),
                sketch=(30.093, 48.091),
            ),
        ),
        recipe="resnet101/v2",
        num_params=44_549_160,
        gmacs=7.801,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2


@final
class ResNet152_Weights(WeightsEnum):
    """ResNet-152, torchvision's `resnet152`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNet152_Weights.ImageNet1K_V1",
        description="ResNet-152 trained with the plain recipe of 90 epochs.",
        architecture="resnet152",
        url="https://download.pytorch.org/models/resnet152-394f9c45.pth",
        sha256="394f9c45",
        num_bytes=241_627_562,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=78.312, acc5=94.046),
            *published_by_timm(
                RESIZE_256,
                val=(78.33, 94.046),
                real=(84.815, 96.219),
                v2=(67.04, 87.46),
                a=(6.053, 31.467),
                r=(41.34, 57.593),
                sketch=(28.55, 47.146),
            ),
        ),
        recipe="resnet152/v1",
        num_params=60_192_808,
        gmacs=11.514,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="ResNet152_Weights.ImageNet1K_V2",
        description="ResNet-152 trained with torchvision's improved recipe.",
        architecture="resnet152",
        url="https://download.pytorch.org/models/resnet152-f82ba261.pth",
        sha256="f82ba261",
        num_bytes=241_669_505,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=82.284, acc5=96.002),
            first_published_by_torchvision(RESIZE_232, acc1=82.042, acc5=95.926),
            *published_by_timm(
                RESIZE_232,
                val=(82.294, 96),
                real=(87.194, 97.41),
                v2=(71.58, 89.88),
                a=(20.453, 52.427),
                r=(46.777, 61.003),
                sketch=(33.634, 51.656),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(80.222, 94.65),
                real=(85.484, 96.496),
                v2=(68.52, 87.72),
                a=(11.347, 38.053),
                r=(43.757, 57.643),
                sketch=(31.176, 48.737),
            ),
        ),
        recipe="resnet152/v2",
        num_params=60_192_808,
        gmacs=11.514,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2
