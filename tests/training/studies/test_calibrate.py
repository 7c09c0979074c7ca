"""A calibration: the temperature that was planted, found on one half and judged on the other."""

import json

import pytest
import torch

from training.errors import DataSetError
from training.studies.answer_charts import calibration_charts
from training.studies.answering import LogProbabilities
from training.studies.calibrate import calibrate
from training.studies.folds import stratified_folds
from weights_registry.inference.calibration import MIN_TEMPERATURE


def drawn(num_images: int, planted: float) -> LogProbabilities:
    """Answers `planted` times as sure as they may be."""
    random = torch.Generator().manual_seed(0)
    logits_NK = 2 * torch.randn(num_images, 10, generator=random)
    labels_N = torch.multinomial(logits_NK.softmax(dim=1), 1, generator=random)[:, 0]
    return LogProbabilities((planted * logits_NK).log_softmax(dim=1), labels_N, ())


@pytest.mark.parametrize(("planted", "word"), [(2.0, "too sure"), (0.5, "not sure enough")])
def test_the_planted_temperature_is_found_and_helps_on_the_other_half(planted: float, word: str) -> None:
    study = calibrate(drawn(8_000, planted), seed=0)
    assert study.temperature == pytest.approx(planted, rel=0.1)
    assert (study.num_fitted, study.num_measured, study.at_bound) == (4_000, 4_000, False)
    assert study.after.nll < study.before.nll
    assert study.after.calibration_error < study.before.calibration_error / 3
    assert study.low < study.temperature < study.high
    assert 0 < study.gain.low < study.gain.mean < study.gain.high
    assert study.gain.mean == pytest.approx(study.before.nll - study.after.nll)
    assert study.verdict == word


def test_few_pictures_leave_open_how_sure_it_may_be() -> None:
    study = calibrate(drawn(40, 1.1), seed=0)
    assert study.low < 1 < study.high
    assert study.verdict == "not told from sure as it ought to be"


def test_what_one_half_shows_and_the_other_does_not_confirm_is_not_told() -> None:
    found = drawn(400, 1.0)
    fitted_N = torch.from_numpy(stratified_folds(found.labels_N.numpy(), 2, seed=0)) == 0
    found.logs_NK[fitted_N] *= 3  # too sure on the half that is fitted on, and there alone
    study = calibrate(found, seed=0)
    assert study.low > 1
    assert study.gain.mean < 0
    assert study.verdict == "not told from sure as it ought to be"


def test_a_temperature_changes_how_sure_and_not_how_right() -> None:
    study = calibrate(drawn(1_000, 3.0), seed=1)
    assert study.before.acc1 == study.after.acc1
    assert study.after.mean_confidence < study.before.mean_confidence
    assert sum(each.num_images for each in study.after.bins) == study.num_measured


def test_the_halves_share_no_picture_and_are_drawn_by_the_seed() -> None:
    found = drawn(501, 2.0)
    first, again, other = (calibrate(found, seed=seed) for seed in (0, 0, 1))
    assert first == again != other
    assert {first.num_fitted, first.num_measured} == {250, 251}


def test_what_was_measured_was_not_fitted_on() -> None:
    # Make one half's labels all right: whichever half that is, the other's figures know nothing of it.
    found = drawn(400, 2.0)
    study = calibrate(found, seed=0)
    changed = LogProbabilities(found.logs_NK.clone(), found.labels_N, ())
    fitted_N = torch.from_numpy(stratified_folds(found.labels_N.numpy(), 2, seed=0)) == 0
    changed.logs_NK[fitted_N] = 0.5 * changed.logs_NK[fitted_N]
    other = calibrate(changed, seed=0)
    assert other.before == study.before
    assert other.temperature == pytest.approx(study.temperature / 2, rel=1e-3)


def test_where_every_picture_is_right_it_says_that_no_temperature_is_the_best() -> None:
    logs_NK = torch.tensor([[2.0, 0.0], [0.0, 2.0]]).repeat(10, 1).log_softmax(dim=1)
    study = calibrate(LogProbabilities(logs_NK, torch.tensor([0, 1]).repeat(10), ()), seed=0)
    assert study.at_bound
    assert study.temperature == pytest.approx(MIN_TEMPERATURE)
    assert study.verdict == "no temperature is the best"


@pytest.mark.parametrize("num_images", [1, 3])
def test_so_few_pictures_are_too_few(num_images: int) -> None:
    with pytest.raises(DataSetError, match=f"{num_images} pictures are too few"):
        calibrate(LogProbabilities(torch.zeros(num_images, 2), torch.zeros(num_images, dtype=torch.int64), ()), seed=0)


def test_the_record_says_where_it_was_fitted_and_that_it_is_applied_to_nothing() -> None:
    record = json.loads(json.dumps(calibrate(drawn(300, 1.5), seed=0).record(), allow_nan=False))
    assert (record["fitted_on"], record["measured_on"]) == (
        "one half of the pictures, alike in categories",
        "the other half",
    )
    assert (record["applied"], len(record["before"]["bins"])) == (False, 15)


def test_the_chart_shows_both_and_tells_in_words_what_they_show() -> None:
    study = calibrate(drawn(1_000, 2.0), seed=0)
    (chart,) = calibration_charts(study, of="Some.V1", on="colours val")
    assert chart.name == "calibration"
    assert study.sentence in chart.alt
    lines = [str(line.get_label()) for line in chart.figure.axes[0].lines]
    assert lines[-2:] == ["as it is", f"at temperature {study.temperature:.2f}"]
