"""What each ingredient adds, measured: the rungs of a ladder over seeds, beside what was published for theirs.

Pure computation on the results of runs; knows neither how they are trained nor where they are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from statistics import fmean, stdev

from training.errors import UnknownRecipe
from training.recipes.published.ladder import FIGURES_ARE_OF, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What one seed of a rung came to, in percent."""

    seed: int
    acc1: float
    acc5: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A rung, the id of the recipe that ran for it (as changed and fitted to the hardware), what each seed came to."""

    rung: Rung
    recipe: str
    reached: tuple[Reached, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung: accuracies by seed in percent, their means and standard deviations, and its gains in points.

    `incremental` is the gain over the rung before and `absolute` that over the first, of the means; None where that
    rung was not measured. `error` is the standard error of `incremental`, None for a single seed; taken seed by seed
    where the rung retrains nothing, as its weights are those of the rung before. The published figures are of another
    data set.
    """

    number: int
    name: str
    recipe: str
    retrains: bool
    reached: tuple[Reached, ...]
    acc1: float
    spread: float | None
    acc5: float
    spread5: float | None
    incremental: float | None
    error: float | None
    absolute: float | None
    published_acc1: float
    published_acc5: float
    published_incremental: float
    published_absolute: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStudy:
    """The rungs that were measured, on which data, over which seeds.

    `changed` says what is otherwise in the recipe of every rung, such as `epochs x 0.2, lr=0.1`; empty if nothing is.
    """

    ladder: str
    data: str
    split: str
    num_images: int
    seeds: tuple[int, ...]
    changed: str
    published: str
    steps: tuple[Step, ...]


def select_rungs(ladder: Sequence[Rung], pattern: str | None) -> list[Rung]:
    """The rungs whose id, recipe or name fits the shell pattern, in their order; all of them for None.

    Letter case does not matter. Raises UnknownRecipe if none fits.
    """
    if pattern is None:
        return list(ladder)
    wanted = pattern.strip().casefold()
    found = [
        rung
        for rung in ladder
        if any(fnmatchcase(name.casefold(), wanted) for name in (rung.id, rung.recipe.id, rung.name))
    ]
    if not found:
        raise UnknownRecipe(f"no rung is called like `{pattern}`; there are {', '.join(rung.id for rung in ladder)}")
    return found


def trained_rung(rung: Rung) -> Rung:
    """The rung whose weights this one evaluates: itself, or the last before it that is trained."""
    while not rung.retrains and rung.before is not None:
        rung = rung.before
    return rung


def climb(
    measured: Sequence[Measured], *, ladder: str, data: str, split: str, num_images: int, changed: str = ""
) -> LadderStudy:
    """The study, from what the seeds of each rung came to; the same seeds for every rung."""
    steps: dict[int, Step] = {}
    for each in measured:
        rung, reached = each.rung, each.reached
        acc1, acc5 = [one.acc1 for one in reached], [one.acc5 for one in reached]
        first, before = steps.get(1), steps.get(rung.number - 1)
        steps[rung.number] = Step(
            number=rung.number,
            name=rung.name,
            recipe=each.recipe,
            retrains=rung.retrains,
            reached=reached,
            acc1=fmean(acc1),
            spread=_spread(acc1),
            acc5=fmean(acc5),
            spread5=_spread(acc5),
            incremental=_gain(rung, acc1, before),
            error=None if before is None else _error(before, acc1, retrains=rung.retrains),
            absolute=_gain(rung, acc1, first),
            published_acc1=rung.acc1,
            published_acc5=rung.acc5,
            published_incremental=rung.incremental,
            published_absolute=rung.absolute,
        )
    return LadderStudy(
        ladder=ladder,
        data=data,
        split=split,
        num_images=num_images,
        seeds=tuple(each.seed for each in measured[0].reached),
        changed=changed,
        published=FIGURES_ARE_OF,
        steps=tuple(steps.values()),
    )


def _gain(rung: Rung, acc1: Sequence[float], over: Step | None) -> float | None:
    if rung.before is None:
        return 0.0
    return None if over is None else fmean(acc1) - over.acc1


def _error(before: Step, acc1: Sequence[float], *, retrains: bool) -> float | None:
    spread = _spread(acc1)
    if spread is None or before.spread is None:
        return None
    if retrains:
        return math.hypot(spread, before.spread) / math.sqrt(len(acc1))
    return stdev(new - old.acc1 for new, old in zip(acc1, before.reached, strict=True)) / math.sqrt(len(acc1))


def _spread(values: Sequence[float]) -> float | None:
    return stdev(values) if len(values) > 1 else None
