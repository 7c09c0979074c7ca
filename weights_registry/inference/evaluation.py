"""Accuracy of a classifier on labelled pictures, each counted once. Knows nothing of published figures."""

import csv
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TextIO

from weights_registry.errors import InvalidImage
from weights_registry.inference.answers import Answer, Labelled, answers
from weights_registry.inference.calibration import ReliabilityBins
from weights_registry.inference.classifier import Classifier
from weights_registry.inference.intervals import wilson_interval as wilson_interval


@dataclass(slots=True)
class ClassCount:
    """Pictures: how many, and in how many of them a true category came first or among the first five."""

    num_images: int = 0
    num_correct1: int = 0
    num_correct5: int = 0

    def add(self, answer: Answer) -> None:
        """Count one picture that was classified."""
        self.num_images += 1
        self.num_correct1 += answer.hit1
        self.num_correct5 += answer.hit5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcome: all accuracies in percent.

    `by_class` counts the pictures of each category by its index; a picture with several true categories counts in
    each. `reliability` holds the confidences. `unreadable` are the pictures that could not be read; they are in no
    figure.
    """

    total: ClassCount
    by_class: dict[int, ClassCount]
    reliability: ReliabilityBins
    unreadable: tuple[InvalidImage, ...] = field(default=())

    @property
    def num_images(self) -> int:
        """How many pictures were classified."""
        return self.total.num_images

    @property
    def acc1(self) -> float:
        """Share of pictures whose likeliest category is a true one, in percent."""
        return 100 * self.total.num_correct1 / self.num_images

    @property
    def acc5(self) -> float:
        """Share of pictures with a true category among the five likeliest, in percent."""
        return 100 * self.total.num_correct5 / self.num_images

    @property
    def interval1(self) -> tuple[float, float]:
        """95 % interval of `acc1`, in percent."""
        return wilson_interval(self.total.num_correct1, self.num_images)

    @property
    def interval5(self) -> tuple[float, float]:
        """95 % interval of `acc5`, in percent."""
        return wilson_interval(self.total.num_correct5, self.num_images)

    @property
    def calibration_error(self) -> float:
        """The expected calibration error in percent, over 15 bins of equal width."""
        return self.reliability.error

    @property
    def mean_confidence(self) -> float:
        """Mean probability of the likeliest category, in percent."""
        return self.reliability.mean_confidence


def evaluate(
    classifier: Classifier,
    samples: Iterable[Labelled],
    *,
    among: Sequence[int] | None = None,
    source: str = "data",
    on_answer: Callable[[Answer], object] = lambda answer: None,
) -> Evaluation:
    """How often `classifier` is right on `samples`. `on_answer` is called with the answer to each, in order.

    Categories are ranked among all of the checkpoint's, also where the samples hold only some of them, unless `among`
    lists the indices of those to rank. Raises InvalidImage, which calls the data `source`, if not one picture could be
    read.
    """
    total, by_class, bins = ClassCount(), dict[int, ClassCount](), ReliabilityBins()
    unreadable: list[InvalidImage] = []
    with closing(answers(classifier, samples, among=among)) as given:
        for answer in given:
            counts = [by_class.setdefault(truth, ClassCount()) for truth in answer.truths]
            if answer.error is not None:
                unreadable.append(answer.error)
            else:
                for count in (total, *counts):
                    count.add(answer)
                bins.add(answer.probabilities[0], hit=answer.hit1)
            on_answer(answer)
    if not total.num_images:
        such = f", such as {unreadable[0]}" if unreadable else ""
        raise InvalidImage(f"none of its {len(unreadable):,} pictures could be read{such}", source=source)
    return Evaluation(total, by_class, bins, tuple(unreadable))


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
