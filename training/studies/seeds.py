"""What chance does to a recipe: its accuracy over seeds, and how many of them it takes to see a difference.

Pure computation on the results of runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Final

from training.errors import RunError
from training.studies.runs import RunResult
from training.studies.sample_size import FORMULA, seeds_needed, smallest_difference
from training.studies.student_t import margin

DIFFERENCES: Final = (0.1, 0.2, 0.3, 0.5, 1.0)
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """How many seeds of each of two recipes show a difference of so many points; None if more than 10,000."""

    difference: float
    num_seeds: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedsStudy:
    """acc@1 over seeds, in percent: `mean` with its 95 % interval by Student's t, standard deviation, extremes.

    `smallest_difference` is what as many seeds of each of two recipes show eight times in ten, in points. Of the
    training pictures `num_held_out` were set apart, others for each seed, and that is part of the spread. Where all
    seeds came out alike chance cannot be judged: the interval and `smallest_difference` are None, and `needs` is empty.
    """

    recipe: str
    digest: str
    data: str
    split: str
    num_images: int
    num_held_out: int
    seeds: tuple[int, ...]
    acc1: tuple[float, ...]
    acc5: tuple[float, ...]
    mean: float
    low: float | None
    high: float | None
    spread: float
    least: float
    most: float
    needs: tuple[Need, ...]
    smallest_difference: float | None
    formula: str

    @property
    def sentence(self) -> str:
        """The finding in words."""
        if self.smallest_difference is None:
            return (
                f"{self.mean:.3f} with each of {len(self.seeds)} seeds: what chance does, and how many seeds a "
                "difference takes, cannot be judged from runs that all came out alike. Run more seeds."
            )
        return (
            f"{self.mean:.3f} +- {self.spread:.3f} over {len(self.seeds)} seeds ({self.least:.3f} to {self.most:.3f}). "
            f"So many seeds of each of two recipes show a difference of {self.smallest_difference:.2f} points "
            "eight times in ten."
        )


def study_seeds(results: Sequence[RunResult], *, differences: Sequence[float] = DIFFERENCES) -> SeedsStudy:
    """The study of runs of one recipe on one data set.

    Raises RunError for fewer than two runs, two with one seed, and runs of another recipe or data set.
    """
    first = results[0] if results else None
    if first is None or len(results) < 2:
        raise RunError(f"a spread over seeds takes two runs or more, not {len(results)}")
    for other in results[1:]:
        if differing := [
            name
            for name in ("digest", "data", "fingerprint", "num_held_out", "num_images")
            if getattr(other, name) != getattr(first, name)
        ]:
            raise RunError(
                f"`{first.folder}` and `{other.folder}` are no seeds of one recipe: another {', '.join(differing)} "
                f"({first.recipe} and {other.recipe})"
            )
    seeds = tuple(result.seed for result in results)
    if len(set(seeds)) != len(seeds):
        raise RunError(f"each seed counts once, and these runs have the seeds {', '.join(map(str, seeds))}")
    acc1 = tuple(result.acc1 for result in results)
    mean, spread = fmean(acc1), stdev(acc1)
    half = margin(spread, len(acc1), confidence=CONFIDENCE) if spread else None
    return SeedsStudy(
        recipe=first.recipe,
        digest=first.digest,
        data=first.data,
        split=first.split,
        num_images=first.num_images,
        num_held_out=first.num_held_out,
        seeds=seeds,
        acc1=acc1,
        acc5=tuple(result.acc5 for result in results),
        mean=mean,
        low=None if half is None else mean - half,
        high=None if half is None else mean + half,
        spread=spread,
        least=min(acc1),
        most=max(acc1),
        needs=tuple(Need(difference=each, num_seeds=seeds_needed(each, spread)) for each in differences if spread),
        smallest_difference=smallest_difference(len(acc1), spread) if spread else None,
        formula=FORMULA,
    )
