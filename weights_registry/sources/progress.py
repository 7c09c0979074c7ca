"""The progress bar on stderr. Knows how many bytes there are, not where they come from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm


def is_shown(progress: bool | None) -> bool:
    """Whether to show a bar: as told, and for None only where somebody watches (stderr is a terminal)."""
    if progress is not None:
        return progress
    return sys.stderr is not None and sys.stderr.isatty()


class Meter:
    """Shows how far a file has come; may go back to 0 when it starts again."""

    def __init__(self, name: str, *, shown: bool) -> None:
        self._name = name
        self._shown = shown
        self._bar: tqdm[None] | None = None

    def move_to(self, num_bytes: int, total: int | None) -> None:
        """Show that `num_bytes` of `total` are here; None if the total is not known."""
        if not self._shown:
            return
        if self._bar is None:
            self._bar = _new_bar(self._name, num_bytes)
        self._bar.total = total
        self._bar.update(num_bytes - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is and end the line."""
        if self._bar is not None:
            self._bar.close()


@contextmanager
def meter(name: str, *, shown: bool) -> Iterator[Meter]:
    """A meter that is closed at the end. tqdm is imported only if it is shown."""
    created = Meter(name, shown=shown)
    try:
        yield created
    finally:
        created.close()


def _new_bar(name: str, initial: int) -> tqdm[None]:
    from tqdm import tqdm

    class Bar(tqdm):  # type: ignore[type-arg]
        monitor_interval = 0  # no watching thread for one bar

    return Bar(desc=name, initial=initial, unit="B", unit_scale=True, unit_divisor=1024, file=sys.stderr)
