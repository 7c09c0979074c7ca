"""How sure may a checkpoint be? Its reliability, and the one temperature that mends most, fitted on one half of the
pictures and measured on the other.

Pure computation on log-probabilities; knows neither networks nor files. The temperature is a finding, for people who
want it: no checkpoint's answers are changed by it. Legend: N pictures, K categories.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch

from training.errors import DataSetError
from training.studies.answering import LogProbabilities
from training.studies.folds import stratified_folds
from training.studies.record import to_record
from training.studies.student_t import margin
from weights_registry.inference.calibration import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    ReliabilityBin,
    fit_temperature,
    log_losses,
    reliability,
    scaled,
    temperature_interval,
)

Verdict = Literal["too sure", "not sure enough", "not told from sure as it ought to be", "no temperature is the best"]

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
class LikelihoodGain:
    """By how much the mean negative log-likelihood falls, in nats, with its 95 % interval; of the same pictures."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationStudy:
    """What came of it. `before`, `after` and `gain` are of the measuring half, as it is and at the temperature.

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
    gain: LikelihoodGain

    @property
    def verdict(self) -> Verdict:
        """What both halves say: the interval of the temperature leaves out 1, and the other half gains by it."""
        if self.at_bound:
            return "no temperature is the best"
        if self.low <= 1 <= self.high or self.gain.low <= 0:
            return "not told from sure as it ought to be"
        return "too sure" if self.temperature > 1 else "not sure enough"

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        before, after, gain = self.before, self.after, self.gain
        return (
            f"Verdict: {self.verdict}. Temperature {self.temperature:.3f} (95 % interval {self.low:.3f} to "
            f"{self.high:.3f}), fitted on {self.num_fitted:,} pictures. On the {self.num_measured:,} others it takes "
            f"{gain.mean:.4f} ({gain.low:.4f} to {gain.high:.4f}) off the negative log-likelihood of {before.nll:.4f}, "
            f"and the calibration error goes from {before.calibration_error:.2f} to {after.calibration_error:.2f} "
            "points. It is applied to nothing."
        )

    def record(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            **to_record(self),
            "fitted_on": "one half of the pictures, alike in categories",
            "measured_on": "the other half",
            "applied": False,
            "verdict": self.verdict,
            "sentence": self.sentence,
        }


def calibrate(found: LogProbabilities, *, seed: int) -> CalibrationStudy:
    """The reliability and the temperature of these answers; `seed` draws the halves, alike in categories.

    Raises DataSetError for fewer than four pictures.
    """
    if len(found.labels_N) < 4:
        raise DataSetError(
            f"{len(found.labels_N)} pictures are too few: a temperature is fitted on two or more and measured on others"
        )
    halves_N = torch.from_numpy(stratified_folds(found.labels_N.numpy(), 2, seed=seed))
    fitted_N, measured_N = halves_N == _FITTED, halves_N == _MEASURED
    fitted_on = found.logs_NK[fitted_N], found.labels_N[fitted_N]
    temperature = fit_temperature(*fitted_on)
    low, high = temperature_interval(*fitted_on, temperature)
    logs_NK, labels_N = found.logs_NK[measured_N], found.labels_N[measured_N]
    at_temperature_NK = scaled(logs_NK, temperature)
    return CalibrationStudy(
        temperature=temperature,
        low=low,
        high=high,
        at_bound=not MIN_TEMPERATURE * 1.001 < temperature < MAX_TEMPERATURE / 1.001,
        num_fitted=int(fitted_N.sum()),
        num_measured=int(measured_N.sum()),
        seed=seed,
        before=_calibration(logs_NK, labels_N),
        after=_calibration(at_temperature_NK, labels_N),
        gain=_gain(log_losses(logs_NK, labels_N) - log_losses(at_temperature_NK, labels_N)),
    )


def _calibration(logs_NK: torch.Tensor, labels_N: torch.Tensor) -> Calibration:
    bins = reliability(logs_NK, labels_N)
    return Calibration(
        nll=float(log_losses(logs_NK, labels_N).mean()),
        calibration_error=bins.error,
        mean_confidence=bins.mean_confidence,
        acc1=bins.accuracy,
        bins=bins.rows(),
    )


def _gain(fallen_N: torch.Tensor) -> LikelihoodGain:
    """The mean of what each picture's loss has fallen by, and Student's interval of it."""
    mean, off = float(fallen_N.mean()), margin(float(fallen_N.std()), len(fallen_N))
    return LikelihoodGain(mean=mean, low=mean - off, high=mean + off)
