"""The ladder measured: gains by rung, spread over seeds, and rungs that are chosen."""

import math

import pytest

from training import LADDER, UnknownRecipe
from training.studies.ladder import LadderStudy, Measured, Reached, climb, select_rungs, trained_rung


def measured(number: int, *acc1: float) -> Measured:
    rung = LADDER[number - 1]
    reached = tuple(Reached(seed=seed, acc1=each, acc5=99.0) for seed, each in enumerate(acc1))
    return Measured(rung=rung, recipe=rung.recipe.id, reached=reached)


def study_of(*rungs: Measured) -> LadderStudy:
    return climb(rungs, ladder="imagenet", data="Colours", split="val", num_images=9)


def test_published_figures_climbed_again_give_the_published_gains() -> None:
    study = study_of(*(measured(rung.number, rung.acc1) for rung in LADDER))
    for step, rung in zip(study.steps, LADDER, strict=True):
        assert step.incremental == pytest.approx(rung.incremental)
        assert step.absolute == pytest.approx(rung.absolute)
        assert (step.published_acc1, step.published_incremental) == (rung.acc1, rung.incremental)
        assert (step.spread, step.error) == (None, None)


def test_means_and_errors_are_over_seeds() -> None:
    study = study_of(measured(1, 70, 72), measured(2, 74, 75))
    first, second = study.steps
    assert (first.acc1, second.acc1, second.incremental) == (71, 74.5, 3.5)
    assert first.spread == pytest.approx(math.sqrt(2))
    assert second.error == pytest.approx(math.sqrt((2 + 0.5) / 2))
    assert study.seeds == (0, 1)


def test_a_rung_that_retrains_nothing_is_compared_seed_by_seed() -> None:
    study = study_of(measured(11, 70, 80), measured(12, 71, 81))
    assert study.steps[1].error == pytest.approx(0, abs=1e-12)
    assert study.steps[1].incremental == 1
    assert study.steps[1].absolute is None, "the first rung was not measured"


def test_without_the_rung_before_there_is_no_increment() -> None:
    study = study_of(measured(1, 70), measured(4, 75))
    assert (study.steps[1].incremental, study.steps[1].absolute) == (None, 5)


def test_rungs_are_chosen_by_id_or_name_whatever_the_letter_case() -> None:
    assert select_rungs(LADDER, None) == list(LADDER)
    assert [rung.number for rung in select_rungs(LADDER, "*/RUNG-0[12]")] == [1, 2]
    assert [rung.name for rung in select_rungs(LADDER, "mixup")] == ["Mixup"]
    with pytest.raises(UnknownRecipe, match="no rung is called like `x`; there are resnet50/rung-01"):
        select_rungs(LADDER, "x")


def test_the_weights_of_a_rung_that_retrains_nothing_are_those_of_the_rung_before() -> None:
    assert trained_rung(LADDER[11]) is LADDER[10]
    assert trained_rung(LADDER[10]) is LADDER[10]
