"""Calibration: the bins against the textbook, the temperature against what was planted."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from weights_registry.inference.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    NUM_BINS,
    ReliabilityBins,
    expected_calibration_error,
    fit_temperature,
    log_losses,
    reliability,
    scaled,
    temperature_interval,
)


def negative_log_likelihood(logs_NK: torch.Tensor, labels_N: torch.Tensor) -> float:
    return float(log_losses(logs_NK, labels_N).mean())


ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)


@given(ANSWERS)
def test_calibration_error_is_the_textbooks(answers: list[tuple[float, bool]]) -> None:
    confidence, hit = (np.array(each, dtype=np.float64) for each in zip(*answers, strict=True))
    which = np.minimum(np.floor(confidence * NUM_BINS), NUM_BINS - 1)
    error = 0.0
    for each in np.unique(which):
        inside = which == each
        error += inside.mean() * abs(confidence[inside].mean() - hit[inside].mean())
    assert expected_calibration_error(*zip(*answers, strict=True)) == pytest.approx(100 * error, abs=1e-9)


@given(ANSWERS)
def test_calibration_error_is_at_least_the_gap_of_the_means_and_at_most_100(
    answers: list[tuple[float, bool]],
) -> None:
    confidences, hits = zip(*answers, strict=True)
    gap = 100 * abs(sum(confidences) - sum(hits)) / len(answers)
    assert gap - 1e-9 <= expected_calibration_error(confidences, hits) <= 100


def test_a_network_that_knows_how_sure_it_is_has_no_calibration_error() -> None:
    assert expected_calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 100


@given(ANSWERS)
def test_the_rows_of_the_bins_add_up_to_the_figures(answers: list[tuple[float, bool]]) -> None:
    bins = ReliabilityBins()
    for confidence, hit in answers:
        bins.add(confidence, hit=hit)
    rows = bins.rows()
    filled = [(row.num_images, row.mean_confidence, row.accuracy) for row in rows if row.num_images]
    assert len(rows) == NUM_BINS
    assert rows[0].low == 0
    assert rows[-1].high == pytest.approx(1)
    assert sum(row.num_images for row in rows) == bins.num_images == len(answers)
    for what, total in ((1, bins.mean_confidence), (2, bins.accuracy)):
        mean = math.fsum(row[0] * (row[what] or 0.0) for row in filled) / len(answers)
        assert mean == pytest.approx(total, abs=1e-9)
    gaps = (num * abs((sure or 0.0) - (right or 0.0)) for num, sure, right in filled)
    assert math.fsum(gaps) / len(answers) == pytest.approx(bins.error, abs=1e-9)
    for row in rows:
        assert (row.mean_confidence is None) == (row.accuracy is None) == (row.num_images == 0)
        assert row.mean_confidence is None or 100 * row.low - 1e-9 <= row.mean_confidence <= 100 * row.high + 1e-9


def drawn(seed: int, num_images: int, num_categories: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and labels drawn by just the probabilities that they stand for."""
    random = torch.Generator().manual_seed(seed)
    logits_NK = 2 * torch.randn(num_images, num_categories, generator=random, dtype=torch.float64)
    labels_N = torch.multinomial(logits_NK.softmax(dim=1), 1, generator=random)[:, 0]
    return logits_NK, labels_N


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 5), st.sampled_from([2, 10, 100]))
def test_a_planted_temperature_is_found(seed: int, planted: float, num_categories: int) -> None:
    logits_NK, labels_N = drawn(seed, 4_000, num_categories)
    assert fit_temperature(planted * logits_NK, labels_N) == pytest.approx(planted, rel=0.12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.3, 3))
def test_no_other_temperature_makes_the_labels_likelier(seed: int, planted: float) -> None:
    logits_NK, labels_N = drawn(seed, 200, 5)
    logs_NK = (planted * logits_NK).log_softmax(dim=1)
    best = fit_temperature(logs_NK, labels_N)
    least = negative_log_likelihood(scaled(logs_NK, best), labels_N)
    for factor in (0.5, 0.99, 1.01, 2):
        assert negative_log_likelihood(scaled(logs_NK, factor * best), labels_N) >= least


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.3, 3))
def test_scaling_the_logits_scales_the_temperature(seed: int, factor: float) -> None:
    logits_NK, labels_N = drawn(seed, 500, 5)
    assert fit_temperature(factor * logits_NK, labels_N) == pytest.approx(
        factor * fit_temperature(logits_NK, labels_N), rel=1e-6
    )


def test_logits_and_log_probabilities_have_the_same_temperature() -> None:
    logits_NK, labels_N = drawn(0, 500, 10)
    shifted_NK = logits_NK + torch.arange(500.0)[:, None]
    assert fit_temperature(shifted_NK, labels_N) == pytest.approx(
        fit_temperature(logits_NK.log_softmax(dim=1).float(), labels_N), rel=1e-5
    )


def test_a_temperature_changes_no_order_and_1_changes_nothing() -> None:
    logs_NK = drawn(1, 50, 10)[0].log_softmax(dim=1)
    assert scaled(logs_NK, 3.0).argsort(dim=1).equal(logs_NK.argsort(dim=1))
    assert torch.allclose(scaled(logs_NK, 1.0), logs_NK)


def test_the_interval_of_a_temperature_covers_the_planted_one_about_as_often_as_it_says() -> None:
    covered = []
    for seed in range(300):
        logits_NK, labels_N = drawn(seed, 300, 5)
        low, high = temperature_interval(2 * logits_NK, labels_N, fit_temperature(2 * logits_NK, labels_N))
        covered.append(low <= 2 <= high)
    assert 0.91 < np.mean(covered) < 0.98


def test_more_pictures_make_the_interval_of_a_temperature_narrower_as_their_root() -> None:
    logits_NK, labels_N = drawn(4, 300, 5)
    temperature = fit_temperature(logits_NK, labels_N)
    few = temperature_interval(logits_NK, labels_N, temperature)
    many = temperature_interval(logits_NK.repeat(4, 1), labels_N.repeat(4), temperature)
    assert few[0] < temperature < few[1]
    assert 1 / few[0] - 1 / few[1] == pytest.approx(2 * (1 / many[0] - 1 / many[1]))


def test_where_no_temperature_is_the_best_the_bound_is_returned() -> None:
    logits_NK = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    right_N = torch.tensor([0, 1])
    assert fit_temperature(logits_NK, right_N) == pytest.approx(MIN_TEMPERATURE)
    assert fit_temperature(logits_NK, 1 - right_N) == pytest.approx(MAX_TEMPERATURE)


def test_the_likelihood_is_torchs_cross_entropy() -> None:
    logits_NK, labels_N = drawn(2, 100, 10)
    expected = torch.nn.functional.cross_entropy(logits_NK, labels_N)
    assert negative_log_likelihood(logits_NK.log_softmax(dim=1), labels_N) == pytest.approx(float(expected))


def test_the_bins_of_log_probabilities_are_those_of_the_likeliest_category() -> None:
    logits_NK, labels_N = drawn(3, 300, 10)
    probabilities = logits_NK.softmax(dim=1).numpy()
    confidences = probabilities.max(axis=1).tolist()
    hits = (probabilities.argmax(axis=1) == labels_N.numpy()).tolist()
    found = reliability(logits_NK.log_softmax(dim=1), labels_N)
    assert found.error == pytest.approx(expected_calibration_error(confidences, hits))
    assert found.accuracy == pytest.approx(100 * np.mean(hits))


@pytest.mark.parametrize(
    ("logs", "labels", "message"),
    [
        (torch.zeros(2, 3), torch.zeros(3, dtype=torch.int64), r"not \(2, 3\) and \(3,\)"),
        (torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), "N > 0"),
        (torch.zeros(3), torch.zeros(3, dtype=torch.int64), r"must be \(N, K\)"),
        (torch.tensor([[0.0, -math.inf]]), torch.zeros(1, dtype=torch.int64), "must be finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(logs: torch.Tensor, labels: torch.Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_temperature(logs, labels)
