"""Splits pictures into folds of equal make-up: every picture in one fold, every category spread evenly. Pure.

Legend: N pictures.
"""

import numpy as np
import numpy.typing as npt

from training.errors import DataSetError
from training.randomness import generator_of


def stratified_folds(labels_N: npt.NDArray[np.int64], num_folds: int, *, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each picture, 0 to `num_folds` - 1, (N,); the same for the same labels and seed.

    Folds differ by at most one picture, and by at most one picture of each category. Raises as `check_folds`.
    """
    check_folds(num_folds, num_images=len(labels_N))
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


def check_folds(num_folds: int, *, num_images: int) -> None:
    """Raises DataSetError for fewer than two folds, or more than there are pictures."""
    if num_images < 2:
        raise DataSetError(f"folds and halves take two pictures or more, and there is {num_images}")
    if not 2 <= num_folds <= num_images:
        raise DataSetError(f"{num_images:,} pictures can be split into 2 to {num_images:,} folds, not {num_folds}")
