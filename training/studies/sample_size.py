"""How many seeds it takes to see a difference between two recipes, and what difference so many seeds show. Pure.

The plan: `n` runs of each recipe, an unpaired two-sided t test at level `ALPHA`, equal spread. Its power is that of the
noncentral t distribution with 2n - 2 degrees of freedom, shifted by difference / spread * sqrt(n / 2).
Source: J. Cohen, Statistical Power Analysis for the Behavioral Sciences (1988), chapter 2.
"""

import math
from typing import Final

from training.studies.student_t import power

POWER: Final = 0.8
ALPHA: Final = 0.05
MAX_SEEDS: Final = 10_000

FORMULA: Final = (
    "the smallest n with power(n) >= 0.8, where power(n) = P(|T| > t(0.975, 2n - 2)) and T has a noncentral t "
    "distribution with 2n - 2 degrees of freedom and noncentrality d / s * sqrt(n / 2); d the difference, s the "
    "standard deviation over seeds; two-sided t test at 0.05, n seeds of each recipe; Cohen 1988, chapter 2"
)


def power_of(num_seeds: int, difference: float, spread: float) -> float:
    """How likely so many seeds of each recipe show a true `difference`; both in one unit, `spread` for one recipe."""
    if num_seeds < 2:
        raise ValueError(f"the spread of a recipe takes two seeds or more, not {num_seeds}")
    if spread < 0 or difference < 0:
        raise ValueError(f"`difference` and `spread` must be 0 or more, not {difference} and {spread}")
    if not spread:
        return 1.0 if difference else ALPHA
    return power(difference / spread * math.sqrt(num_seeds / 2), 2 * num_seeds - 2, alpha=ALPHA)


def seeds_needed(difference: float, spread: float) -> int | None:
    """The fewest seeds of each recipe that show `difference` eight times in ten; None if 10,000 are too few."""
    if power_of(MAX_SEEDS, difference, spread) < POWER:
        return None
    few, enough = 1, 2
    while power_of(enough, difference, spread) < POWER:
        few, enough = enough, min(2 * enough, MAX_SEEDS)
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if power_of(middle, difference, spread) >= POWER else (middle, enough)
    return enough


def smallest_difference(num_seeds: int, spread: float) -> float:
    """The smallest difference that so many seeds of each recipe show eight times in ten, in the unit of `spread`."""
    if not spread:
        return 0.0
    low, high = 0.0, spread
    while power_of(num_seeds, high, spread) < POWER:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if power_of(num_seeds, middle, spread) >= POWER else (middle, high)
    return high
