"""Student's t distribution, by its definition: how unlikely a value is, and the power of a test. Pure, no torch.

scipy has the same functions, in 60 MB.
"""

import math
from collections.abc import Callable
from functools import cache


def two_sided_p(t: float, degrees: int) -> float:
    """How likely chance alone gives a value at least as far from 0, either way: 0 to 1.

    By the regularised incomplete beta function, I_x(degrees / 2, 1 / 2) with x = degrees / (degrees + t squared).
    """
    _check(degrees)
    if math.isinf(t):
        return 0.0
    whole = degrees + t * t
    return _incomplete_beta(degrees / whole, t * t / whole, degrees / 2, 0.5)


@cache
def critical_value(confidence: float, degrees: int) -> float:
    """How far from 0, either way, a value lies with probability `confidence`: 12.706 for 0.95 and one degree."""
    _check(degrees)
    if not 0 < confidence < 1:
        raise ValueError(f"`confidence` must be between 0 and 1, not {confidence}")
    return _last(lambda t: two_sided_p(t, degrees) > 1 - confidence)


def power(shift: float, degrees: int, *, alpha: float) -> float:
    """How likely a two-sided test at level `alpha` sees a shift of so many standard errors: `alpha` to 1.

    The square of a noncentral t is a noncentral F: a mean of incomplete beta functions, weighted by the Poisson
    distribution of mean shift squared / 2. Source: N. L. Johnson and others, Continuous Univariate Distributions 2
    (1995), chapters 30 and 31.
    """
    critical = critical_value(1 - alpha, degrees)
    if abs(shift) > 10 * critical + 10:  # it would be missed only if the spread were found ten times too large
        return 1.0
    mean = shift * shift / 2
    reach = 10 * math.sqrt(mean) + 30  # beyond it the weights are below 1e-15
    first = max(0, int(mean - reach))
    whole = degrees + critical * critical
    x, rest = critical * critical / whole, degrees / whole
    a, b = first + 0.5, degrees / 2
    within = _incomplete_beta(x, rest, a, b)
    # I_x(a + 1, b) is I_x(a, b) less this, which itself goes on by a factor.
    step = math.exp(a * math.log(x) + b * math.log(rest) - _log_beta(a, b)) / a
    weight = math.exp(first * math.log(mean) - mean - math.lgamma(first + 1)) if first else math.exp(-mean)
    missed = 0.0
    for count in range(first, int(mean + reach)):
        missed += weight * within
        within, step, a = within - step, step * x * (a + b) / (a + 1), a + 1
        weight *= mean / (count + 1)
    return min(1.0, max(0.0, 1 - missed))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _check(degrees: int) -> None:
    if degrees < 1:
        raise ValueError(f"`degrees` of freedom start from 1, not {degrees}")


def _last(holds: Callable[[float], bool]) -> float:
    """The largest positive number for which `holds` is true; it is true below it and false above."""
    high = 1.0
    while holds(high):
        high *= 2
    low = 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _incomplete_beta(x: float, rest: float, a: float, b: float) -> float:
    """Regularised, I_x(a, b); `rest` is 1 - x, given because the subtraction would lose its digits where x is near 1.

    Source: the continued fraction of Numerical Recipes, section 6.4, by W. J. Lentz's method.
    """
    if x <= 0 or rest <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(rest, x, b, a)
    log_front = a * math.log(x) + b * math.log(rest) - _log_beta(a, b)
    tiny = 1e-300
    c, d = 1.0, 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    fraction = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / ((1 + term * d) or tiny)
            c = (1 + term / c) or tiny
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return math.exp(log_front) * fraction / a
