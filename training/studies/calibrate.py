"""How sure may a checkpoint be? Its reliability, and the one temperature that mends most, fitted on one half of the
pictures and measured on the other.

Pure computation on log-probabilities; knows neither networks nor files. The temperature is a finding, for people who
want it: no checkpoint's answers are changed by it. Legend: N pictures, K categories.
"""

from dataclasses import dataclass
from typing import Any

import torch

from training.errors import DataSetError
from training.studies.answering import LogProbabilities
from training.studies.folds import stratified_folds
from training.studies.record import to_record
from weights_registry.inference.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    ReliabilityBin,
    fit_temperature,
    negative_log_likelihood,
    reliability,
    scaled,
    temperature_interval,
)

_FITTED, _MEASURED = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How sure and how right: `nll` in nats, `calibration_error`, `mean_confidence` and `acc1` in percent."""

    nll: float
    calibration_error: float
    mean_confidence: float
    acc1: float
    bins: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationStudy:
    """What came of it. `before` and `after` are of the measuring half, as it is and at the temperature.

    `temperature` was fitted on the other half, with its 95 % interval from `low` to `high`: above 1 the checkpoint is
    too sure, below 1 not sure enough. `at_bound` tells that none is the best, as where every picture is right.
    """

    temperature: float
    low: float
    high: float
    at_bound: bool
    num_fitted: int
    num_measured: int
    seed: int
    before: Calibration
    after: Calibration

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        before, after = self.before, self.after
        if self.at_bound:
            return (
                f"No temperature is the best on the {self.num_fitted:,} pictures to fit it on: the likelihood grows to "
                f"the bound, {self.temperature:g}. On the {self.num_measured:,} others the calibration error is "
                f"{before.calibration_error:.2f} points as it is."
            )
        how = (
            "It is too sure"
            if self.low > 1
            else "It is not sure enough"
            if self.high < 1
            else "It may be as sure as it ought"
        )
        return (
            f"{how}: temperature {self.temperature:.3f} (95 % interval {self.low:.3f} to {self.high:.3f}), fitted on "
            f"{self.num_fitted:,} pictures. On the "
            f"{self.num_measured:,} others it takes the negative log-likelihood from {before.nll:.4f} to "
            f"{after.nll:.4f} and the calibration error from {before.calibration_error:.2f} to "
            f"{after.calibration_error:.2f} points; it is applied to nothing."
        )

    def record(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            **to_record(self),
            "fitted_on": "one half of the pictures, alike in categories",
            "measured_on": "the other half",
            "applied": False,
            "sentence": self.sentence,
        }


def calibrate(found: LogProbabilities, *, seed: int) -> CalibrationStudy:
    """The reliability and the temperature of these answers; `seed` draws the halves, alike in categories.

    Raises DataSetError for a single picture.
    """
    if len(found.labels_N) < 2:
        raise DataSetError("a single picture cannot be split into one half to fit on and one to measure on")
    halves_N = torch.from_numpy(stratified_folds(found.labels_N.numpy(), 2, seed=seed))
    fitted_N, measured_N = halves_N == _FITTED, halves_N == _MEASURED
    fitted_on = found.logs_NK[fitted_N], found.labels_N[fitted_N]
    temperature = fit_temperature(*fitted_on)
    low, high = temperature_interval(*fitted_on, temperature)
    logs_NK, labels_N = found.logs_NK[measured_N], found.labels_N[measured_N]
    return CalibrationStudy(
        temperature=temperature,
        low=low,
        high=high,
        at_bound=not MIN_TEMPERATURE * 1.001 < temperature < MAX_TEMPERATURE / 1.001,
        num_fitted=int(fitted_N.sum()),
        num_measured=int(measured_N.sum()),
        seed=seed,
        before=_calibration(logs_NK, labels_N),
        after=_calibration(scaled(logs_NK, temperature), labels_N),
    )


def _calibration(logs_NK: torch.Tensor, labels_N: torch.Tensor) -> Calibration:
    bins = reliability(logs_NK, labels_N)
    return Calibration(
        nll=negative_log_likelihood(logs_NK, labels_N),
        calibration_error=bins.error,
        mean_confidence=bins.mean_confidence,
        acc1=bins.accuracy,
        bins=bins.rows(),
    )
