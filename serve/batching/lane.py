"""One bounded queue of the batcher, and the places in it. Knows neither threads nor what an item is.

A place is reserved on the event loop, before the item is made; the item may then be put from any thread.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from serve.errors import DeadlineExceeded, NotReady, QueueFull, deliverable

if TYPE_CHECKING:
    from serve.batching.batcher import Batcher

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
    """One caller's place, from its reservation to its answer. `await` it for the answer, on the event loop.

    Times are those of `time.monotonic`; `taken_at` and `answered_at` are 0 until the item's batch started and ended.
    `source` and `prepare_s` are for whoever makes the item to fill in: what of, and how long that took.
    """

    __slots__ = (
        "_answer",
        "answered_at",
        "batch_size",
        "deadline",
        "item",
        "lane",
        "prepare_s",
        "reserved_at",
        "source",
        "state",
        "taken_at",
    )

    def __init__(self, lane: "Lane[Item, Answer]", answer: asyncio.Future[Answer], deadline: float) -> None:
        self.lane = lane
        self.deadline = deadline
        self.reserved_at = time.monotonic()
        self.prepare_s = 0.0
        self.taken_at = 0.0
        self.answered_at = 0.0
        self.batch_size = 0
        self.source: Any = None
        self.item: Item | None = None
        self.state = State.RESERVED
        self._answer: asyncio.Future[Answer] | None = answer

    def __await__(self) -> Generator[Any, None, Answer]:
        if self._answer is None:
            raise RuntimeError("this place has been given up, and nothing will be answered")
        return self._answer.__await__()

    def put(self, item: Item) -> None:
        """Queue the item. From any thread; does nothing if the caller is gone."""
        self.lane.batcher.enqueue(self, item)

    def fail(self, error: BaseException) -> None:
        """Give the caller `error` instead of an answer, because its item could not be made. From any thread."""
        self.lane.batcher.report(self, error)

    def leave(self) -> None:
        """Give the place up, whatever has become of it. On the event loop; costs nothing after the answer."""
        if self._answer is not None and not self._answer.done():
            self._answer.cancel()
        # An error knows the frames it came through, they know this ticket: it must not know the error, or all of them
        # would wait for the garbage collector, and the picture with them.
        self._answer = None
        self.lane.batcher.settle(self)

    def set_answer(self, answer: Answer) -> None:
        """Wake the caller, if it waits. For the batcher, on the event loop."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def set_error(self, error: BaseException) -> None:
        """Wake the caller with `error`, if it waits. For the batcher, on the event loop."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(deliverable(error))


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
        self.num_taken = 0
        self.has_turn = False
        self.is_open = True
        self._num_delivered = 0
        self._may_be_idle: asyncio.Event | None = None

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
            return await ticket
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
                ticket.item = None
                continue
            ticket.state = State.RUNNING
            ticket.taken_at = now
            batch.append(ticket)
        return batch

    def remove(self, ticket: Ticket[Item, Answer]) -> None:
        """Free a waiting ticket's place, and let go of what it holds. With the batcher's lock held."""
        if ticket.state is State.GONE:
            return
        if ticket.state is State.QUEUED:
            self.queue.remove(ticket)
            ticket.item = None
        if ticket.state is not State.RUNNING:
            self.num_waiting -= 1
        ticket.state = State.GONE
        ticket.source = None  # after the state: who finds no source can see that the caller is gone

    def count_out(self) -> None:
        """One caller less inside. On the event loop."""
        self.num_inside -= 1
        self._tell()

    def count_delivered(self) -> None:
        """One batch less that was taken and not delivered. On the event loop."""
        self._num_delivered += 1
        self._tell()

    def give_up(self) -> None:
        """Expect no batch any more, since nothing runs them. On the event loop."""
        self._num_delivered = self.num_taken
        self._tell()

    async def close(self) -> None:
        """Refuse new work from now on, and come back when all that was accepted has been answered and none runs.

        A batch whose callers have all left is waited for too: it still uses what `run` needs.
        """
        self.is_open = False
        while not self._is_idle():
            self._may_be_idle = self._may_be_idle or asyncio.Event()
            self._may_be_idle.clear()
            await self._may_be_idle.wait()
        self.batcher.forget(self)

    def _is_idle(self) -> bool:
        return not self.num_inside and self._num_delivered >= self.num_taken

    def _tell(self) -> None:
        if self._may_be_idle is not None and self._is_idle():
            self._may_be_idle.set()
