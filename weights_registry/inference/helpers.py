"""Threads that share a batch, each with its part of torch's threads. Knows nothing of networks or pictures.

torch counts threads for each thread, and gives one that comes later the count that was last set in any. So whoever
sets a part of them changes what strangers begin with, for good: a thread of a web application's pool would compute with
one core for ever. Helpers set their part once, before any of them works, and the former count is set again at once.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

import torch


class Helpers:
    """Threads by the size of their part, as many as callers have asked for at a time. They stay."""

    def __init__(self) -> None:
        self._pools: dict[int, tuple[int, ThreadPoolExecutor]] = {}
        self._num_wanted: Counter[int] = Counter()
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None], num_at_once: int) -> None:
        """Have `num_at_once` helpers do `work`, each with as large a part of the caller's threads; wait for all.

        The caller only waits: its own count stays as it is, whatever interrupts it. No caller waits for the helpers of
        another. Raises what a helper raised.
        """
        with self._hired(num_at_once) as pool:
            helping: list[Future[None]] = [pool.submit(work) for _ in range(num_at_once)]
            wait(helping)
        for each in helping:
            each.result()

    @contextmanager
    def _hired(self, num_helpers: int) -> Iterator[ThreadPoolExecutor]:
        """A pool that has so many to spare; one that is too small ends when its last caller is done."""
        whole = torch.get_num_threads()
        part = max(1, whole // num_helpers)
        with self._lock:
            num_wanted = self._num_wanted[part] + num_helpers
            size, pool = self._pools.get(part, (0, None))
            if pool is None or size < num_wanted:
                pool = _begun(num_wanted, part, whole)
                self._pools[part] = num_wanted, pool
            self._num_wanted[part] = num_wanted
        try:
            yield pool
        finally:
            with self._lock:
                self._num_wanted[part] -= num_helpers


def _begun(num_helpers: int, part: int, whole: int) -> ThreadPoolExecutor:
    pool = ThreadPoolExecutor(num_helpers, "network", initializer=_take, initargs=(part,))
    all_are_here = threading.Barrier(num_helpers)
    try:
        wait([pool.submit(all_are_here.wait) for _ in range(num_helpers)])
    except BaseException:
        all_are_here.abort()  # or those that are here would wait for ever, and the end of the process for them
        raise
    finally:
        torch.set_num_threads(whole)  # which is what this thread has: it changes what others begin with, no more
    return pool


def _take(part: int) -> None:
    torch.get_num_threads()  # or torch would give this thread the last set count when it is first asked for anything
    torch.set_num_threads(part)
