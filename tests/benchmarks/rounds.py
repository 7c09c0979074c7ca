"""Samples taken in turn, and what they come to. Knows nothing of what is sampled."""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Sample = Mapping[str, float]
"""Figures of one run, by name; the unit is in the name."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What repeated samples of one figure come to."""

    median: float
    min: float
    max: float
    num_samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(median(values), min(values), max(values), len(values))

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with 4 significant digits."""
        return {field: float(f"{value:.4g}") for field, value in asdict(self).items()} | {
            "num_samples": self.num_samples
        }

    def __str__(self) -> str:
        low, middle, high = (_digits(value) for value in (self.min, self.median, self.max))
        return f"{middle} ({low} .. {high})"


def interleave(
    contenders: Mapping[str, Callable[[], Sample]], num_rounds: int, failed: dict[str, str] | None = None
) -> dict[str, list[Sample]]:
    """`num_rounds` samples of each contender, taken A B C A B C, so that the machine's moods fall on all alike.

    Where `failed` is given, a contender that raises takes part no longer: its samples are dropped, `failed` holds the
    reason under its name, and stderr the traceback. Else the error is the caller's.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for number in range(1, num_rounds + 1):
        say(f"round {number} of {num_rounds}")
        for name in list(samples):
            try:
                samples[name].append(contenders[name]())
            except Exception as error:
                if failed is None:
                    raise
                traceback.print_exc()
                failed[name] = reason(error)
                del samples[name]
    return samples


def reason(error: Exception) -> str:
    """An error's kind and what it says, in one line of at most 300 letters; compilers' errors are pages."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


def say(text: str) -> None:
    """Tell a person who waits how far it is; nobody else."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def spread(samples: Sequence[Sample], figure: str) -> Spread:
    """The spread of one figure of a contender."""
    return Spread.of([sample[figure] for sample in samples])


def ratio(over: Sequence[Sample], under: Sequence[Sample], figure: str) -> Spread:
    """How many times as large one contender's figure is as another's, taken round by round."""
    return Spread.of([a[figure] / b[figure] for a, b in zip(over, under, strict=True)])


def _digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
