"""How a published accuracy becomes a `Metrics`. Knows no recipe."""

from typing import Final

from weights_registry.checkpoint import Metrics
from weights_registry.preprocessing import Preprocessing

ARTICLE: Final = "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/"
TORCHVISION_MODELS: Final = "https://docs.pytorch.org/vision/stable/models.html"
TIMM_RESULTS: Final = (
    "https://github.com/huggingface/pytorch-image-models/tree/aa4b5850c1543fa488abf260f18390eda46cf85d/results"
)


def on_imagenet(
    preprocessing: Preprocessing, acc1: float, acc5: float, *, measured_by: str, source: str, note: str = ""
) -> Metrics:
    """Accuracies in percent on the 50,000 pictures of ImageNet-1K val."""
    return Metrics(
        dataset="ImageNet-1K",
        split="val",
        acc1=acc1,
        acc5=acc5,
        num_images=50_000,
        preprocessing=preprocessing,
        measured_by=measured_by,
        kind="published",
        source=source,
        note=note,
    )


def by_torchvision(preprocessing: Preprocessing, acc1: float, acc5: float, note: str = "") -> tuple[Metrics, ...]:
    """What torchvision prints for the file it ships."""
    return (on_imagenet(preprocessing, acc1, acc5, measured_by="torchvision", source=TORCHVISION_MODELS, note=note),)
