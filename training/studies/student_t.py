"""Student's t: how unlikely a value is, and the power of a test; scipy's functions, which it loads when it is asked.

Knows nothing of what is tested.
"""

import math
from functools import cache


def two_sided_p(t: float, degrees: int) -> float:
    """How likely chance alone gives a value at least as far from 0, either way: 0 to 1."""
    from scipy import stats

    _check(degrees)
    return float(2 * stats.t.sf(abs(t), degrees))


@cache
def critical_value(confidence: float, degrees: int) -> float:
    """How far from 0, either way, a value lies with probability `confidence`: 12.706 for 0.95 and one degree."""
    from scipy import stats

    _check(degrees)
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be between 0 and 1, not {confidence}")
    return float(stats.t.isf((1 - confidence) / 2, degrees))


def margin(spread: float, num: int, *, confidence: float = 0.95) -> float:
    """How far the mean of `num` values of standard deviation `spread` may lie from the true one, either way."""
    return critical_value(confidence, num - 1) * spread / math.sqrt(num)


def power(shift: float, degrees: int, *, alpha: float) -> float:
    """How likely a two-sided test at level `alpha` sees a shift of so many standard errors: `alpha` to 1."""
    from scipy import stats

    critical = critical_value(1 - alpha, degrees)
    if not shift:
        return alpha
    # The square of a noncentral t is a noncentral F, of which scipy has no NaN far out in the tails.
    return float(stats.ncf.sf(critical * critical, 1, degrees, shift * shift))


def _check(degrees: int) -> None:
    if degrees < 1:
        raise ValueError(f"`degrees` of freedom start from 1, not {degrees}")
