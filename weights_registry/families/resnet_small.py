"""ResNet-18 and ResNet-34 as torchvision publishes them. Data, no logic.

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
    RESIZE_256,
)
from weights_registry.weights_enum import WeightsEnum


@final
class ResNet18_Weights(WeightsEnum):
    """ResNet-18, torchvision's `resnet18`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNet18_Weights.ImageNet1K_V1",
        description="ResNet-18 trained with the plain recipe of 90 epochs.",
        architecture="resnet18",
        url="https://download.pytorch.org/models/resnet18-f37072fd.pth",
        sha256="f37072fd",
        num_bytes=46_830_453,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=69.758, acc5=89.078),
            *published_by_timm(
                RESIZE_256,
                val=(69.752, 89.082),
                real=(77.291, 92.76),
                v2=(57.35, 80.08),
                a=(1.12, 16.2),
                r=(33.023, 51.143),
                sketch=(20.238, 37.258),
            ),
        ),
        recipe="resnet18/v1",
        num_params=11_689_512,
        gmacs=1.814,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V1


@final
class ResNet34_Weights(WeightsEnum):
    """ResNet-34, torchvision's `resnet34`."""

    ImageNet1K_V1 = Checkpoint(
        id="ResNet34_Weights.ImageNet1K_V1",
        description="ResNet-34 trained with the plain recipe of 90 epochs.",
        architecture="resnet34",
        url="https://download.pytorch.org/models/resnet34-b627a593.pth",
        sha256="b627a593",
        num_bytes=87_320_166,
        num_bytes_tolerance=PUBLISHED_MIB_TOLERANCE,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256,
        metrics=(
            published_by_torchvision(RESIZE_256, acc1=73.314, acc5=91.42),
            *published_by_timm(
                RESIZE_256,
                val=(73.298, 91.422),
                real=(80.396, 94.408),
                v2=(61.21, 82.67),
                a=(1.84, 19.813),
                r=(36.14, 53.553),
                sketch=(23.494, 41.38),
            ),
        ),
        recipe="resnet34/v1",
        num_params=21_797_672,
        gmacs=3.664,
        min_size=(1, 1),
        code_licence="BSD-3-Clause",
        weights_licence="BSD-3-Clause",
        weights_licence_source=LICENCE_SOURCE,
        lineage=FROM_SCRATCH,
    )

    DEFAULT = ImageNet1K_V1
