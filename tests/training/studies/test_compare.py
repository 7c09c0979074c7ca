"""A comparison of two checkpoints: every count against counting by hand, and what must hold for any answers."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import DataSetError
from training.studies.answer_charts import comparison_charts
from training.studies.answering import FirstAnswers
from training.studies.compare import ComparisonStudy, compare
from weights_registry.inference.paired import mcnemar_p

CATEGORIES = ("red", "green", "blue")
# Of each picture the label and both answers, -1 where it could not be read.
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2), st.integers(-1, 2)), min_size=1, max_size=60).filter(
    lambda rows: any(a >= 0 and b >= 0 for _, a, b in rows)
)


def answered(labels: list[int], best: list[int]) -> FirstAnswers:
    return FirstAnswers(
        labels_N=np.array(labels),
        best_N=np.array(best),
        confidence_N=np.array([0.5 + number / 1000 for number in range(len(best))]),
        hits5_N=np.array(best) >= 0,
        unreadable=tuple(f"picture {number}" for number, each in enumerate(best) if each < 0),
    )


def study_of(rows: list[tuple[int, int, int]]) -> ComparisonStudy:
    labels, a, b = (list(each) for each in zip(*rows, strict=True))
    names = [f"{number}.png" for number in range(len(rows))]
    return compare("A", "B", answered(labels, a), answered(labels, b), names=names, categories=CATEGORIES)


def test_it_is_what_counting_by_hand_gives() -> None:
    #                  both right, only A,   only B,    both wrong: alike, apart; unreadable by B
    study = study_of([(0, 0, 0), (0, 0, 1), (1, 2, 1), (1, 2, 2), (2, 0, 1), (2, 2, -1)])
    assert (study.num_images, study.num_both_right, study.num_both_wrong) == (5, 1, 2)
    assert (study.num_only_a, study.num_only_b) == (1, 1)
    assert (study.acc1_a, study.acc1_b, study.gain1.difference) == (40, 40, 0)
    assert study.agreement == 40
    assert [(each.picture, each.right) for each in study.differing] == [
        ("1.png", "A"),
        ("2.png", "B"),
        ("4.png", "neither"),
    ]
    last = study.differing[-1]
    assert (last.truth, last.answer_a, last.answer_b, last.confidence_a) == ("blue", "red", "green", 0.504)
    assert [(row.category, row.num_images, row.only_a, row.only_b) for row in study.categories] == [
        *(("red", 2, 1, 0), ("green", 2, 0, 1), ("blue", 1, 0, 0))
    ]


@given(ROWS)
def test_the_parts_add_up(rows: list[tuple[int, int, int]]) -> None:
    study = study_of(rows)
    parts = study.num_both_right + study.num_only_a + study.num_only_b + study.num_both_wrong
    assert parts == study.num_images == sum(row.num_images for row in study.categories)
    assert study.num_only_a == sum(row.only_a for row in study.categories)
    assert study.acc1_b - study.acc1_a == pytest.approx(study.gain1.difference)
    assert study.gain1.p_value == mcnemar_p(study.num_only_a, study.num_only_b)
    assert len(study.differing) == round(study.num_images * (1 - study.agreement / 100))
    assert sum(each.right == "B" for each in study.differing) == study.num_only_b
    assert json.loads(json.dumps(study.record(), allow_nan=False))["num_images"] == study.num_images


@given(ROWS)
def test_swapping_the_two_swaps_all_that_is_said(rows: list[tuple[int, int, int]]) -> None:
    there, back = study_of(rows), study_of([(label, b, a) for label, a, b in rows])
    assert (there.acc1_a, there.num_only_a, there.agreement) == (back.acc1_b, back.num_only_b, back.agreement)
    assert (there.gain1.low, there.gain1.high) == (-back.gain1.high, -back.gain1.low)
    assert there.is_told_apart == back.is_told_apart


def test_a_checkpoint_is_not_told_apart_from_itself() -> None:
    study = study_of([(number % 3, number % 2, number % 2) for number in range(100)])
    assert (study.gain1.difference, study.gain1.p_value, study.agreement) == (0, 1, 100)
    assert (study.differing, study.is_told_apart) == ((), False)
    assert study.sentence.endswith("These pictures do not tell the two apart.")


def test_a_clear_difference_is_told_with_its_size() -> None:
    study = study_of([(0, 0, 0)] * 60 + [(0, 1, 0)] * 30 + [(0, 0, 1)] * 10)
    assert study.is_told_apart
    assert "B is right on 30 pictures that A has wrong, A on 10 that B has wrong: +20.000 points" in study.sentence
    assert study.sentence.endswith("on 60.00 % of 100 pictures. B is better.")


def test_nothing_readable_is_an_error_and_not_a_figure() -> None:
    with pytest.raises(DataSetError, match="no picture to compare on can be read: picture 0"):
        study_of([(0, -1, 0)])


@pytest.mark.parametrize("labels", [[0, 1], [0]])
def test_answers_to_other_pictures_are_refused(labels: list[int]) -> None:
    with pytest.raises(ValueError, match="different pictures"):
        compare("A", "B", answered([0, 0], [0, 0]), answered(labels, labels), names=["0", "1"], categories=CATEGORIES)


def test_the_chart_shows_the_categories_in_which_they_differ_most() -> None:
    rows: list[Any] = [(0, 0, 1), (0, 0, 1), (1, 0, 1), (2, 2, 2)]
    (chart,) = comparison_charts(study_of(rows), on="colours val")
    assert (chart.name, "A is A, B is B." in chart.alt) == ("compare", True)
    axes = chart.figure.axes[0]
    assert [each.get_text() for each in axes.get_yticklabels()] == ["red", "green"]
    assert [bar.get_width() for bars in axes.containers for bar in bars] == [2, 0, 0, 1]  # A's, then B's
    assert axes.get_xlabel() == "pictures; the other 1 categories have no more"


def test_two_that_never_differ_have_a_chart_all_the_same() -> None:
    (chart,) = comparison_charts(study_of([(0, 0, 0), (1, 2, 2)]), on="colours val")
    assert [bar.get_width() for bars in chart.figure.axes[0].containers for bar in bars] == [0, 0]
