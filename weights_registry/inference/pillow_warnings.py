"""Keeps Pillow's warnings about odd files from one thread's caller. Knows nothing of pictures.

`warnings.catch_warnings` swaps a list that all threads share: two threads that decode at once can leave it swapped for
good, and each use makes every once-only warning of the process come again. So one filter is put into that list, once;
it asks whether the thread that warns is inside `ignored()`, and otherwise matches nothing.
"""

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


class _ThisThread(threading.local):
    """Stands where a filter has its message pattern: matches every message while `silent`, in this thread only."""

    silent = False

    def match(self, text: str) -> bool:
        return self.silent


_THIS_THREAD = _ThisThread()
_FILTER = ("ignore", _THIS_THREAD, Warning, None, 0)
_INSTALLING = threading.Lock()


@contextmanager
def ignored() -> Iterator[None]:
    """Within it, this thread's warnings go nowhere; other threads' warnings are as they were."""
    if getattr(sys.flags, "context_aware_warnings", False):  # Python 3.14 on: catch_warnings is a thread's own
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
        return
    _install()
    before, _THIS_THREAD.silent = _THIS_THREAD.silent, True
    try:
        yield
    finally:
        _THIS_THREAD.silent = before


def _install() -> None:
    filters = cast(list[Any], warnings.filters)
    if filters and filters[0] is _FILTER:
        return
    with _INSTALLING:
        if _FILTER in filters:
            filters.remove(_FILTER)
        filters.insert(0, _FILTER)
