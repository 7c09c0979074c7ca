"""Spread over seeds: figures by the textbook, and runs that are no seeds of one recipe."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.data_folders import write_data_folder
from tests.training.tiny_runs import TINY, train_tiny
from training import RunError
from training.studies.charts import seeds_charts
from training.studies.runs import RunResult, read_result
from training.studies.sample_size import seeds_needed
from training.studies.seeds import study_seeds


def result(seed: int, acc1: float, **changes: Any) -> RunResult:
    plain = RunResult(
        folder=Path(f"runs/{seed}"),
        recipe="a/b",
        digest="d",
        seed=seed,
        data="Colours",
        split="val",
        fingerprint=(("val", "x"),),
        num_held_out=0,
        acc1=acc1,
        acc5=99.0,
        num_images=100,
        papers={},
    )
    return replace(plain, **changes)


@settings(max_examples=30)
@given(st.lists(st.floats(50, 100), min_size=2, max_size=6))
def test_the_figures_are_those_of_the_textbook(acc1: list[float]) -> None:
    study = study_seeds([result(seed, each) for seed, each in enumerate(acc1)], differences=(0.5,))
    assert (study.mean, study.spread) == (fmean(acc1), stdev(acc1))
    assert (study.least, study.most) == (min(acc1), max(acc1))
    if study.low is None or study.high is None:
        assert stdev(acc1) == 0
        return
    assert study.low <= study.mean <= study.high
    assert [need.num_seeds for need in study.needs] == [seeds_needed(0.5, stdev(acc1))]


def test_a_published_spread_asks_for_as_many_seeds_as_the_formula_says() -> None:
    # timm's A2 over 100 seeds has a standard deviation of 0.10 points: 0.2 is two of them, six seeds by Cohen's table.
    half = 0.1 / 2**0.5
    study = study_seeds([result(0, 79.72 - half), result(1, 79.72 + half)], differences=(0.2, 0.1))
    assert study.spread == pytest.approx(0.1)
    assert [need.num_seeds for need in study.needs] == [6, 17]
    assert "79.720 +- 0.100 over 2 seeds" in study.sentence


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([], "two runs or more, not 1"),
        ([result(0, 91)], "each seed counts once"),
        ([result(1, 91, digest="e", recipe="a/c")], "no seeds of one recipe: another digest .a/b and a/c."),
        ([result(1, 91, fingerprint=(("val", "y"),))], "another fingerprint"),
        ([result(1, 91, num_held_out=5)], "another num_held_out"),
    ],
)
def test_runs_that_are_no_seeds_of_one_recipe_are_refused(others: list[RunResult], told: str) -> None:
    with pytest.raises(RunError, match=told):
        study_seeds([result(0, 90), *others])


def test_seeds_that_all_came_out_alike_tell_nothing_of_chance() -> None:
    study = study_seeds([result(0, 90.1), result(1, 90.1), result(2, 90.1)])
    assert (study.low, study.high, study.smallest_difference, study.needs) == (None, None, None, ())
    assert "cannot be judged" in study.sentence
    (chart,) = seeds_charts(study)
    assert chart.alt == study.sentence


def test_runs_that_held_out_as_many_pictures_are_seeds_of_one_recipe(tmp_path: Path) -> None:
    data = write_data_folder(tmp_path / "colours")
    for name, seed, hold_out in (("zero", 0, 6), ("one", 1, 6), ("fewer", 2, 3), ("none", 3, 0)):
        train_tiny(data, tmp_path / name, seed=seed, hold_out=hold_out, recipe=replace(TINY, epochs=2))
    zero, one, fewer, none = (read_result(tmp_path / name) for name in ("zero", "one", "fewer", "none"))
    assert study_seeds([zero, one]).num_held_out == 6
    assert dict(zero.fingerprint) == dict(none.fingerprint)
    for other in (fewer, none):
        with pytest.raises(RunError, match="another num_held_out"):
            study_seeds([zero, other])
    (data / "train" / "red" / "000.png").unlink()
    train_tiny(data, tmp_path / "other", seed=4, hold_out=6, recipe=replace(TINY, epochs=2))
    with pytest.raises(RunError, match="another fingerprint"):
        study_seeds([zero, read_result(tmp_path / "other")])
