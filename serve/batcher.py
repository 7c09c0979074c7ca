"""Groups single items into batches and gives each caller its own answer. Knows nothing of images, torch or HTTP.

An engine thread takes what has queued as soon as it is free, so a lone item never waits and load fills batches by
itself. There are as many as the lane that runs most batches at a time can use: one for a GPU, more for cores. Queues
(lanes) are served in turn. The event loop is woken once a batch, not once an item.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from serve.errors import DeadlineExceeded, EngineDied
from serve.lane import Answer, Item, Lane, Run, State, Ticket


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that ran: whose, how many items, how long, and how many were left waiting in its lane."""

    lane: str
    size: int
    run_s: float
    num_waiting: int


class Batcher:
    """The engine threads and their lanes. Everything but `enqueue` and `report` is called on the event loop.

    `on_batch` hears of every batch, on the event loop.
    """

    def __init__(self, *, on_batch: Callable[[BatchReport], None] | None = None) -> None:
        self._on_batch = on_batch
        self._lock = threading.Lock()  # guards the lanes' queues, the turns, who is idle, and whether it ends
        self._turns: deque[Lane[Any, Any]] = deque()
        self._idle: deque[threading.Lock] = deque()  # threads that wait; a Lock is the cheapest semaphore there is
        self._is_stopping = False
        self._died: EngineDied | None = None
        self._lanes: set[Lane[Any, Any]] = set()
        self._inside: set[Ticket[Any, Any]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf
        self._threads: list[threading.Thread] = []

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
        """A new queue, served in turn with the others. `run` is called on engine threads, `at_once` at most."""
        lane = Lane(self, name, run, max_batch=max_batch, queue_size=queue_size, at_once=at_once)
        self._lanes.add(lane)
        if self._threads:
            self._start_threads()
        return lane

    async def close(self, *, join_timeout_s: float = 5.0) -> None:
        """Answer all that was accepted, refuse everything else, and end the threads."""
        for lane in self._lanes:
            lane.is_open = False
        await asyncio.gather(*(lane.close() for lane in tuple(self._lanes)))
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            self._is_stopping = True
            self._wake_all()
        if self._threads:
            await asyncio.to_thread(self._join, join_timeout_s)

    @property
    def is_healthy(self) -> bool:
        """Whether items are answered: the engine threads have started and live."""
        return self._died is None and bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def check_alive(self) -> None:
        """Pass while the engine lives; raises EngineDied otherwise."""
        if self._died is not None:
            raise EngineDied(*self._died.args)

    def admit(self, lane: Lane[Item, Answer], deadline: float) -> Ticket[Item, Answer]:
        """A ticket for `lane`, which has looked that there is room."""
        ticket = Ticket(lane, self._loop.create_future(), deadline)
        with self._lock:
            lane.num_waiting += 1
        lane.num_inside += 1
        self._inside.add(ticket)
        if deadline < self._timer_at:
            self._set_timer(deadline)
        return ticket

    def enqueue(self, ticket: Ticket[Item, Answer], item: Item) -> None:
        """Queue `item` at the end of its lane. From any thread; does nothing if the caller is gone."""
        lane = ticket.lane
        with self._lock:
            if ticket.state is not State.RESERVED:
                return
            ticket.item = item
            ticket.state = State.QUEUED
            lane.queue.append(ticket)
            self._give_turn(lane)
            if self._idle:
                self._idle.pop().release()

    def report(self, ticket: Ticket[Any, Any], error: Exception) -> None:
        """Give the caller of `ticket` an error. From any thread."""
        self._call(self._fail, ticket, error)

    def settle(self, ticket: Ticket[Any, Any]) -> None:
        """Take a ticket off the books, and free its place if it still has one."""
        if ticket not in self._inside:
            return
        self._inside.discard(ticket)
        if ticket.state is not State.GONE:
            with self._lock:
                ticket.lane.remove(ticket)
        ticket.lane.count_out()

    def forget(self, lane: Lane[Any, Any]) -> None:
        """Let go of a closed lane."""
        self._lanes.discard(lane)

    # On the event loop

    def _start_threads(self) -> None:
        """Start what is lacking."""
        wanted = max((lane.at_once for lane in self._lanes), default=1)
        for number in range(len(self._threads), wanted):
            thread = threading.Thread(target=self._serve, args=(number == 0,), name=f"engine-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _join(self, timeout_s: float) -> None:
        ends_at = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))

    def _fail(self, ticket: Ticket[Any, Any], error: Exception) -> None:
        if not ticket.answer.done():
            ticket.answer.set_exception(error)
        self.settle(ticket)

    def _fail_all(self) -> None:
        for ticket in tuple(self._inside):
            self._fail(ticket, EngineDied(*self._died.args if self._died else ()))

    def _deliver(
        self, batch: list[Ticket[Any, Any]], answers: Sequence[Any], errors: dict[int, Exception], report: BatchReport
    ) -> None:
        for index, ticket in enumerate(batch):
            if index in errors:
                self._fail(ticket, errors[index])
                continue
            if not ticket.answer.done():
                ticket.answer.set_result(answers[index])
            self.settle(ticket)
        if self._on_batch is not None:
            self._on_batch(report)

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

    # On the engine threads

    def _serve(self, is_first: bool) -> None:
        wake = threading.Lock()
        wake.acquire()
        # The first is woken before the others, so that under little load one thread does all: what a library keeps for
        # each thread, such as OpenMP's helpers, is there once.
        wait = self._idle.append if is_first else self._idle.appendleft
        lane: Lane[Any, Any] | None = None
        try:
            while (taken := self._take(wake, wait, done=lane)) is not None:
                lane, batch = taken
                started = time.monotonic()
                answers, errors = _run(lane, batch, len(self._inside))
                ended = time.monotonic()
                for ticket in batch:
                    ticket.answered_at = ended
                    ticket.batch_size = len(batch)
                report = BatchReport(lane.name, len(batch), ended - started, lane.num_waiting)
                self._call(self._deliver, batch, answers, errors, report)
        except BaseException as error:  # whatever ends this thread, nobody may wait for it
            with self._lock:
                self._died = self._died or _died_of(error)
                self._wake_all()
            self._call(self._fail_all)

    def _take(
        self, wake: threading.Lock, wait: Callable[[threading.Lock], None], *, done: Lane[Any, Any] | None
    ) -> tuple[Lane[Any, Any], list[Ticket[Any, Any]]] | None:
        """The batch whose turn it is; waits until there is one. None when the batcher is closed or has died.

        `done` is the lane whose batch the thread has just run. It waits among the idle by `wait`, for `wake`.
        """
        with self._lock:
            if done is not None:
                done.num_running -= 1
                if done.queue:
                    self._give_turn(done)
        while True:
            with self._lock:
                while self._turns and self._died is None:
                    lane = self._turns.popleft()
                    lane.has_turn = False
                    if lane.num_running == lane.at_once:  # it gets its turn back when one of these is done
                        continue
                    batch = lane.take(time.monotonic())
                    if lane.queue:
                        self._give_turn(lane)
                    if batch:
                        lane.num_running += 1
                        return lane, batch
                if self._is_stopping or self._died is not None:
                    return None
                wait(wake)
            wake.acquire()

    def _give_turn(self, lane: Lane[Any, Any]) -> None:
        """Put the lane at the end of the turns, once. With the lock held."""
        if not lane.has_turn:
            lane.has_turn = True
            self._turns.append(lane)

    def _wake_all(self) -> None:
        """With the lock held."""
        while self._idle:
            self._idle.pop().release()

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            if not self._loop.is_closed():
                raise


def _died_of(error: BaseException) -> EngineDied:
    died = EngineDied(f"the engine has ended: {error!r}; restart the server")
    died.__cause__ = error
    return died


def _run(
    lane: Lane[Item, Answer], batch: list[Ticket[Item, Answer]], num_inside: int
) -> tuple[Sequence[Any], dict[int, Exception]]:
    """The batch's answers, and the errors of those that have none, by index.

    A batch that fails is run again one item at a time, so that only the culprit fails; no item is run a third time.
    """
    try:
        return _answers(lane, batch, num_inside), {}
    except EngineDied:
        raise
    except Exception as error:
        if len(batch) == 1:
            return (None,), {0: error}
    answers: list[Any] = []
    errors: dict[int, Exception] = {}
    for index, ticket in enumerate(batch):
        try:
            answers += _answers(lane, [ticket], num_inside) if ticket.state is State.RUNNING else [None]
        except EngineDied:
            raise
        except Exception as error:
            answers.append(None)
            errors[index] = error
    return answers, errors


def _answers(lane: Lane[Item, Answer], batch: list[Ticket[Item, Answer]], num_inside: int) -> Sequence[Answer]:
    items = [ticket.item for ticket in batch]
    answers = lane.run(items, max(num_inside, len(batch)))  # type: ignore[arg-type]  # put, or it would not be queued
    if len(answers) != len(batch):
        raise RuntimeError(f"`{lane.name}` gave {len(answers)} answers to {len(batch)} items")
    return answers
