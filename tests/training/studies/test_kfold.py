"""A choice fold by fold: the statistics by their laws, a difference that is there and one that is not."""

import math
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.studies.charts import kfold_charts
from training.studies.kfold import compare_preprocessings, compare_recipes
from weights_registry.inference.paired import paired_difference

ACCURACIES = st.integers(2, 8).flatmap(
    lambda num: st.tuples(*(st.lists(st.floats(0, 100), min_size=num, max_size=num) for _ in range(2)))
)


@given(ACCURACIES)
def test_swapping_the_recipes_changes_the_signs_and_nothing_else(drawn: tuple[list[float], list[float]]) -> None:
    a, b = drawn
    one = compare_recipes("a", "b", a, b, [10] * len(a), seed=0)
    other = compare_recipes("b", "a", b, a, [10] * len(a), seed=0)
    assert one.difference == pytest.approx(-other.difference)
    if one.low is None or other.low is None or one.high is None or other.high is None:
        assert one.verdict == other.verdict == "cannot be judged"
        assert one.p_value is other.p_value is None
    else:
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
        assert one.p_value == pytest.approx(other.p_value)
    assert [fold.choice_holds for fold in one.folds] == [fold.choice_holds for fold in other.folds]


@given(ACCURACIES)
def test_the_interval_leaves_out_0_just_where_the_test_finds_a_difference(
    drawn: tuple[list[float], list[float]],
) -> None:
    study = compare_recipes("a", "b", *drawn, [10] * len(drawn[0]), seed=0)
    if study.low is None or study.high is None or study.p_value is None:
        assert study.verdict == "cannot be judged"
        return
    assert study.low <= study.difference <= study.high
    if abs(study.p_value - 0.05) > 1e-6:
        assert (study.verdict != "no difference shown") == (study.p_value < 0.05)
    assert study.difference == pytest.approx(fmean(fold.difference for fold in study.folds))


def test_the_variance_is_corrected_for_overlapping_training_sets() -> None:
    a, b = [90.0, 91.0, 89.0, 90.5, 90.0], [90.6, 91.5, 89.9, 90.9, 90.7]
    study = compare_recipes("a", "b", a, b, [100] * 5, seed=0)
    differences = [each - other for each, other in zip(b, a, strict=True)]
    # t(0.975, 4) = 2.7764; Nadeau and Bengio: 1/K + n_test / n_train = 1/5 + 1/4.
    half = 2.7764 * stdev(differences) * math.sqrt(1 / 5 + 1 / 4)
    assert study.high is not None
    assert study.high - study.difference == pytest.approx(half, rel=1e-4)
    assert study.verdict == "B is better"
    assert all(fold.choice_holds for fold in study.folds)
    assert "held in 5 of 5. B is better." in study.sentence


def test_no_difference_at_all_is_no_difference_shown() -> None:
    study = compare_recipes("a", "b", [90.0, 91.0], [90.0, 91.0], [5, 5], seed=0)
    assert (study.p_value, study.verdict) == (1.0, "no difference shown")
    assert [fold.choice_holds for fold in study.folds] == [None, None]


@pytest.mark.parametrize("gain", [10.0, -0.1])
def test_one_difference_on_all_folds_tells_nothing_of_chance(gain: float) -> None:
    a = [70.2, 80.3]
    study = compare_recipes("a", "b", a, [each + gain for each in a], [500, 500], seed=0)
    assert (study.low, study.high, study.p_value, study.spread) == (None, None, None, 0.0)
    assert study.difference == pytest.approx(gain)
    assert study.verdict == "cannot be judged"
    assert study.sentence.endswith("held in 2 of 2. Cannot be judged.")
    assert "do not tell how much of it is chance" in study.sentence
    (chart,) = kfold_charts(study, on="Colours train")
    assert chart.name == "kfold"


@given(st.integers(0, 1000), st.integers(2, 5))
def test_two_preprocessings_are_compared_on_all_pictures_and_on_each_fold(seed: int, num_folds: int) -> None:
    generator = np.random.default_rng(seed)
    a_N, b_N = generator.random((2, 40)) < 0.7
    folds_N = np.arange(40) % num_folds
    study = compare_preprocessings("28", "32", a_N, b_N, folds_N, seed=seed)
    expected = paired_difference(b_N, a_N)
    assert (study.difference, study.low, study.high) == (expected.difference, expected.low, expected.high)
    assert sum(fold.num_images for fold in study.folds) == 40
    pooled = sum(fold.difference * fold.num_images for fold in study.folds) / 40
    assert study.difference == pytest.approx(pooled)


def test_one_fold_is_refused() -> None:
    with pytest.raises(ValueError, match="two folds or more"):
        compare_recipes("a", "b", [1.0], [2.0], [3], seed=0)
