"""Accuracy of a classifier on a labelled folder, each picture counted once. Knows nothing of published figures."""

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist
from typing import Final

import torch

from weights_registry.errors import InvalidImage
from weights_registry.inference.classifier import Classifier
from weights_registry.inference.labelled_folder import LabelledFolder

NUM_BINS: Final = 15
CONFIDENCE: Final = 0.95


@dataclass(slots=True)
class ClassCount:
    """Pictures of one category: how many, and in how many of them the truth came first or among the first five."""

    num_images: int = 0
    num_correct1: int = 0
    num_correct5: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome: all accuracies in percent.

    `unreadable` holds the pictures that could not be read; they are in no figure. `calibration_error` is the expected
    calibration error in percent, over 15 bins of equal width (https://arxiv.org/abs/1706.04599).
    """

    by_class: dict[int, ClassCount]
    calibration_error: float
    mean_confidence: float
    unreadable: tuple[InvalidImage, ...] = field(default=())

    @property
    def num_images(self) -> int:
        """How many pictures were classified."""
        return sum(count.num_images for count in self.by_class.values())

    @property
    def acc1(self) -> float:
        """Share of pictures whose likeliest category is the true one, in percent."""
        return 100 * self._num_correct1 / self.num_images

    @property
    def acc5(self) -> float:
        """Share of pictures whose true category is among the five likeliest, in percent."""
        return 100 * self._num_correct5 / self.num_images

    @property
    def interval1(self) -> tuple[float, float]:
        """95 % interval of `acc1`, in percent."""
        return wilson_interval(self._num_correct1, self.num_images)

    @property
    def interval5(self) -> tuple[float, float]:
        """95 % interval of `acc5`, in percent."""
        return wilson_interval(self._num_correct5, self.num_images)

    @property
    def _num_correct1(self) -> int:
        return sum(count.num_correct1 for count in self.by_class.values())

    @property
    def _num_correct5(self) -> int:
        return sum(count.num_correct5 for count in self.by_class.values())


def evaluate(
    classifier: Classifier, folder: LabelledFolder, *, on_progress: Callable[[], None] = lambda: None
) -> Evaluation:
    """How often `classifier` is right on `folder`. `on_progress` is called after each picture.

    Categories are ranked among all of the checkpoint's, also where the folder holds only some of them. Raises
    ValueError if not one picture could be read.
    """
    by_class: dict[int, ClassCount] = {index: ClassCount() for index in folder.classes.values()}
    confidences: list[float] = []
    hits: list[bool] = []
    unreadable: list[InvalidImage] = []
    outcomes = classifier.stream(path for path, _ in folder.samples)
    for (_, truth), outcome in zip(folder.samples, outcomes, strict=True):
        if outcome.probabilities_K is None:
            assert outcome.error is not None  # an outcome has the one or the other
            unreadable.append(outcome.error)
        else:
            ranked = outcome.probabilities_K.topk(min(5, len(outcome.probabilities_K)))
            best = ranked.indices.tolist()
            _count(by_class[truth], best, truth)
            confidences.append(float(ranked.values[0]))
            hits.append(best[0] == truth)
        on_progress()
    if not hits:
        raise ValueError(f"none of the {len(folder.samples)} pictures in `{folder.root}` could be read")
    error = expected_calibration_error(confidences, hits)
    return Evaluation(by_class, error, 100 * math.fsum(confidences) / len(confidences), tuple(unreadable))


def wilson_interval(num_correct: int, num_images: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a share, in percent: sound for few pictures and for shares near 0 and 100.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927), 209-212.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = num_correct / num_images
    centre = share + z * z / (2 * num_images)
    spread = z * math.sqrt(share * (1 - share) / num_images + z * z / (4 * num_images**2))
    scale = 1 + z * z / num_images
    return max(0.0, 100 * (centre - spread) / scale), min(100.0, 100 * (centre + spread) / scale)


def expected_calibration_error(
    confidences: Iterable[float], hits: Iterable[bool], *, num_bins: int = NUM_BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by their size, in percent."""
    confidence_N = torch.tensor(list(confidences), dtype=torch.float64)
    hit_N = torch.tensor(list(hits), dtype=torch.float64)
    bin_N = (confidence_N * num_bins).long().clamp(0, num_bins - 1)
    gaps = torch.zeros(num_bins, dtype=torch.float64).index_add(0, bin_N, confidence_N - hit_N)
    return float(100 * gaps.abs().sum() / len(confidence_N))


def write_per_class(evaluation: Evaluation, categories: tuple[str, ...], path: Path) -> None:
    """One CSV row a category: index, name, pictures, acc@1 and acc@5 in percent (empty where there is no picture)."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["index", "category", "num_images", "acc1", "acc5"])
        for index, count in sorted(evaluation.by_class.items()):
            shares = (count.num_correct1, count.num_correct5)
            percents = [round(100 * each / count.num_images, 3) if count.num_images else "" for each in shares]
            writer.writerow([index, categories[index], count.num_images, *percents])


def _count(count: ClassCount, best: list[int], truth: int) -> None:
    count.num_images += 1
    count.num_correct1 += best[0] == truth
    count.num_correct5 += truth in best
