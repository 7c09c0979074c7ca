"""How a published figure becomes a `Metrics`: who measured it, on what, fed how."""

from dataclasses import replace
from typing import Final

from weights_registry.checkpoint import Metrics
from weights_registry.evaluation_sets import (
    IMAGENET_1K,
    IMAGENET_A,
    IMAGENET_R,
    IMAGENET_REAL,
    IMAGENET_SKETCH,
    IMAGENET_V2,
    EvaluationSet,
)
from weights_registry.preprocessing import Preprocessing

Accuracies = tuple[float, float | None]  # acc@1, acc@5, in percent

TORCHVISION_MODELS: Final = "https://docs.pytorch.org/vision/stable/models.html"
ARTICLE: Final = "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/"
TIMM_RESULTS: Final = (
    "https://github.com/huggingface/pytorch-image-models/tree/aa4b5850c1543fa488abf260f18390eda46cf85d/results"
)

AMONG_200: Final = "ImageNet-A and -R hold 200 categories; the true one was ranked among those alone"


def published_by_torchvision(preprocessing: Preprocessing, *, acc1: float, acc5: float) -> Metrics:
    """What torchvision prints for the file it ships, on ImageNet-1K val."""
    return _published(IMAGENET_1K, (acc1, acc5), preprocessing, measured_by="torchvision", source=TORCHVISION_MODELS)


def first_published_by_torchvision(preprocessing: Preprocessing, *, acc1: float, acc5: float) -> Metrics:
    """What the article of November 2021 printed for V2, before the run whose file is shipped."""
    metrics = _published(IMAGENET_1K, (acc1, acc5), preprocessing, measured_by="torchvision", source=ARTICLE)
    return replace(metrics, of="earlier-run", note="the first V2 figure, of an earlier run than the shipped file's")


def published_by_timm(
    preprocessing: Preprocessing,
    *,
    val: Accuracies,
    real: Accuracies | None = None,
    v2: Accuracies | None = None,
    a: Accuracies | None = None,
    r: Accuracies | None = None,
    sketch: Accuracies | None = None,
) -> tuple[Metrics, ...]:
    """timm's independent evaluation of the file: (acc@1, acc@5) on each set it reports, ImageNet-1K val first."""
    found = (
        *((IMAGENET_1K, val), (IMAGENET_REAL, real), (IMAGENET_V2, v2)),
        *((IMAGENET_A, a), (IMAGENET_R, r), (IMAGENET_SKETCH, sketch)),
    )
    return tuple(
        replace(
            _published(where, accuracies, preprocessing, measured_by="timm", source=TIMM_RESULTS),
            ranked_among=where.ranked_among,
            note=AMONG_200 if where.ranked_among == "set" else "",
        )
        for where, accuracies in found
        if accuracies is not None
    )


def of_sibling_file(metrics: tuple[Metrics, ...], *, note: str) -> tuple[Metrics, ...]:
    """The same evaluations, marked as made on another file that should hold the same parameters."""
    return tuple(
        replace(metric, of="sibling-file", note=f"{note}; {metric.note}" if metric.note else note) for metric in metrics
    )


def _published(
    where: EvaluationSet, accuracies: Accuracies, preprocessing: Preprocessing, *, measured_by: str, source: str
) -> Metrics:
    acc1, acc5 = accuracies
    return Metrics(
        dataset=where.dataset,
        split=where.split,
        num_images=where.num_images,
        acc1=acc1,
        acc5=acc5,
        preprocessing=preprocessing,
        measured_by=measured_by,
        kind="published",
        source=source,
    )
