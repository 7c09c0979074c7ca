"""Splits pictures into folds of equal make-up: every picture in one fold, every category spread evenly. Pure.

Legend: N pictures.
"""

import numpy as np
import numpy.typing as npt

from training.randomness import generator_of


def stratified_folds(labels_N: npt.NDArray[np.int64], num_folds: int, *, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each picture, 0 to `num_folds` - 1, (N,); the same for the same labels and seed.

    Folds differ by at most one picture, and by at most one picture of each category. Raises ValueError for fewer than
    two folds, or more than there are pictures.
    """
    if not 2 <= num_folds <= len(labels_N):
        raise ValueError(f"{len(labels_N):,} pictures can be split into 2 to {len(labels_N):,} folds, not {num_folds}")
    # Dealt out like cards, category by category and without a break between them; only the order within is chance.
    order = np.concatenate(
        [
            generator_of(seed, "folds", int(label)).permutation(np.flatnonzero(labels_N == label))
            for label in np.unique(labels_N)
        ]
    )
    folds_N = np.empty(len(labels_N), dtype=np.int64)
    folds_N[order] = np.arange(len(labels_N)) % num_folds
    return folds_N
