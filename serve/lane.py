"""One bounded queue of the batcher, and the places in it. Knows neither threads nor what an item is.

A place is reserved on the event loop, before the item is made; the item may then be put from any thread.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from serve.errors import DeadlineExceeded, NotReady, QueueFull

if TYPE_CHECKING:
    from serve.batcher import Batcher

Item = TypeVar("Item")
Answer = TypeVar("Answer")

Run: TypeAlias = Callable[[list[Item], int], Sequence[Answer]]
"""Items of a batch, and how many items there are in all, these among them, in any lane and at any stage -> answers."""


class State(Enum):
    """How far a ticket has come."""

    RESERVED = "reserved"
    QUEUED = "queued"
    RUNNING = "running"
    GONE = "gone"


class Ticket(Generic[Item, Answer]):
    """One caller's place, from its reservation to its answer. `answer` is the future to await, on the event loop.

    Times are those of `time.monotonic`; `taken_at` and `answered_at` are 0 until the item's batch started and ended.
    `prepare_s` is for whoever makes the item to fill in: how long that took.
    """

    __slots__ = (
        "answer",
        "answered_at",
        "batch_size",
        "deadline",
        "item",
        "lane",
        "prepare_s",
        "reserved_at",
        "state",
        "taken_at",
    )

    def __init__(self, lane: "Lane[Item, Answer]", answer: asyncio.Future[Answer], deadline: float) -> None:
        self.lane = lane
        self.answer = answer
        self.deadline = deadline
        self.reserved_at = time.monotonic()
        self.prepare_s = 0.0
        self.taken_at = 0.0
        self.answered_at = 0.0
        self.batch_size = 0
        self.item: Item | None = None
        self.state = State.RESERVED

    def put(self, item: Item) -> None:
        """Queue the item. From any thread; does nothing if the caller is gone."""
        self.lane.batcher.enqueue(self, item)

    def fail(self, error: Exception) -> None:
        """Give the caller `error` instead of an answer, because its item could not be made. From any thread."""
        self.lane.batcher.report(self, error)

    def leave(self) -> None:
        """Give the place up, whatever has become of it. On the event loop; costs nothing after the answer."""
        if not self.answer.done():
            self.answer.cancel()
        self.lane.batcher.settle(self)


class Lane(Generic[Item, Answer]):
    """A queue of items for one `run`, which takes 1 to `max_batch` items and gives as many answers in their order.

    At most `queue_size` places are waiting, reserved or queued; the batches that run, `at_once` at most, are not among
    them.
    """

    def __init__(
        self,
        batcher: "Batcher",
        name: str,
        run: Run[Item, Answer],
        *,
        max_batch: int,
        queue_size: int,
        at_once: int,
    ) -> None:
        for limit, value in (("max_batch", max_batch), ("queue_size", queue_size), ("at_once", at_once)):
            if value < 1:
                raise ValueError(f"`{limit}` must be 1 or more, not `{value}`")
        self.batcher = batcher
        self.name = name
        self.run = run
        self.max_batch = max_batch
        self.queue_size = queue_size
        self.at_once = at_once
        self.queue: deque[Ticket[Item, Answer]] = deque()
        self.num_waiting = 0
        self.num_inside = 0
        self.num_running = 0
        self.has_turn = False
        self.is_open = True
        self._empty: asyncio.Event | None = None

    def reserve(self, *, deadline: float = inf) -> Ticket[Item, Answer]:
        """A place in the queue, until `deadline` on the clock of `time.monotonic`. On the event loop.

        Raises QueueFull if all places are taken, DeadlineExceeded if it is too late already, NotReady if the lane is
        closed, EngineDied if nothing will ever be answered. Put the item, await the answer, and leave in the end.
        """
        self.batcher.check_alive()
        if not self.is_open:
            raise NotReady(f"`{self.name}` takes no more work: it is being unloaded, or the server stops")
        if self.num_waiting >= self.queue_size:
            raise QueueFull(f"{self.num_waiting} pictures wait for `{self.name}` already, and no more may")
        if deadline <= time.monotonic():
            raise DeadlineExceeded("the deadline had passed before the work began")
        return self.batcher.admit(self, deadline)

    async def submit(self, item: Item, *, deadline: float = inf) -> Answer:
        """The answer to one item that is there already. Raises what `reserve` does, DeadlineExceeded, and `run`'s."""
        ticket = self.reserve(deadline=deadline)
        try:
            ticket.put(item)
            return await ticket.answer
        finally:
            ticket.leave()

    def take(self, now: float) -> list[Ticket[Item, Answer]]:
        """The next batch, oldest first, without those whose deadline has passed. With the batcher's lock held."""
        batch: list[Ticket[Item, Answer]] = []
        while self.queue and len(batch) < self.max_batch:
            ticket = self.queue.popleft()
            self.num_waiting -= 1
            if ticket.deadline <= now:  # the batcher's timer tells its caller
                ticket.state = State.GONE
                continue
            ticket.state = State.RUNNING
            ticket.taken_at = now
            batch.append(ticket)
        return batch

    def remove(self, ticket: Ticket[Item, Answer]) -> None:
        """Free a waiting ticket's place. With the batcher's lock held."""
        if ticket.state is State.QUEUED:
            self.queue.remove(ticket)
            ticket.item = None
        if ticket.state is not State.RUNNING:
            self.num_waiting -= 1
        ticket.state = State.GONE

    def count_out(self) -> None:
        """One caller less inside. On the event loop."""
        self.num_inside -= 1
        if not self.num_inside and self._empty is not None:
            self._empty.set()

    async def close(self) -> None:
        """Refuse new work from now on, and come back when all that was accepted has been answered."""
        self.is_open = False
        if self.num_inside:
            self._empty = self._empty or asyncio.Event()
            await self._empty.wait()
        self.batcher.forget(self)
