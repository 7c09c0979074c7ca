"""Does a classifier know how sure it may be? Bins of confidence, their error, and the temperature that mends most.

Knows nothing of pictures or files. N pictures, K categories. A temperature is a fact about a checkpoint: nothing here
changes what a Classifier answers.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import torch

from weights_registry.inference.intervals import CONFIDENCE

NUM_BINS: Final = 15

MIN_TEMPERATURE: Final = 0.05
MAX_TEMPERATURE: Final = 20.0


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Pictures classified with a confidence from `low` to `high` (0 to 1): how many, how sure, how often rightly.

    `mean_confidence` and `accuracy` are in percent, None where there is no picture.
    """

    low: float
    high: float
    num_images: int
    mean_confidence: float | None
    accuracy: float | None


class ReliabilityBins:
    """Confidences in bins of equal width, each with how often it was right; takes no more memory for more pictures."""

    def __init__(self, num_bins: int = NUM_BINS) -> None:
        self._nums = [0] * num_bins
        self._hits = [0] * num_bins
        self._confidences = [0.0] * num_bins  # of each bin, the sum

    def add(self, confidence: float, *, hit: bool) -> None:
        """Count one picture, classified with `confidence` (0 to 1), rightly or not."""
        # A confidence of 1, or a rounding above it, belongs to the last bin.
        place = min(int(confidence * len(self._nums)), len(self._nums) - 1)
        self._nums[place] += 1
        self._hits[place] += hit
        self._confidences[place] += confidence

    @property
    def num_images(self) -> int:
        """How many pictures were counted."""
        return sum(self._nums)

    @property
    def error(self) -> float:
        """The expected calibration error in percent. ZeroDivisionError without a picture.

        Mean distance between confidence and accuracy over the bins, weighted by their size:
        https://arxiv.org/abs/1706.04599, equation 3.
        """
        gaps = (abs(total - hits) for total, hits in zip(self._confidences, self._hits, strict=True))
        return 100 * math.fsum(gaps) / self.num_images

    @property
    def mean_confidence(self) -> float:
        """In percent. ZeroDivisionError without a picture."""
        return 100 * math.fsum(self._confidences) / self.num_images

    @property
    def accuracy(self) -> float:
        """In percent. ZeroDivisionError without a picture."""
        return 100 * sum(self._hits) / self.num_images

    def rows(self) -> tuple[ReliabilityBin, ...]:
        """Each bin, from the least sure to the surest: what a reliability diagram shows."""
        width = 1 / len(self._nums)
        return tuple(
            ReliabilityBin(
                low=place * width,
                high=(place + 1) * width,
                num_images=num,
                mean_confidence=100 * self._confidences[place] / num if num else None,
                accuracy=100 * self._hits[place] / num if num else None,
            )
            for place, num in enumerate(self._nums)
        )


def expected_calibration_error(
    confidences: Iterable[float], hits: Iterable[bool], *, num_bins: int = NUM_BINS
) -> float:
    """Mean distance between confidence and accuracy over bins of equal width, weighted by their size, in percent."""
    bins = ReliabilityBins(num_bins)
    for confidence, hit in zip(confidences, hits, strict=True):
        bins.add(confidence, hit=hit)
    return bins.error


def fit_temperature(log_probabilities_NK: torch.Tensor, labels_N: torch.Tensor) -> float:
    """The temperature T for which softmax(logits / T) makes the labels likeliest: above 1 if the classifier is too
    sure, below 1 if it is not sure enough.

    Logits may be given for log-probabilities: they differ by what the softmax takes out again. The likelihood has one
    maximum (it is concave in 1 / T), where its slope is 0, as Brent's method finds. T is held between 0.05 and 20:
    where every answer is right, or every one wrong beyond chance, no temperature is the best, and the bound is
    returned. Source: https://arxiv.org/abs/1706.04599. Raises ValueError for shapes that do not fit, for no picture at
    all, and for what is not finite.
    """
    _check(log_probabilities_NK, labels_N)
    logs_NK = log_probabilities_NK.double()
    from scipy import optimize

    def slope(scale: float) -> float:
        return float(_slopes_and_variances(logs_NK, labels_N, scale)[0].mean())

    least, most = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE  # of 1 / T, by which the slope rises
    if slope(least) >= 0:
        return MAX_TEMPERATURE
    if slope(most) <= 0:
        return MIN_TEMPERATURE
    return 1 / float(optimize.brentq(slope, least, most, xtol=1e-12))


def temperature_interval(
    log_probabilities_NK: torch.Tensor, labels_N: torch.Tensor, temperature: float, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """The interval of a fitted temperature: how far chance in the choice of pictures may have put it off.

    From the spread of the likelihood's slope over the pictures at the temperature found (Huber's sandwich), which holds
    whether or not one temperature makes the classifier fit. Its ends lie within the bounds of `fit_temperature`.
    Source: P. J. Huber, Proceedings of the Fifth Berkeley Symposium 1 (1967), 221-233.
    """
    _check(log_probabilities_NK, labels_N)
    slope_N, variance_N = _slopes_and_variances(log_probabilities_NK.double(), labels_N, 1 / temperature)
    curvature = float(variance_N.mean())
    if curvature <= 0:
        return MIN_TEMPERATURE, MAX_TEMPERATURE
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    off = z * math.sqrt(float(slope_N.square().mean()) / len(labels_N)) / curvature
    least, most = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE
    return 1 / min(most, 1 / temperature + off), 1 / max(least, 1 / temperature - off)


def scaled(log_probabilities_NK: torch.Tensor, temperature: float) -> torch.Tensor:
    """The log-probabilities at a temperature above 0, (N, K); their order in each row stays."""
    return torch.log_softmax(log_probabilities_NK / temperature, dim=1)


def log_losses(log_probabilities_NK: torch.Tensor, labels_N: torch.Tensor) -> torch.Tensor:
    """Of each picture -log of the probability given to the true category, in nats, float64 (N,): 0 if it is certain."""
    _check(log_probabilities_NK, labels_N)
    return -log_probabilities_NK.double().gather(1, labels_N[:, None])[:, 0]


def reliability(log_probabilities_NK: torch.Tensor, labels_N: torch.Tensor) -> ReliabilityBins:
    """The bins of these pictures."""
    _check(log_probabilities_NK, labels_N)
    bins = ReliabilityBins()
    best_N, places_N = log_probabilities_NK.max(dim=1)
    for confidence, hit in zip(best_N.exp().tolist(), (places_N == labels_N).tolist(), strict=True):
        bins.add(confidence, hit=hit)
    return bins


def _slopes_and_variances(
    logs_NK: torch.Tensor, labels_N: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """First and second derivative of each picture's negative log-likelihood by `scale`, 1 / T; (N,) each."""
    probabilities_NK = torch.softmax(scale * logs_NK, dim=1)
    mean_N = (probabilities_NK * logs_NK).sum(dim=1)
    variance_N = (probabilities_NK * (logs_NK - mean_N[:, None]).square()).sum(dim=1)
    return mean_N - logs_NK.gather(1, labels_N[:, None])[:, 0], variance_N


def _check(log_probabilities_NK: torch.Tensor, labels_N: torch.Tensor) -> None:
    if log_probabilities_NK.ndim != 2 or labels_N.shape != log_probabilities_NK.shape[:1] or not len(labels_N):
        shapes = f"{tuple(log_probabilities_NK.shape)} and {tuple(labels_N.shape)}"
        raise ValueError(f"log-probabilities must be (N, K) and labels (N,), N > 0, not {shapes}")
    if not log_probabilities_NK.isfinite().all():
        raise ValueError("log-probabilities must be finite; take the logarithm of no probability of 0")
