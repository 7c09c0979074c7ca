"""ResNet-20 for grey pictures, trained by this project on Fashion-MNIST. Data, no logic.

The files lie in `weights_registry/bundled/`; `cards/bundle_run.py` took them there from runs of `reproduce-weights`,
whose logs are in `cards/evidence/`.
"""

from typing import Final, final

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.preprocessing import Preprocessing
from weights_registry.weights_enum import WeightsEnum

WHOLE_PICTURE: Final = Preprocessing(resize_size=28, crop_size=28, mean=(0.286,), std=(0.353,))
TRAINED_ON: Final = (
    "60,000 training pictures of Fashion-MNIST, "
    "contents:c9471586015d65bcd36bd44575c3f83a8bfa8fd40cef404845336f3b15684d87"
)


def _measured_here(*, acc1: float, acc5: float) -> Metrics:
    """What the run found at its last epoch, which was not chosen by it."""
    return Metrics(
        dataset="Fashion-MNIST",
        split="test",
        acc1=acc1,
        acc5=acc5,
        num_images=10_000,
        preprocessing=WHOLE_PICTURE,
        measured_by="reproduce-weights",
        kind="measured",
        source="the log of the run that trained these weights",
        note="the last epoch",
    )


@final
class ResNet20_Grey_Weights(WeightsEnum):
    """ResNet-20 of the CIFAR kind for one channel, this project's `registry/resnet20-grey`."""

    FashionMNIST_V1 = Checkpoint(
        id="ResNet20_Grey_Weights.FashionMNIST_V1",
        description="ResNet-20 for grey pictures, trained on Fashion-MNIST with the baseline recipe.",
        architecture="registry/resnet20-grey",
        url="package://weights-registry/weights_registry/bundled/resnet20_grey_weights.fashionmnist_v1.safetensors",
        sha256="183edbca1fd255ed77608176cf9c79d8f4e94c6178f81b07e1783e01ea931d1a",
        num_bytes=1_108_288,
        category_set="fashion_mnist",
        preprocessing=WHOLE_PICTURE,
        metrics=(_measured_here(acc1=91.59, acc5=99.92),),
        recipe="registry/resnet20-grey/fashion-mnist-v1",
        num_params=272_186,
        gmacs=0.031021952,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights_licence_source="made by this project",
        lineage=(
            (
                "recipe registry/resnet20-grey/fashion-mnist-v1, digest "
                "e977b70186bbb4098ba39d41f788e2487a5c674a527e62dc34538e92a393b21c"
            ),
            "as the recipe was published",
            "weights after epoch 15 of 15, seed 0",
            TRAINED_ON,
            "batches of 1 x 128 x 1",
            "torch 2.15.0, torchvision 0.29.2, commit f2eb7edb11c65fdff4b2894babec661f75b48764",
            "run fingerprint a3a977f6bea229c13e01dc91aae954b9a6770ef2b50a8a46f312b55ce845171e",
        ),
    )
    FashionMNIST_V2 = Checkpoint(
        id="ResNet20_Grey_Weights.FashionMNIST_V2",
        description="ResNet-20 for grey pictures, trained on Fashion-MNIST with the improved recipe.",
        architecture="registry/resnet20-grey",
        url="package://weights-registry/weights_registry/bundled/resnet20_grey_weights.fashionmnist_v2.safetensors",
        sha256="ecce5aaf5d0abd247b7f408c93381811c120d56b34377e44f107fb09c2d72243",
        num_bytes=1_108_296,
        category_set="fashion_mnist",
        preprocessing=WHOLE_PICTURE,
        metrics=(_measured_here(acc1=94.27, acc5=99.94),),
        recipe="registry/resnet20-grey/fashion-mnist-v2",
        num_params=272_186,
        gmacs=0.031021952,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights_licence_source="made by this project",
        lineage=(
            (
                "recipe registry/resnet20-grey/fashion-mnist-v2, digest "
                "849d3826618889fd353ed0acda5a277074918bddd877877783d750b14c94e361"
            ),
            "as the recipe was published",
            "averaged weights after epoch 75 of 75, seed 0",
            TRAINED_ON,
            "batches of 1 x 128 x 1",
            "torch 2.15.0, torchvision 0.29.2, commit 4a07062dd12d1cb3133f76bde20defcc228fb4cd",
            "run fingerprint 5bf6bb4d5b2f92231f208f0521a41f42d302f3e6cdca0f09e951dd1cf7c6366e",
        ),
    )
    DEFAULT = FashionMNIST_V2
