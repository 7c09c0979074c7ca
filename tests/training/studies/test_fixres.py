"""Train sizes against test sizes: rows by the same law, and ways to feed that show the same part of a picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.studies.planted import outcomes_of
from training.studies.fixres import compare_sizes, default_test_sizes, fed_at
from weights_registry import Preprocessing

HITS = st.integers(2, 30).flatmap(
    lambda num: st.lists(st.lists(st.booleans(), min_size=num, max_size=num), min_size=3, max_size=3)
)


@given(HITS)
def test_the_best_of_a_row_is_its_maximum_and_is_as_good_as_itself(hits: list[list[bool]]) -> None:
    row = compare_sizes("a", (24, 28, 32), outcomes_of(hits, [0] * len(hits[0])), own_size=28, train_size=24)
    best = (24, 28, 32).index(row.best_size)
    assert row.acc1[best] == max(row.acc1)
    assert row.best_size in row.as_good
    assert (row.gain is None) == (row.best_size == 28)
    if row.gain is not None:
        assert row.gain.difference == pytest.approx(row.acc1[best] - row.acc1[1])
    if row.acc1[1] == max(row.acc1):
        assert row.best_size == 28, "of equals the own size"


@given(st.integers(16, 400), st.integers(0, 100), st.integers(16, 400))
def test_every_test_size_shows_the_same_part_of_a_picture(crop: int, margin: int, test_size: int) -> None:
    own = Preprocessing(resize_size=crop + margin, crop_size=crop, mean=(0.5,), std=(0.5,))
    fed = fed_at(own, test_size)
    assert fed.crop_size == test_size
    assert fed.resize_size / test_size == pytest.approx(own.resize_size / crop, abs=0.5 / test_size + 1e-9)
    assert fed_at(own, crop) == own


def test_the_sizes_hold_those_of_the_article() -> None:
    assert {160, 176, 224, 256, 272, 320} <= set(default_test_sizes([224]))
    assert default_test_sizes([28]) == tuple(range(20, 41, 2))
    assert 25 in default_test_sizes([25, 28])


def test_sizes_without_the_own_one_are_refused() -> None:
    with pytest.raises(ValueError, match="must hold `own_size`, 28"):
        compare_sizes("a", (24,), outcomes_of([[True]], [0]), own_size=28, train_size=None)
