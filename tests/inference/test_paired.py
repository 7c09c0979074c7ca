"""Paired statistics, each against its definition in a few lines: whole numbers for McNemar, a search for Tango."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry.inference.paired import (
    PairedDifference,
    difference_of_counts,
    mcnemar_p,
    paired_difference,
    tango_interval,
)

Z = 1.959963984540054
HITS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=100)
COUNTS = st.integers(1, 2000).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda a: st.tuples(st.just(a), st.integers(0, n - a), st.just(n)))
)


def arrays(hits: list[tuple[bool, bool]]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    a, b = zip(*hits, strict=True)
    return np.array(a), np.array(b)


@given(HITS)
def test_the_difference_is_that_of_the_two_accuracies(hits: list[tuple[bool, bool]]) -> None:
    a, b = arrays(hits)
    found = paired_difference(a, b)
    assert found.difference == pytest.approx(100 * (a.mean() - b.mean()), abs=1e-9)
    assert found.num_images == len(hits)
    assert (found.only_a, found.only_b) == (hits.count((True, False)), hits.count((False, True)))


@given(HITS)
def test_swapping_the_two_changes_the_signs_and_nothing_else(hits: list[tuple[bool, bool]]) -> None:
    a, b = arrays(hits)
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert (back.difference, back.low, back.high) == (-there.difference, -there.high, -there.low)
    assert (back.only_a, back.only_b, back.p_value) == (there.only_b, there.only_a, there.p_value)


@given(COUNTS, st.floats(0.5, 0.999))
def test_the_interval_holds_the_difference_and_stays_within_100_points(
    counts: tuple[int, int, int], confidence: float
) -> None:
    found = difference_of_counts(*counts, confidence=confidence)
    assert -100 <= found.low <= found.difference <= found.high <= 100
    assert found.low < found.high


@given(COUNTS)
def test_more_confidence_needs_a_wider_interval(counts: tuple[int, int, int]) -> None:
    (low, high), (lower, higher) = tango_interval(*counts), tango_interval(*counts, confidence=0.99)
    assert lower <= low
    assert high <= higher
    assert higher - lower > high - low


@given(st.integers(0, 500))
def test_equally_many_on_both_sides_is_what_chance_makes_best(count: int) -> None:
    assert mcnemar_p(count, count) == mcnemar_p(count, count + 1) == 1


def exact_p(only_a: int, only_b: int) -> float:
    """The definition in whole numbers."""
    num = only_a + only_b
    term, tail = 1, 1
    for count in range(min(only_a, only_b)):
        term = term * (num - count) // (count + 1)
        tail += term
    return min(1.0, float(Fraction(2 * tail, 2**num)))


@given(st.integers(0, 300), st.integers(0, 300))
def test_p_is_the_binomial_tail_in_whole_numbers(only_a: int, only_b: int) -> None:
    assert mcnemar_p(only_a, only_b) == pytest.approx(exact_p(only_a, only_b), rel=1e-11)


@pytest.mark.parametrize(("only_a", "only_b"), [(5_000, 5_200), (9_900, 10_300), (700, 19_000)])
def test_p_is_exact_for_many_pictures_as_well(only_a: int, only_b: int) -> None:
    assert mcnemar_p(only_a, only_b) == pytest.approx(exact_p(only_a, only_b), rel=1e-9)


@pytest.mark.parametrize("apart", [1_000, 2_000, 4_000])
def test_a_million_pictures_give_nearly_the_normal_tail(apart: int) -> None:
    # With the continuity correction, the binomial tail meets the normal one ever better with more pictures.
    num = 1_000_000
    normal = math.erfc((apart - 1) / math.sqrt(num) / math.sqrt(2))
    assert mcnemar_p((num - apart) // 2, (num + apart) // 2) == pytest.approx(normal, rel=1e-4)


def test_what_is_too_unlikely_for_a_float_is_0() -> None:
    assert mcnemar_p(0, 1_000_000) == 0
    assert mcnemar_p(0, 10) == 2 / 2**10


def constrained(only_a: int, only_b: int, num: int, difference: float) -> float:
    """Share of pictures that only B has right that makes the counts likeliest, given the true difference."""
    grid = np.linspace(max(0.0, -difference), (1 - difference) / 2, 200_001)[1:-1]
    likelihood = (
        only_a * np.log(grid + difference)
        + only_b * np.log(grid)
        + (num - only_a - only_b) * np.log1p(-2 * grid - difference)
    )
    return float(grid[likelihood.argmax()])


@pytest.mark.parametrize("counts", [(12, 3, 60), (3, 12, 60), (30, 28, 200), (1, 1, 500), (700, 500, 10_000)])
def test_the_ends_lie_where_the_difference_is_196_standard_errors_away(counts: tuple[int, int, int]) -> None:
    # Tango's definition, with the likeliest shares looked for by trying them all.
    only_a, only_b, num = counts
    for end in tango_interval(*counts):
        true = end / 100
        variance = 2 * constrained(*counts, true) + true * (1 - true)
        assert abs(only_a - only_b - num * true) == pytest.approx(Z * math.sqrt(num * variance), rel=1e-3)


@given(COUNTS)
def test_0_is_left_out_where_the_score_test_finds_a_difference(counts: tuple[int, int, int]) -> None:
    only_a, only_b, _ = counts
    low, high = tango_interval(*counts)
    apart, differing = abs(only_a - only_b), only_a + only_b
    if abs(apart - Z * math.sqrt(differing)) > 1e-6:
        assert (low > 0 or high < 0) == (apart > Z * math.sqrt(differing))


def test_where_the_two_never_differ_the_interval_says_how_little_that_proves() -> None:
    same = paired_difference(np.ones(20, dtype=bool), np.ones(20, dtype=bool))
    end = pytest.approx(100 * Z**2 / (20 + Z**2))
    assert same == PairedDifference(20, 0.0, -same.high, same.high, 1.0, 0, 0)
    assert same.high == end


def test_the_interval_covers_the_true_difference_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    num, shares = 200, (0.10, 0.04, 0.86)
    drawn = random.multinomial(num, shares, size=2_000)
    covered = [low <= 6.0 <= high for low, high in (tango_interval(int(a), int(b), num) for a, b, _ in drawn)]
    assert 0.93 < np.mean(covered) < 0.97


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([True], [True, False], "the same pictures: found 1 and 2"),
        ([1, 0], [True, False], "`hits_a_N` must be a boolean array"),
        ([], [], "N > 0"),
        ([[True]], [True], r"not bool of \(1, 1\)"),
    ],
)
def test_what_is_no_pair_of_hits_is_refused(a: list[bool], b: list[bool], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_difference(np.array(a), np.array(b))


@pytest.mark.parametrize("counts", [(-1, 0, 5), (3, 3, 5), (0, 0, 0)])
def test_counts_that_are_no_parts_of_the_whole_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="must be parts of `num_images`"):
        difference_of_counts(*counts)
    with pytest.raises(ValueError, match="0 or more"):
        mcnemar_p(-1, 2)
    with pytest.raises(ValueError, match="between 0 and 1, not 95"):
        difference_of_counts(1, 2, 5, confidence=95)
