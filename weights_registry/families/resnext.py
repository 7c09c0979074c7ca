"""ResNeXt-50 and ResNeXt-101 as torchvision publishes them. Data, no logic.

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
class ResNeXt50_32X4D_Weights(WeightsEnum):
    """ResNeXt-50 32x4d, torchvision's `resnext50_32x4d`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNeXt50_32X4D_Weights.ImageNet1K_V1",
        description="ResNeXt-50 32x4d trained with the plain recipe of 100 epochs.",
        architecture="resnext50_32x4d",
        url="https://download.pytorch.org/models/resnext50_32x4d-7cdf4587.pth",
        sha256="7cdf4587",
        num_bytes=100_442_046,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=77.618, acc5=93.698),
            *published_by_timm(
                RESIZE_256,
                val=(77.632, 93.674),
                real=(83.989, 95.96),
                v2=(65.95, 86.03),
                a=(4.68, 29.84),
                r=(37.787, 54.143),
                sketch=(25.481, 42.819),
            ),
        ),
        recipe="resnext50_32x4d/v1",
        num_params=25_028_904,
        gmacs=4.23,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="ResNeXt50_32X4D_Weights.ImageNet1K_V2",
        description="ResNeXt-50 32x4d trained with torchvision's improved recipe.",
        architecture="resnext50_32x4d",
        url="https://download.pytorch.org/models/resnext50_32x4d-1a0047aa.pth",
        sha256="1a0047aa",
        num_bytes=100_488_184,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=81.198, acc5=95.34),
            first_published_by_torchvision(RESIZE_232, acc1=81.116, acc5=95.478),
            *published_by_timm(
                RESIZE_232,
                val=(81.19, 95.344),
                real=(86.276, 97.054),
                v2=(69.28, 88.41),
                a=(12.533, 42.853),
                r=(42.753, 57.563),
                sketch=(29.496, 47.246),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(79.384, 94.302),
                real=(84.775, 96.332),
                v2=(67.56, 86.72),
                a=(7.56, 33.667),
                r=(41.813, 56.577),
                sketch=(29.034, 46.824),
            ),
        ),
        recipe="resnext50_32x4d/v2",
        num_params=25_028_904,
        gmacs=4.23,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2


@final
class ResNeXt101_32X8D_Weights(WeightsEnum):
    """ResNeXt-101 32x8d, torchvision's `resnext101_32x8d`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNeXt101_32X8D_Weights.ImageNet1K_V1",
        description="ResNeXt-101 32x8d trained with the plain recipe of 100 epochs.",
        architecture="resnext101_32x8d",
        url="https://download.pytorch.org/models/resnext101_32x8d-8ba56ff5.pth",
        sha256="8ba56ff5",
        num_bytes=356_081_730,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=79.312, acc5=94.526),
            *published_by_timm(
                RESIZE_256,
                val=(79.308, 94.53),
                real=(85.217, 96.441),
                v2=(67.75, 87.35),
                a=(10.133, 37.733),
                r=(42.6, 58.37),
                sketch=(29.445, 48.492),
            ),
        ),
        recipe="resnext101_32x8d/v1",
        num_params=88_791_336,
        gmacs=16.414,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    ImageNet1K_V2 = Checkpoint(
        id="ResNeXt101_32X8D_Weights.ImageNet1K_V2",
        description="ResNeXt-101 32x8d trained with torchvision's improved recipe.",
        architecture="resnext101_32x8d",
        url="https://download.pytorch.org/models/resnext101_32x8d-110c445d.pth",
        sha256="110c445d",
        num_bytes=356_172_956,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=82.834, acc5=96.228),
            *published_by_timm(
                RESIZE_232,
                val=(82.832, 96.234),
                real=(87.311, 97.558),
                v2=(72.24, 90.16),
                a=(27.24, 59.347),
                r=(48.143, 62.703),
                sketch=(32.571, 50.154),
            ),
            *published_by_timm(
                RESIZE_201_CROP_176,
                val=(81.99, 95.716),
                real=(86.652, 97.203),
                v2=(71.29, 89.31),
                a=(19.44, 51.893),
                r=(47.92, 62.837),
                sketch=(33.255, 51.318),
            ),
        ),
        recipe="resnext101_32x8d/v2",
        num_params=88_791_336,
        gmacs=16.414,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V2


@final
class ResNeXt101_64X4D_Weights(WeightsEnum):
    """ResNeXt-101 64x4d, torchvision's `resnext101_64x4d`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNeXt101_64X4D_Weights.ImageNet1K_V1",
        description="ResNeXt-101 64x4d trained with torchvision's improved recipe, with repeated augmentation.",
        architecture="resnext101_64x4d",
        url="https://download.pytorch.org/models/resnext101_64x4d-173b62eb.pth",
        sha256="173b62eb",
        num_bytes=334_829_191,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_232,
        metrics=(
            published_by_torchvision(RESIZE_232, acc1=83.246, acc5=96.454),
            *published_by_timm(
                RESIZE_256,
                val=(82.978, 96.252),
                real=(87.717, 97.585),
                v2=(72.2, 90.61),
                a=(31.64, 63.747),
                r=(48.97, 63.533),
                sketch=(33.99, 52.516),
            ),
        ),
        recipe="resnext101_64x4d/v1",
        num_params=83_455_272,
        gmacs=15.46,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V1
