"""Inference resize tuning finds an optimum that was planted, confirms it on other pictures, and says what it cannot."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.studies.planted import CROP, FED, PlantedPictures, WidthJudge, outcomes_of, share_at
from training.studies.folds import stratified_folds
from training.studies.outcomes import Outcomes, measure
from training.studies.parts import open_parts
from training.studies.resize import choose_resize, default_sizes
from weights_registry.inference.paired import paired_difference

SIZES = (16, 18, 20, 22, 24)


@pytest.mark.parametrize("planted", [18, 22])
def test_a_planted_optimum_is_found_and_confirmed(tmp_path: Path, planted: int) -> None:
    outcomes = measure(
        WidthJudge(share_at(planted)),
        [replace(FED, resize_size=size) for size in SIZES],
        PlantedPictures(num_images=80),
        open_parts(tmp_path, {}),
        device=torch.device("cpu"),
    )
    study = choose_resize(SIZES, outcomes, own_size=CROP, crop_size=CROP, num_folds=5)
    assert study.winner == planted
    assert study.verdict == "confirmed"
    assert study.gain is not None
    assert study.gain.low > 0
    assert f"{planted} instead of {CROP}" in study.sentence
    assert [fold.chosen for fold in study.folds] == [planted] * 5
    assert study.gain_of_choosing is not None
    assert study.gain_of_choosing.num_images == 80
    best = max(study.sizes, key=lambda each: each.acc1)
    assert (best.resize_size, best.acc1) == (planted, 100)


HITS = st.integers(4, 30).flatmap(
    lambda num: st.tuples(
        st.lists(st.lists(st.booleans(), min_size=num, max_size=num), min_size=3, max_size=3),
        st.lists(st.integers(0, 2), min_size=num, max_size=num),
    )
)


@given(HITS, st.integers(0, 100))
def test_the_choice_is_made_on_one_half_and_its_gain_measured_on_the_other(
    drawn: tuple[list[list[bool]], list[int]], seed: int
) -> None:
    outcomes = outcomes_of(*drawn)
    study = choose_resize((28, 29, 30), outcomes, own_size=28, crop_size=28, seed=seed)
    confirming_N = stratified_folds(outcomes.labels_N, 2, seed=seed) == 1
    hits_SN = np.array(drawn[0])
    right = hits_SN[:, ~confirming_N].sum(axis=1)
    winner = study.winner - 28
    assert right[winner] == right.max()
    assert winner == right.argmax(), "of equals the nearest to the own size"
    if winner == 0:
        assert (study.gain, study.verdict) == (None, "own size is best")
    else:
        expected = paired_difference(hits_SN[winner][confirming_N], hits_SN[0][confirming_N])
        assert study.gain == expected
        assert (study.verdict == "confirmed") == (expected.low > 0)
    assert study.num_choosing + study.num_confirming == study.num_images == len(outcomes.labels_N)
    for each, hits_N in zip(study.sizes, hits_SN, strict=True):
        mean = (each.acc1_choosing * study.num_choosing + each.acc1_confirming * study.num_confirming) / len(hits_N)
        assert each.acc1 == pytest.approx(mean) == pytest.approx(100 * hits_N.mean())


def test_a_gain_by_chance_does_not_survive() -> None:
    # On the choosing half 30 is better, on the confirming half the own size is.
    labels = [0] * 40
    confirming_N = stratified_folds(np.zeros(40, dtype=np.int64), 2, seed=0) == 1
    study = choose_resize(
        (28, 30), outcomes_of([confirming_N.tolist(), (~confirming_N).tolist()], labels), own_size=28, crop_size=28
    )
    assert (study.winner, study.verdict) == (30, "not confirmed")
    assert "the gain does not survive" in study.sentence


def test_a_small_gain_is_left_in_doubt() -> None:
    hits = [[False] * 40, [False] * 40]
    confirming_N = stratified_folds(np.zeros(40, dtype=np.int64), 2, seed=0) == 1
    for half_N in (confirming_N, ~confirming_N):
        hits[1][int(np.flatnonzero(half_N)[0])] = True
    study = choose_resize((28, 30), outcomes_of(hits, [0] * 40), own_size=28, crop_size=28)
    assert study.verdict == "in doubt"
    assert "chance alone" in study.sentence


def test_the_grid_is_the_articles_for_its_crop_and_in_proportion_for_others() -> None:
    assert default_sizes(224) == (224, 232, 240, 248, 256)
    assert default_sizes(28) == (28, 29, 30, 31, 32)
    assert default_sizes(112) == (112, 116, 120, 124, 128)


def test_a_grid_without_the_own_size_is_refused() -> None:
    outcomes = Outcomes(np.zeros(2, dtype=np.int64), np.array([["1", "1"]]), ())
    with pytest.raises(ValueError, match="must hold `own_size`, 28"):
        choose_resize((30,), outcomes, own_size=28, crop_size=28)
