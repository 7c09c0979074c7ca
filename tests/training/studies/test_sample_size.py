"""Student's t against its tables, power against Cohen's tables and against simulation, sample sizes by their laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.studies.sample_size import ALPHA, POWER, power_of, seeds_needed, smallest_difference
from training.studies.student_t import critical_value, power, two_sided_p

DEGREES = st.integers(1, 200)


@pytest.mark.parametrize(
    ("degrees", "value"), [(1, 12.7062), (2, 4.3027), (4, 2.7764), (10, 2.2281), (30, 2.0423), (120, 1.9799)]
)
def test_critical_values_are_those_of_the_printed_table(degrees: int, value: float) -> None:
    assert critical_value(0.95, degrees) == pytest.approx(value, abs=5e-5)


@given(st.floats(-50, 50))
def test_one_and_two_degrees_have_their_closed_forms(t: float) -> None:
    assert two_sided_p(t, 1) == pytest.approx(1 - 2 / math.pi * math.atan(abs(t)), abs=1e-9)
    assert two_sided_p(t, 2) == pytest.approx(1 - abs(t) / math.sqrt(2 + t * t), abs=1e-9)


@given(st.floats(0.01, 0.99), DEGREES)
def test_critical_value_and_p_are_inverse(confidence: float, degrees: int) -> None:
    assert two_sided_p(critical_value(confidence, degrees), degrees) == pytest.approx(1 - confidence, abs=1e-9)


@given(DEGREES)
def test_without_a_shift_the_power_is_the_level(degrees: int) -> None:
    assert power(0.0, degrees, alpha=0.05) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize(("effect", "num_seeds"), [(0.2, 394), (0.5, 64), (0.8, 26), (1.0, 17), (1.2, 12), (2.0, 6)])
def test_seeds_needed_are_those_of_cohens_table(effect: float, num_seeds: int) -> None:
    # J. Cohen, Quantitative Methods in Psychology (Psychological Bulletin 112, 1992), table 2, and G*Power 3.1.
    assert seeds_needed(effect, 1.0) == num_seeds


@pytest.mark.parametrize(("num_seeds", "difference"), [(2, 6.0), (3, 3.0), (5, 2.0), (10, 1.0)])
def test_the_power_is_what_simulated_runs_show(num_seeds: int, difference: float) -> None:
    generator = np.random.default_rng(num_seeds)
    a = generator.normal(0, 1, (40_000, num_seeds))
    b = generator.normal(difference, 1, (40_000, num_seeds))
    error = np.sqrt((a.var(axis=1, ddof=1) + b.var(axis=1, ddof=1)) / num_seeds)
    t = (b.mean(axis=1) - a.mean(axis=1)) / error
    seen = (np.abs(t) > critical_value(1 - ALPHA, 2 * num_seeds - 2)).mean()
    assert power_of(num_seeds, difference, 1.0) == pytest.approx(seen, abs=0.01)


@given(st.floats(0.05, 5), st.floats(0.01, 2))
def test_so_many_seeds_are_enough_and_one_less_is_not(difference: float, spread: float) -> None:
    num_seeds = seeds_needed(difference, spread)
    if num_seeds is None:
        assert power_of(10_000, difference, spread) < POWER
        return
    assert power_of(num_seeds, difference, spread) >= POWER
    assert num_seeds == 2 or power_of(num_seeds - 1, difference, spread) < POWER


@given(st.integers(2, 50), st.floats(0.01, 10), st.floats(0.1, 10))
def test_the_smallest_difference_scales_with_the_spread_and_is_just_seen(
    num_seeds: int, spread: float, factor: float
) -> None:
    least = smallest_difference(num_seeds, spread)
    assert power_of(num_seeds, least, spread) == pytest.approx(POWER, abs=1e-6)
    assert smallest_difference(num_seeds, spread * factor) == pytest.approx(least * factor, rel=1e-6)


def test_without_spread_any_difference_is_seen() -> None:
    assert seeds_needed(0.1, 0.0) == 2
    assert smallest_difference(3, 0.0) == 0


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="two seeds or more"):
        power_of(1, 1.0, 1.0)
    with pytest.raises(ValueError, match="0 or more"):
        power_of(2, 1.0, -1.0)
    with pytest.raises(ValueError, match="start from 1"):
        critical_value(0.95, 0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        critical_value(1.0, 3)
