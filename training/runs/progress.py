"""Says how a run goes: a bar on a terminal, plain lines elsewhere. Knows nothing of how it goes.

Talk goes to stderr. Processes other than the first say nothing.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from tqdm import tqdm


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How an epoch has gone so far. `waiting_share` of the time was spent on waiting for data.

    `seconds_per_step` is an optimiser step's, waiting included.
    """

    epoch: int
    num_epochs: int
    step: int
    num_steps: int
    loss: float
    acc1: float
    images_per_second: float
    seconds_per_step: float
    waiting_share: float

    @property
    def left_s(self) -> float:
        """Seconds to the end of the run at this pace: training alone, without evaluation."""
        num_steps = (self.num_epochs - self.epoch) * self.num_steps - self.step
        return num_steps * self.seconds_per_step

    @property
    def text(self) -> str:
        """`loss 2.31  acc@1 41.2  1,204 pictures/s  3 % waiting for data  2:05:00 left`."""
        left = timedelta(seconds=round(self.left_s))
        return (
            f"loss {self.loss:.4g}  acc@1 {self.acc1:.1f}  {self.images_per_second:,.0f} pictures/s  "
            f"{100 * self.waiting_share:.0f} % waiting for data  {left} left"
        )


class Progress(Protocol):
    """What a run tells while it goes."""

    def pace(self, pace: Pace) -> None:
        """How far the epoch is; called every few steps, and after its last."""

    def epoch_done(self, record: Mapping[str, Any]) -> None:
        """An epoch is over and evaluated; `record` is its line of the log."""

    def say(self, sentence: str) -> None:
        """Something that a reader should know."""


class Silence:
    """Says nothing."""

    def pace(self, pace: Pace) -> None:
        """See `Progress`."""

    def epoch_done(self, record: Mapping[str, Any]) -> None:
        """See `Progress`."""

    def say(self, sentence: str) -> None:
        """See `Progress`."""


class Lines:
    """A line for every sentence, every epoch, and in a long epoch every `every_s` seconds of `clock`; for logs."""

    def __init__(self, *, every_s: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._every_s, self._clock = every_s, clock
        self._said_at = clock()

    def pace(self, pace: Pace) -> None:
        """See `Progress`."""
        if pace.step == pace.num_steps:
            self.say(f"epoch {pace.epoch + 1}/{pace.num_epochs}  {pace.text}")
        elif self._clock() - self._said_at >= self._every_s:
            self.say(f"epoch {pace.epoch + 1}/{pace.num_epochs}  step {pace.step}/{pace.num_steps}  {pace.text}")

    def epoch_done(self, record: Mapping[str, Any]) -> None:
        """See `Progress`."""
        self.say(_in_words(record))

    def say(self, sentence: str) -> None:
        """See `Progress`."""
        self._said_at = self._clock()
        print(sentence, file=sys.stderr, flush=True)


class Bar:
    """A bar for the epoch, with the time that is left, and sentences above it."""

    def __init__(self) -> None:
        self._bar: Any = None  # tqdm of nothing: what it counts are not things that it iterates over

    def pace(self, pace: Pace) -> None:
        """See `Progress`."""
        if self._bar is None:
            self._bar = tqdm(total=pace.num_steps, unit="step", file=sys.stderr, leave=False, dynamic_ncols=True)
        self._bar.set_description(f"epoch {pace.epoch + 1}/{pace.num_epochs}")
        self._bar.set_postfix_str(pace.text, refresh=False)
        self._bar.update(pace.step - self._bar.n)
        if pace.step == pace.num_steps:
            self._bar.close()
            self._bar = None
            self.say(f"epoch {pace.epoch + 1}/{pace.num_epochs}  {pace.text}")

    def epoch_done(self, record: Mapping[str, Any]) -> None:
        """See `Progress`."""
        self.say(_in_words(record))

    def say(self, sentence: str) -> None:
        """See `Progress`."""
        tqdm.write(sentence, file=sys.stderr)


def progress_for(*, is_first: bool) -> Progress:
    """A bar if stderr is a terminal, else lines; silence for processes other than the first."""
    if not is_first:
        return Silence()
    return Bar() if sys.stderr.isatty() else Lines()


def _in_words(record: Mapping[str, Any]) -> str:
    """`  acc@1 on val: model 70.12  average 71.30; on held-out: model 69.00  average 70.01  the best so far`."""
    told = [
        f"on {split}: " + "  ".join(f"{weights} {scores['acc1']:.2f}" for weights, scores in by_weights.items())
        for split, by_weights in record["scores"].items()
    ]
    return f"  acc@1 {'; '.join(told)}{'  the best so far' if record['is_best'] else ''}"
