"""Random numbers depend on what they are for, and on nothing else."""

import random

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.randomness import generator_of, seed_of, seeded

words = st.lists(st.one_of(st.integers(0, 2**63), st.sampled_from(["augment", "mix", "1"])), max_size=4)


def drawn() -> tuple[float, float, float]:
    return float(torch.rand(1)), float(np.random.random()), random.random()


@given(one=words, other=words)
def test_other_words_are_another_seed_and_the_same_words_the_same(one: list[int | str], other: list[int | str]) -> None:
    assert (seed_of(*one) == seed_of(*other)) == (one == other)
    assert 0 <= seed_of(*one) < 2**63


def test_a_seed_is_the_same_on_every_machine() -> None:
    assert seed_of(0, "augment", 1, 2) == 2217695543573683188


def test_a_generator_starts_from_its_words() -> None:
    assert generator_of(1, "mix").random() == generator_of(1, "mix").random()
    assert generator_of(1, "mix").random() != generator_of(2, "mix").random()


def test_what_is_drawn_within_depends_on_the_seed_alone_and_nothing_outside_notices() -> None:
    torch.manual_seed(3), np.random.seed(3), random.seed(3)
    undisturbed = [drawn(), drawn()]
    torch.manual_seed(3), np.random.seed(3), random.seed(3)
    before = drawn()
    with seeded(5):
        first = drawn()
    after = drawn()
    with seeded(5):
        again = drawn()
    assert [before, after] == undisturbed
    assert first == again
