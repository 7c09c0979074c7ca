"""Threads that share a batch, each with its part of torch's threads. Knows nothing of networks or pictures.

`torch.set_num_threads` changes what threads that come later begin with, for good: a thread of a web application's pool
could compute with one core for ever. So each helper limits OpenMP, on which torch counts, in itself alone.
"""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

import torch
from threadpoolctl import threadpool_limits

_AS_MANY_AS_CALLERS_ASK_FOR: Final = sys.maxsize  # a pool begins a thread only where none of its own is free


class Helpers:
    """Threads by the size of their part, as many as callers have asked for at a time. They stay."""

    def __init__(self) -> None:
        self._pools: dict[int, ThreadPoolExecutor] = {}
        self._lock = threading.Lock()

    def run(self, work: Callable[[], None], num_at_once: int) -> None:
        """Have `num_at_once` helpers do `work`, each with as large a part of the caller's threads; wait for all.

        The caller only waits: its own count stays as it is, whatever interrupts it. No caller waits for the helpers of
        another. Raises what a helper raised.
        """
        pool = self._pool_of(max(1, torch.get_num_threads() // num_at_once))
        helping: list[Future[None]] = [pool.submit(work) for _ in range(num_at_once)]
        wait(helping)
        for each in helping:
            each.result()

    def _pool_of(self, part: int) -> ThreadPoolExecutor:
        with self._lock:
            if part not in self._pools:
                self._pools[part] = ThreadPoolExecutor(
                    _AS_MANY_AS_CALLERS_ASK_FOR, f"network-{part}", initializer=_take, initargs=(part,)
                )
            return self._pools[part]


def _take(part: int) -> None:
    torch.get_num_threads()  # or torch would set this thread's count anew when it is first asked for anything
    threadpool_limits(part, user_api="openmp")
