"""Train size against test size: networks trained at several sizes, each tested at several.

Things look larger in random resized crops than in the central crop of a test, so a network may test best above the size
it was trained at. Source: H. Touvron and others, Fixing the train-test resolution discrepancy,
https://arxiv.org/abs/1906.06423. Pure computation on outcomes; knows neither networks nor files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.studies.outcomes import Outcomes, percent
from weights_registry.inference.paired import PairedDifference, paired_difference
from weights_registry.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class FixResRow:
    """One checkpoint: its accuracies in percent at each test size, the best size, and what that gains over its own.

    `train_size` is None where it is not known. `as_good` are the sizes, the best among them, that these pictures do not
    tell from the best (the 95 % interval of the paired difference holds 0). `gain` is None if the own size is the best;
    else the best was chosen on the very pictures that it is of, so the true gain is somewhat less.
    """

    checkpoint: str
    train_size: int | None
    own_size: int
    num_images: int
    acc1: tuple[float, ...]
    acc5: tuple[float, ...]
    best_size: int
    as_good: tuple[int, ...]
    gain: PairedDifference | None

    @property
    def name(self) -> str:
        """What to call it in a table or chart."""
        return self.checkpoint if self.train_size is None else f"{self.checkpoint}, trained at {self.train_size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FixResStudy:
    """A row a checkpoint, a column a test size (the side of the crop, in pixels)."""

    test_sizes: tuple[int, ...]
    rows: tuple[FixResRow, ...]


def default_test_sizes(own_sizes: Sequence[int]) -> tuple[int, ...]:
    """From 5/7 of the smallest own size to 10/7 of the largest by 1/14, and the own sizes: 160 to 320 by 16 for 224."""
    step = max(1, round(min(own_sizes) / 14))
    low, high = min(own_sizes) - 4 * step, max(own_sizes) + 6 * step
    return tuple(sorted({*range(low, high + 1, step), *own_sizes}))


def fed_at(preprocessing: Preprocessing, test_size: int) -> Preprocessing:
    """The preprocessing with crops of `test_size`, resized in proportion: the same part of a picture is seen."""
    resize_size = round(preprocessing.resize_size * test_size / preprocessing.crop_size)
    return replace(preprocessing, crop_size=test_size, resize_size=resize_size)


def compare_sizes(
    checkpoint: str, test_sizes: Sequence[int], outcomes: Outcomes, *, own_size: int, train_size: int | None
) -> FixResRow:
    """The row of one checkpoint, from outcomes of which way 0, 1, ... is `test_sizes[0]`, `test_sizes[1]`, ...

    Of sizes that are right equally often the nearest to `own_size` is the best, of those the smaller.
    Raises ValueError if `own_size` is not among the sizes.
    """
    if own_size not in test_sizes:
        raise ValueError(f"`test_sizes` must hold `own_size`, {own_size}, not {list(test_sizes)}")
    hits = [outcomes.hits(way) for way in range(len(test_sizes))]
    right = [int(each.sum()) for each in hits]
    ways = range(len(test_sizes))
    own = test_sizes.index(own_size)
    best = min(ways, key=lambda way: (-right[way], abs(test_sizes[way] - own_size), test_sizes[way]))
    return FixResRow(
        checkpoint=checkpoint,
        train_size=train_size,
        own_size=own_size,
        num_images=len(outcomes.labels_N),
        acc1=tuple(percent(each) for each in hits),
        acc5=tuple(percent(outcomes.hits(way, among=5)) for way in ways),
        best_size=test_sizes[best],
        as_good=tuple(test_sizes[way] for way in ways if paired_difference(hits[best], hits[way]).low <= 0),
        gain=None if best == own else paired_difference(hits[best], hits[own]),
    )
