"""K-fold cross-validation of a choice: is B better than A, on every fold and not only on the pictures it was tuned on?

A and B are two recipes, each trained on all folds but one and measured on that one, or two ways to feed a checkpoint.
Pure computation on what was measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from training.studies.outcomes import percent
from training.studies.student_t import critical_value, two_sided_p
from weights_registry.inference.paired import paired_difference

Verdict = Literal["A is better", "B is better", "no difference shown", "cannot be judged"]

OF_RECIPES = (
    "t test over folds with the variance times (1/K + 1/(K-1)), because the folds' training sets overlap: "
    "C. Nadeau and Y. Bengio, Machine Learning 52 (2003), 239-281"
)
OF_PREPROCESSINGS = "exact McNemar test and Tango's interval over all pictures, each fed both ways"
CONFIDENCE = 0.95

# In points. Folds of a billion pictures could differ by less; accuracies of floats that ought to be equal do not.
_ALIKE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """One fold, from 1: accuracies in percent of A and B on it, and their difference (B less A) in points.

    `choice_holds` tells whether the better one of all other folds is the better one here too; None for a tie.
    """

    number: int
    num_images: int
    acc1_a: float
    acc1_b: float
    difference: float
    choice_holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KFoldStudy:
    """What came of it: `difference` is how much better B is than A, in points, with its 95 % interval.

    `spread` is the standard deviation of the folds' differences, and `method` says how `p_value` was found. Where two
    recipes differ by the same on every fold, chance cannot be judged by it: interval and `p_value` are None.
    """

    a: str
    b: str
    seed: int
    folds: tuple[Fold, ...]
    difference: float
    spread: float
    low: float | None
    high: float | None
    p_value: float | None
    method: str
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        held = sum(fold.choice_holds is True for fold in self.folds)
        if self.low is None or self.high is None or self.p_value is None:
            told = "the same on every fold, so that these folds do not tell how much of it is chance"
        else:
            told = f"({self.low:+.3f} to {self.high:+.3f}), p = {self.p_value:.3g}"
        return (
            f"B less A: {self.difference:+.3f} points {told}; the choice of the other folds held in {held} of "
            f"{len(self.folds)}. {self.verdict[0].upper()}{self.verdict[1:]}."
        )


def compare_recipes(
    a: str, b: str, acc1_a: Sequence[float], acc1_b: Sequence[float], num_images: Sequence[int], *, seed: int
) -> KFoldStudy:
    """The study of two recipes, from the accuracy in percent of each on each fold, and the pictures of each fold.

    Raises ValueError for fewer than two folds.
    """
    folds = _folds(acc1_a, acc1_b, num_images)
    differences = [fold.difference for fold in folds]
    num_folds, mean, spread = len(folds), fmean(differences), stdev(differences)
    error = spread * math.sqrt(1 / num_folds + 1 / (num_folds - 1))
    if mean and spread < _ALIKE:
        alike: dict[str, Any] = {"difference": mean, "spread": 0.0, "low": None, "high": None, "p_value": None}
        return _study(a, b, folds, seed=seed, method=OF_RECIPES, **alike)
    half = critical_value(CONFIDENCE, num_folds - 1) * error
    t = mean / error if error else 0.0
    return _study(
        a,
        b,
        folds,
        seed=seed,
        difference=mean,
        spread=spread,
        low=mean - half,
        high=mean + half,
        p_value=two_sided_p(t, num_folds - 1),
        method=OF_RECIPES,
    )


def compare_preprocessings(
    a: str,
    b: str,
    hits_a_N: npt.NDArray[np.bool_],
    hits_b_N: npt.NDArray[np.bool_],
    folds_N: npt.NDArray[np.int64],
    *,
    seed: int,
) -> KFoldStudy:
    """The study of two ways to feed a checkpoint, from whether each was right on a picture, and the picture's fold."""
    parts = [folds_N == fold for fold in range(int(folds_N.max()) + 1)]
    acc1_a, acc1_b = ([percent(hits_N[part]) for part in parts] for hits_N in (hits_a_N, hits_b_N))
    folds = _folds(acc1_a, acc1_b, [int(part.sum()) for part in parts])
    found = paired_difference(hits_b_N, hits_a_N)
    return _study(
        a,
        b,
        folds,
        seed=seed,
        difference=found.difference,
        spread=stdev(fold.difference for fold in folds),
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        method=OF_PREPROCESSINGS,
    )


def _folds(acc1_a: Sequence[float], acc1_b: Sequence[float], num_images: Sequence[int]) -> tuple[Fold, ...]:
    if len(num_images) < 2:
        raise ValueError(f"cross-validation takes two folds or more, not {len(num_images)}")
    differences = [b - a for a, b in zip(acc1_a, acc1_b, strict=True)]
    total = sum(difference * num for difference, num in zip(differences, num_images, strict=True))
    folds = []
    for number, (each_a, each_b, difference, num) in enumerate(
        zip(acc1_a, acc1_b, differences, num_images, strict=True), start=1
    ):
        others = total - difference * num
        folds.append(
            Fold(
                number=number,
                num_images=num,
                acc1_a=each_a,
                acc1_b=each_b,
                difference=difference,
                choice_holds=(others > 0) == (difference > 0) if others and difference else None,
            )
        )
    return tuple(folds)


def _study(
    a: str, b: str, folds: tuple[Fold, ...], *, low: float | None, high: float | None, **found: Any
) -> KFoldStudy:
    verdict: Verdict = "no difference shown"
    if low is None or high is None:
        verdict = "cannot be judged"
    elif low > 0 or high < 0:
        verdict = "B is better" if low > 0 else "A is better"
    return KFoldStudy(a=a, b=b, folds=folds, low=low, high=high, verdict=verdict, **found)
