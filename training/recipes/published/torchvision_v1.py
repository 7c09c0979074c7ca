"""torchvision's plain recipe, as it trained the `ImageNet1K_V1` weights. Data, no logic.

Source: the README and the defaults of torchvision's references/classification; Wide ResNet: pytorch/vision#912.
"""

from dataclasses import replace
from typing import Final

from training.recipes.published._evidence import by_torchvision
from training.recipes.recipe import Recipe
from weights_registry.preprocessing import Preprocessing

RESIZE_256: Final = Preprocessing(resize_size=256, crop_size=224)

RESNET50_V1: Final = Recipe(
    id="resnet50/v1",
    architecture="resnet50",
    epochs=90,
    num_gpus=8,
    batch_size_per_gpu=32,
    optimizer="sgd",
    lr=0.1,
    momentum=0.9,
    weight_decay=1e-4,
    lr_schedule="step",
    lr_step_epochs=30,
    lr_gamma=0.1,
    train_crop_size=224,
    inference=RESIZE_256,
    published=by_torchvision(RESIZE_256, 76.130, 92.862),
    notes=("Users who ran the command again report 75.4 to 75.9 (pytorch/vision#5593).",),
)

RESNET18_V1: Final = replace(
    RESNET50_V1,
    id="resnet18/v1",
    architecture="resnet18",
    published=by_torchvision(RESIZE_256, 69.758, 89.078),
    notes=(),
)
RESNET34_V1: Final = replace(
    RESNET18_V1,
    id="resnet34/v1",
    architecture="resnet34",
    published=by_torchvision(RESIZE_256, 73.314, 91.420),
)
RESNET101_V1: Final = replace(
    RESNET18_V1,
    id="resnet101/v1",
    architecture="resnet101",
    published=by_torchvision(RESIZE_256, 77.374, 93.546),
)
RESNET152_V1: Final = replace(
    RESNET18_V1,
    id="resnet152/v1",
    architecture="resnet152",
    published=by_torchvision(RESIZE_256, 78.312, 94.046),
)

RESNEXT50_32X4D_V1: Final = replace(
    RESNET18_V1,
    id="resnext50_32x4d/v1",
    architecture="resnext50_32x4d",
    epochs=100,
    published=by_torchvision(RESIZE_256, 77.618, 93.698),
)
RESNEXT101_32X8D_V1: Final = replace(
    RESNEXT50_32X4D_V1,
    id="resnext101_32x8d/v1",
    architecture="resnext101_32x8d",
    num_gpus=64,
    batch_size_per_gpu=16,
    lr=0.4,
    published=by_torchvision(RESIZE_256, 79.312, 94.526),
    notes=(
        "8 machines of 8 GPUs.",
        "The README once left out batch 16 and lr 0.4; who followed it got 75 to 76 (pytorch/vision#4238, #4390).",
    ),
)

WIDE_RESNET50_2_V1: Final = replace(
    RESNET18_V1,
    id="wide_resnet50_2/v1",
    architecture="wide_resnet50_2",
    epochs=256,
    amp="float16",
    lr_schedule="cosine",
    lr_step_epochs=None,
    lr_gamma=None,
    published=by_torchvision(RESIZE_256, 78.468, 94.086),
    assumed=("num_gpus", "batch_size_per_gpu", "lr", "momentum", "weight_decay", "lr_min", "lr_schedule"),
    notes=(
        "Contributed from outside torchvision; pytorch/vision#912 names what differs from its standard training.",
        "That is: a cosine with warm restarts for 256 epochs, and float16 with batch norm in float32 (apex O2).",
        "When the restarts came is not said there: this recipe runs one cosine over all epochs, without a restart.",
        "GPUs, batch, rate, momentum and decay are not named there: they are those of the other V1 recipes.",
    ),
)
WIDE_RESNET101_2_V1: Final = replace(
    WIDE_RESNET50_2_V1,
    id="wide_resnet101_2/v1",
    architecture="wide_resnet101_2",
    published=by_torchvision(RESIZE_256, 78.848, 94.284),
)

TORCHVISION_V1: Final = (
    RESNET18_V1,
    RESNET34_V1,
    RESNET50_V1,
    RESNET101_V1,
    RESNET152_V1,
    RESNEXT50_32X4D_V1,
    RESNEXT101_32X8D_V1,
    WIDE_RESNET50_2_V1,
    WIDE_RESNET101_2_V1,
)
