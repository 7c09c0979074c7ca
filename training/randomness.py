"""Random numbers as a function of what they are for: no stream that a resumed run would have to find its place in.

`seed_of(seed, "augment", epoch, index)` is the same number on every machine, in every worker and after every resume.
Knows nothing of what is drawn.
"""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import numpy as np
import torch


def seed_of(*words: int | str) -> int:
    """A number from 0 to 2**63 - 1 that depends on every word and on their order, and looks like none of them."""
    text = "\0".join(f"{type(word).__name__} {word}" for word in words)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def generator_of(*words: int | str) -> np.random.Generator:
    """A NumPy generator for these words."""
    return np.random.Generator(np.random.Philox(seed_of(*words)))


@contextmanager
def seeded(seed: int, *, torch_alone: bool = False) -> Iterator[None]:
    """Within it the global generators of torch (CPU), NumPy and Python start from `seed`; then they go on as before.

    For transforms of other people, which draw from those. `torch_alone` leaves NumPy's and Python's as they are: to set
    these aside takes as long as a whole transform of a small picture.
    """
    before = torch.default_generator.get_state()
    # Not torch.manual_seed: it seeds the GPUs too, which outside the main process it must not touch.
    torch.default_generator.manual_seed(seed)
    try:
        with nullcontext() if torch_alone else _seeded_others(seed):
            yield
    finally:
        torch.default_generator.set_state(before)


@contextmanager
def _seeded_others(seed: int) -> Iterator[None]:
    before = np.random.get_state(legacy=True), random.getstate()
    np.random.seed(seed % 2**32)
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before[0])
        random.setstate(before[1])
