"""How a published figure becomes a `Metrics`: the evaluation sets and the people who measured on them."""

from dataclasses import dataclass, replace
from typing import Final

from weights_registry.checkpoint import Metrics
from weights_registry.preprocessing import Preprocessing

Accuracies = tuple[float, float | None]  # acc@1, acc@5, in percent

TORCHVISION_MODELS: Final = "https://docs.pytorch.org/vision/stable/models.html"
ARTICLE: Final = "https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/"
TIMM_RESULTS: Final = (
    "https://github.com/huggingface/pytorch-image-models/tree/aa4b5850c1543fa488abf260f18390eda46cf85d/results"
)

# timm's validate.py with `--valid-labels`, as its results for these two sets are made.
AMONG_200: Final = "ImageNet-A and -R hold 200 categories; the true one was ranked among those alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """A labelled set that accuracies are measured on. `num_images` counts the pictures that carry a label."""

    dataset: str
    split: str
    num_images: int


IMAGENET_1K = EvaluationSet(dataset="ImageNet-1K", split="val", num_images=50_000)
# 3,163 of the 50,000 validation pictures were left without a label: https://arxiv.org/abs/2006.07159
REAL = EvaluationSet(dataset="ImageNet-ReaL", split="val", num_images=46_837)
V2 = EvaluationSet(dataset="ImageNet-V2", split="matched-frequency", num_images=10_000)
A = EvaluationSet(dataset="ImageNet-A", split="test", num_images=7_500)
R = EvaluationSet(dataset="ImageNet-R", split="test", num_images=30_000)
SKETCH = EvaluationSet(dataset="ImageNet-Sketch", split="test", num_images=50_889)


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
    found = ((IMAGENET_1K, val), (REAL, real), (V2, v2), (A, a), (R, r), (SKETCH, sketch))
    return tuple(
        replace(
            _published(where, accuracies, preprocessing, measured_by="timm", source=TIMM_RESULTS),
            note=AMONG_200 if where in (A, R) else "",
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
