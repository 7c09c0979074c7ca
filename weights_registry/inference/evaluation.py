"""Accuracy of a classifier on a labelled folder, each picture counted once. Knows nothing of published figures."""

import csv
import math
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, TextIO

from weights_registry.errors import InvalidImage
from weights_registry.inference.classifier import Classifier
from weights_registry.inference.intervals import wilson_interval as wilson_interval
from weights_registry.inference.labelled_folder import LabelledFolder

NUM_BINS: Final = 15


@dataclass(slots=True)
class ClassCount:
    """Pictures of one category: how many, and in how many of them the truth came first or among the first five."""

    num_images: int = 0
    num_correct1: int = 0
    num_correct5: int = 0


class CalibrationBins:
    """Confidences in bins of equal width, each with how far they are off; takes no more memory for more pictures."""

    def __init__(self, num_bins: int = NUM_BINS) -> None:
        self.num_images = 0
        self._confidence = 0.0
        self._gaps = [0.0] * num_bins  # of each bin, the sum of (confidence - 1 if right else 0)

    def add(self, confidence: float, *, hit: bool) -> None:
        """Count one picture, classified with `confidence` (0 to 1), rightly or not."""
        self.num_images += 1
        self._confidence += confidence
        # A confidence of 1, or a rounding above it, belongs to the last bin.
        self._gaps[min(int(confidence * len(self._gaps)), len(self._gaps) - 1)] += confidence - hit

    @property
    def error(self) -> float:
        """The expected calibration error in percent. ZeroDivisionError without a picture."""
        return 100 * math.fsum(map(abs, self._gaps)) / self.num_images

    @property
    def mean_confidence(self) -> float:
        """In percent. ZeroDivisionError without a picture."""
        return 100 * self._confidence / self.num_images


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
    InvalidImage if not one picture could be read.
    """
    by_class: dict[int, ClassCount] = {index: ClassCount() for index in folder.classes.values()}
    bins = CalibrationBins()
    unreadable: list[InvalidImage] = []
    with closing(classifier.stream(path for path, _ in folder.samples)) as outcomes:
        for (_, truth), outcome in zip(folder.samples, outcomes, strict=True):
            if outcome.probabilities_K is None:
                assert outcome.error is not None  # an outcome has the one or the other
                unreadable.append(outcome.error)
            else:
                ranked = outcome.probabilities_K.topk(min(5, len(outcome.probabilities_K)))
                best = ranked.indices.tolist()
                _count(by_class[truth], best, truth)
                bins.add(float(ranked.values[0]), hit=best[0] == truth)
            on_progress()
    if not bins.num_images:
        reason = f"none of its {len(folder.samples):,} pictures could be read, such as {unreadable[0]}"
        raise InvalidImage(reason, source=str(folder.root))
    return Evaluation(by_class, bins.error, bins.mean_confidence, tuple(unreadable))


def expected_calibration_error(
    confidences: Iterable[float], hits: Iterable[bool], *, num_bins: int = NUM_BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by their size, in percent."""
    bins = CalibrationBins(num_bins)
    for confidence, hit in zip(confidences, hits, strict=True):
        bins.add(confidence, hit=hit)
    return bins.error


def write_per_class(evaluation: Evaluation, categories: tuple[str, ...], file: TextIO) -> None:
    """A CSV row a category: index, name, pictures, how many right, and as a share in percent (empty without picture).

    `file` is to be opened with `newline=""`.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["index", "category", "num_images", "num_correct1", "num_correct5", "acc1", "acc5"])
    for index, count in sorted(evaluation.by_class.items()):
        correct = (count.num_correct1, count.num_correct5)
        percents = [round(100 * each / count.num_images, 3) if count.num_images else "" for each in correct]
        writer.writerow([index, categories[index], count.num_images, *correct, *percents])


def _count(count: ClassCount, best: list[int], truth: int) -> None:
    count.num_images += 1
    count.num_correct1 += best[0] == truth
    count.num_correct5 += truth in best
