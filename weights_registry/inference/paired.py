"""Is A better than B on the same pictures? The difference, its interval, and how easily chance makes as large a one.

Knows nothing of pictures or networks: it counts where only A was right and where only B was.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from weights_registry.inference.intervals import CONFIDENCE

# Each halves the bracket around an end of an interval: 100 leave nothing of it in double precision.
_NUM_HALVINGS: Final = 100


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """How much more often A was right than B on the same pictures: `difference`, from `low` to `high`.

    All three are in percentage points. `p_value` (0 to 1) is that of McNemar's exact test, two-sided: how likely two
    equally good classifiers differ at least as much. `only_a` counts pictures that A alone had right, `only_b` those
    that B alone had.
    """

    num_images: int
    difference: float
    low: float
    high: float
    p_value: float
    only_a: int
    only_b: int


def paired_difference(
    hits_a_N: npt.NDArray[np.bool_], hits_b_N: npt.NDArray[np.bool_], *, confidence: float = CONFIDENCE
) -> PairedDifference:
    """The difference in accuracy of A and B, from whether each was right on picture 0, 1, ..., N - 1.

    Raises ValueError for arrays that are not boolean, not of one dimension, not equally long, or empty.
    """
    a, b = _checked("hits_a_N", hits_a_N), _checked("hits_b_N", hits_b_N)
    if len(a) != len(b):
        raise ValueError(f"`hits_a_N` and `hits_b_N` must be of the same pictures: found {len(a):,} and {len(b):,}")
    only_a, only_b = int(np.count_nonzero(a & ~b)), int(np.count_nonzero(b & ~a))
    return difference_of_counts(only_a, only_b, len(a), confidence=confidence)


def difference_of_counts(
    only_a: int, only_b: int, num_images: int, *, confidence: float = CONFIDENCE
) -> PairedDifference:
    """The same from counts: pictures that only A had right, that only B had, and all of them.

    Raises ValueError if the counts are no parts of `num_images`, or `confidence` is not between 0 and 1.
    """
    low, high = tango_interval(only_a, only_b, num_images, confidence=confidence)
    return PairedDifference(
        num_images=num_images,
        difference=100 * ((only_a - only_b) / num_images),  # rounded as the interval's ends are: so they hold it
        low=low,
        high=high,
        p_value=mcnemar_p(only_a, only_b),
        only_a=only_a,
        only_b=only_b,
    )


def mcnemar_p(only_a: int, only_b: int) -> float:
    """How likely a fair coin, thrown for each picture that only one had right, falls at least as unevenly: 0 to 1.

    Twice the binomial tail, at most 1; no normal approximation. Right to 8 digits for a million pictures; below 1e-308
    it is 0. Source: Q. McNemar, Psychometrika 12 (1947), 153-157. Raises ValueError for a count below 0.
    """
    if min(only_a, only_b) < 0:
        raise ValueError(f"counts must be 0 or more, not {only_a} and {only_b}")
    num, fewer = only_a + only_b, min(only_a, only_b)
    if num - 2 * fewer <= 1:  # as even as can be; rounding must not say otherwise
        return 1.0
    from scipy import stats

    return min(1.0, 2 * float(stats.binom.cdf(fewer, num, 0.5)))


def tango_interval(only_a: int, only_b: int, num_images: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Tango's score interval of the difference of paired shares, in percentage points: sound for few pictures too.

    It leaves out 0 just where McNemar's test in its approximate form finds a difference, which is a little before the
    exact one does. Source: T. Tango, Statistics in Medicine 17 (1998), 891-908. Raises ValueError as
    `difference_of_counts` does.
    """
    if min(only_a, only_b) < 0 or only_a + only_b > num_images or num_images < 1:
        raise ValueError(
            f"`only_a` and `only_b` must be parts of `num_images`, not {only_a} and {only_b} of {num_images}"
        )
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be between 0 and 1, not {confidence}")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    # A's lower end is B's upper one, seen from the other side: so swapping them changes the signs and nothing else.
    return -100 * _upper(only_b, only_a, num_images, z), 100 * _upper(only_a, only_b, num_images, z)


def _upper(more: int, less: int, num: int, z: float) -> float:
    """The largest difference, 0 to 1 or below, that is no further than `z` standard errors above the one found."""
    low, high = (more - less) / num, 1.0
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        if num * middle - (more - less) <= z * math.sqrt(num * _variance(more, less, num, middle)):
            low = middle
        else:
            high = middle
    return low


def _variance(more: int, less: int, num: int, difference: float) -> float:
    """Variance of one picture's difference, were `difference` the true one: Tango's equations 15 to 17."""
    linear = (2 * num - more + less) * difference - more - less
    constant = -less * difference * (1 - difference)
    share_less = (math.sqrt(max(0.0, linear * linear - 8 * num * constant)) - linear) / (4 * num)
    return max(0.0, 2 * share_less + difference * (1 - difference))


def _checked(name: str, hits_N: Any) -> npt.NDArray[np.bool_]:
    hits = np.asarray(hits_N)
    if hits.dtype != np.bool_ or hits.ndim != 1 or not hits.size:
        raise ValueError(f"`{name}` must be a boolean array of shape (N,), N > 0, not {hits.dtype} of {hits.shape}")
    return hits
