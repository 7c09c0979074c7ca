"""A wish to stop, as a flag that the loop looks at between steps. Knows nothing of what is stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class StopWish:
    """`signal` is the number of the signal that asked to stop, 0 if none did."""

    signal: int = 0


class Stopped(Exception):  # a wish, not an error
    """What was going on has saved itself, because a signal asked to stop. `signal` is its number."""

    def __init__(self, signal: int) -> None:
        super().__init__(f"stopped by signal {signal}")
        self.signal = signal


@contextmanager
def stop_wishes() -> Iterator[StopWish]:
    """Within it SIGTERM and SIGINT only set the flag, once; a second one does what it did before.

    Signals reach the main thread alone; in another the flag stays 0.
    """
    wish = StopWish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, frame: FrameType | None) -> None:
        wish.signal = number
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, note)
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
