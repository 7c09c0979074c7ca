"""Laws of the split: every picture in one fold, strata kept, the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.studies.folds import stratified_folds

LABELS = st.lists(st.integers(0, 5), min_size=2, max_size=60).map(lambda labels: np.array(labels, dtype=np.int64))
SEEDS = st.integers(0, 2**32)


@given(LABELS, st.data(), SEEDS)
def test_every_picture_is_in_one_fold_and_folds_are_alike_in_size_and_make_up(
    labels_N: np.ndarray, data: st.DataObject, seed: int
) -> None:
    num_folds = data.draw(st.integers(2, len(labels_N)))
    folds_N = stratified_folds(labels_N, num_folds, seed=seed)
    assert folds_N.shape == labels_N.shape
    assert set(folds_N) == set(range(num_folds))
    for chosen_N in (np.ones(len(labels_N), dtype=bool), *(labels_N == label for label in set(labels_N))):
        counts = np.bincount(folds_N[chosen_N], minlength=num_folds)
        assert counts.max() - counts.min() <= 1


@given(LABELS, SEEDS)
def test_the_same_labels_and_seed_give_the_same_folds(labels_N: np.ndarray, seed: int) -> None:
    assert np.array_equal(stratified_folds(labels_N, 2, seed=seed), stratified_folds(labels_N, 2, seed=seed))


def test_another_seed_gives_other_folds() -> None:
    labels_N = np.repeat(np.arange(10), 100)
    one, other = (stratified_folds(labels_N, 2, seed=seed) for seed in (0, 1))
    assert 0.4 < (one == other).mean() < 0.6


@pytest.mark.parametrize("num_folds", [0, 1, 5])
def test_too_few_folds_or_pictures_are_refused(num_folds: int) -> None:
    with pytest.raises(ValueError, match=f"4 pictures can be split into 2 to 4 folds, not {num_folds}"):
        stratified_folds(np.zeros(4, dtype=np.int64), num_folds, seed=0)
