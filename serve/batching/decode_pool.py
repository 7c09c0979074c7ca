"""Threads that make items for the batcher. Knows neither pictures nor what an item is.

Leaner than an Executor: no future and no wake-up of the event loop between decoding and queueing.
"""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from serve.batching.lane import State, Ticket

Job = tuple[Ticket[Any, Any], Callable[[Any], Any]]


class DecodePool:
    """`num_threads` threads. What queues for them is bounded by the tickets' lanes.

    What items are made of lies with the tickets, which let go of it when their callers leave: jobs that nobody waits
    for any more hold nothing, however many are queued.
    """

    def __init__(self, num_threads: int) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"decode-{index}", daemon=True) for index in range(num_threads)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, ticket: Ticket[Any, Any], prepare: Callable[[Any], Any], source: Any) -> None:
        """Put `prepare(source)` under `ticket` when a thread is free, or fail the ticket with what it raises."""
        ticket.source = source
        self._jobs.put((ticket, prepare))

    def close(self, *, join_timeout_s: float = 5.0) -> None:
        """End the threads after the jobs that are queued; wait for them, `join_timeout_s` at most for all."""
        ends_at = time.monotonic() + join_timeout_s
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, ends_at - time.monotonic()))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            _prepare(*job)
            del job  # an idle thread holds on to no picture


def _prepare(ticket: Ticket[Any, Any], prepare: Callable[[Any], Any]) -> None:
    source = ticket.source
    if ticket.state is State.GONE:
        return
    started = time.monotonic()
    try:
        item = prepare(source)
    except BaseException as error:  # SystemExit too: it must end neither this thread nor leave its caller waiting
        ticket.fail(error)
    else:
        ticket.prepare_s = time.monotonic() - started
        ticket.put(item)
