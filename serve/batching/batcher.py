"""Groups single items into batches and gives each caller its own answer. Knows nothing of images, torch or HTTP.

This is the side of the callers, all of it on one event loop, which is woken once a batch, not once an item. What has
queued is run by `serve.batching.engine_threads`.
"""

import asyncio
import time
from collections.abc import Callable
from math import inf
from typing import Any

from serve.batching.engine_threads import BatchRan, BatchReport, EngineThreads
from serve.batching.lane import Answer, Item, Lane, Run, Ticket
from serve.errors import DeadlineExceeded, EngineDied


class Batcher:
    """The lanes and who is inside. Everything but `enqueue` and `report` is called on the event loop.

    `on_batch` hears of every batch, on the event loop.
    """

    def __init__(self, *, on_batch: Callable[[BatchReport], None] | None = None) -> None:
        self._on_batch = on_batch
        self._engine = EngineThreads(
            on_ran=lambda ran: self._call(self._deliver, ran),
            on_death=lambda: self._call(self._fail_all),
            count_inside=lambda: len(self._inside),
        )
        self._lanes: set[Lane[Any, Any]] = set()
        self._inside: set[Ticket[Any, Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._is_closed = False

    def start(self) -> None:
        """Begin to work, for the event loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._start_threads()

    def open_lane(
        self,
        name: str,
        run: Run[Item, Answer],
        *,
        max_batch: int,
        queue_size: int,
        at_once: int = 1,
    ) -> Lane[Item, Answer]:
        """A new queue, served in turn with the others. `run` is called on engine threads, `at_once` at most.

        It takes no work once the batcher is closed.
        """
        lane = Lane(self, name, run, max_batch=max_batch, queue_size=queue_size, at_once=at_once)
        lane.is_open = not self._is_closed
        self._lanes.add(lane)
        if self._engine.have_started:
            self._start_threads()
        return lane

    async def close(self, *, join_timeout_s: float = 5.0) -> None:
        """Answer all that was accepted, refuse everything else, and end the threads."""
        self._is_closed = True
        for lane in self._lanes:
            lane.is_open = False
        await asyncio.gather(*(lane.close() for lane in tuple(self._lanes)))
        if self._timer is not None:
            self._timer.cancel()
        self._engine.stop()
        if self._engine.have_started:
            await asyncio.to_thread(self._engine.join, join_timeout_s)

    @property
    def is_healthy(self) -> bool:
        """Whether items are answered: the engine threads have started and live."""
        return self._engine.are_healthy

    def check_alive(self) -> None:
        """Pass while the engine lives; raises EngineDied otherwise."""
        if self._engine.died is not None:
            raise EngineDied(*self._engine.died.args)

    def admit(self, lane: Lane[Item, Answer], deadline: float) -> Ticket[Item, Answer]:
        """A ticket for `lane`, which has looked that there is room."""
        ticket = Ticket(lane, self._loop.create_future(), deadline)
        self._engine.reserve(lane)
        lane.num_inside += 1
        self._inside.add(ticket)
        if deadline < self._timer_at:
            self._set_timer(deadline)
        return ticket

    def enqueue(self, ticket: Ticket[Item, Answer], item: Item) -> None:
        """Queue `item` at the end of its lane. From any thread; does nothing if the caller is gone."""
        self._engine.put(ticket, item)

    def report(self, ticket: Ticket[Any, Any], error: BaseException) -> None:
        """Give the caller of `ticket` an error. From any thread."""
        self._call(self._fail, ticket, error)

    def settle(self, ticket: Ticket[Any, Any]) -> None:
        """Take a ticket off the books, and free its place if it still has one."""
        if ticket not in self._inside:
            return
        self._inside.discard(ticket)
        self._engine.remove(ticket)
        ticket.lane.count_out()

    def forget(self, lane: Lane[Any, Any]) -> None:
        """Let go of a closed lane."""
        self._lanes.discard(lane)

    def _start_threads(self) -> None:
        self._engine.start(max((lane.at_once for lane in self._lanes), default=1))

    def _fail(self, ticket: Ticket[Any, Any], error: BaseException) -> None:
        ticket.set_error(error)
        self.settle(ticket)

    def _fail_all(self) -> None:
        died = self._engine.died
        for ticket in tuple(self._inside):
            self._fail(ticket, EngineDied(*died.args if died else ()))
        for lane in tuple(self._lanes):
            lane.give_up()

    def _deliver(self, ran: BatchRan) -> None:
        for index, ticket in enumerate(ran.batch):
            if index in ran.errors:
                self._fail(ticket, ran.errors.pop(index))
            else:
                ticket.set_answer(ran.answers[index])
                self.settle(ticket)
        ran.lane.count_delivered()
        if self._on_batch is not None:
            self._on_batch(ran.report)

    def _set_timer(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        # uvloop rounds to whole milliseconds: one more, lest the timer comes early and has to be set again.
        self._timer = self._loop.call_later(max(0.0, deadline - time.monotonic()) + 0.001, self._expire)

    def _expire(self) -> None:
        """Tell all whose deadline has passed, and set the timer for the next: one timer in all, not one an item."""
        self._timer, self._timer_at = None, inf
        now = time.monotonic()
        for ticket in [ticket for ticket in self._inside if ticket.deadline <= now]:
            self._fail(ticket, DeadlineExceeded("no answer was there by the deadline"))
        following = min((ticket.deadline for ticket in self._inside), default=inf)
        if following != inf:
            self._set_timer(following)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have the event loop call it. From any thread."""
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            if not self._loop.is_closed():
                raise
