"""Threads that run what has queued, lane by lane in turn. Knows neither callers nor the event loop.

A thread takes what has queued as soon as it is free, so a lone item never waits and load fills batches by itself. There
are as many as the lane that runs most batches at a time can use: one for a GPU, more for cores.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from serve.batching.lane import Answer, Item, Lane, State, Ticket
from serve.errors import EngineDied


@dataclass(frozen=True, slots=True)
class BatchReport:
    """One batch that ran: whose, how many items, how long, and how many were left waiting in its lane."""

    lane: str
    size: int
    run_s: float
    num_waiting: int


@dataclass(frozen=True, slots=True)
class BatchRan:
    """A batch with its answers, in its order; those that have none have an error, by index.

    Take the errors out of `errors` when they are delivered: see `_answers`.
    """

    lane: Lane[Any, Any]
    batch: list[Ticket[Any, Any]]
    answers: Sequence[Any]
    errors: dict[int, Exception]
    report: BatchReport


_Taken: TypeAlias = tuple[Lane[Any, Any], list[Ticket[Any, Any]]]


class EngineThreads:
    """The threads, and all that they share with those who queue, behind one lock.

    `on_ran` and `on_death` are called on an engine thread; `count_inside` tells how many items there are in all, at any
    stage. Everything else may be called from any thread.
    """

    def __init__(
        self,
        *,
        on_ran: Callable[[BatchRan], None],
        on_death: Callable[[], None],
        count_inside: Callable[[], int],
    ) -> None:
        self._on_ran = on_ran
        self._on_death = on_death
        self._count_inside = count_inside
        self._lock = threading.Lock()  # guards the lanes' queues, the turns, who is idle, and whether it ends
        self._turns: deque[Lane[Any, Any]] = deque()
        self._idle: deque[threading.Lock] = deque()  # threads that wait; a Lock is the cheapest semaphore there is
        self._is_stopping = False
        self._threads: list[threading.Thread] = []
        self.died: EngineDied | None = None

    @property
    def have_started(self) -> bool:
        """Whether there is any thread."""
        return bool(self._threads)

    @property
    def are_healthy(self) -> bool:
        """Whether items are run: the threads have started and live."""
        return self.died is None and self.have_started and all(thread.is_alive() for thread in self._threads)

    def start(self, num_threads: int) -> None:
        """Start what is lacking."""
        for number in range(len(self._threads), num_threads):
            thread = threading.Thread(target=self._serve, args=(number == 0,), name=f"engine-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Let the threads end once nothing is queued."""
        with self._lock:
            self._is_stopping = True
            self._wake_all()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads' end, `timeout_s` at most for all of them."""
        ends_at = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, ends_at - time.monotonic()))

    def reserve(self, lane: Lane[Any, Any]) -> None:
        """Count one more place of the lane as taken."""
        with self._lock:
            lane.num_waiting += 1

    def put(self, ticket: Ticket[Item, Answer], item: Item) -> None:
        """Queue `item` at the end of its lane; does nothing if the caller is gone."""
        lane = ticket.lane
        with self._lock:
            if ticket.state is not State.RESERVED:
                return
            ticket.source = None
            ticket.item = item
            ticket.state = State.QUEUED
            lane.queue.append(ticket)
            self._give_turn(lane)
            if self._idle:
                self._idle.pop().release()

    def remove(self, ticket: Ticket[Any, Any]) -> None:
        """Free the ticket's place, if it still has one, and let go of what it holds."""
        with self._lock:
            ticket.lane.remove(ticket)

    def _serve(self, is_first: bool) -> None:
        wake = threading.Lock()
        wake.acquire()
        # The first is woken before the others, so that under little load one thread does all: what a library keeps for
        # each thread, such as OpenMP's helpers, is there once.
        wait = self._idle.append if is_first else self._idle.appendleft
        try:
            while (taken := self._take(wake, wait)) is not None:
                self._run(*taken)
                del taken  # an idle thread holds on to no picture and to no network
        except BaseException as error:  # whatever ends this thread, nobody may wait for it
            with self._lock:
                self.died = self.died or _died_of(error)
                self._wake_all()
            self._on_death()

    def _run(self, lane: Lane[Any, Any], batch: list[Ticket[Any, Any]]) -> None:
        started = time.monotonic()
        answers, errors = _answers(lane, batch, self._count_inside())
        ended = time.monotonic()
        for ticket in batch:
            ticket.answered_at = ended
            ticket.batch_size = len(batch)
        report = BatchReport(lane.name, len(batch), ended - started, lane.num_waiting)
        self._on_ran(BatchRan(lane, batch, answers, errors, report))
        with self._lock:
            lane.num_running -= 1
            if lane.queue:
                self._give_turn(lane)

    def _take(self, wake: threading.Lock, wait: Callable[[threading.Lock], None]) -> _Taken | None:
        """The batch whose turn it is; waits among the idle, by `wait`, until `wake` tells that there is one.

        None once all is done and it is to stop, or when another thread has died.
        """
        while True:
            with self._lock:
                taken = self._next()
                if taken is not None or self._is_stopping or self.died is not None:
                    return taken
                wait(wake)
            wake.acquire()

    def _next(self) -> _Taken | None:
        """The batch whose turn it is, None if there is none. With the lock held."""
        while self._turns and self.died is None:
            lane = self._turns.popleft()
            lane.has_turn = False
            if lane.num_running == lane.at_once:  # it gets its turn back when one of these is done
                continue
            batch = lane.take(time.monotonic())
            if lane.queue:
                self._give_turn(lane)
            if batch:
                lane.num_running += 1
                lane.num_taken += 1
                return lane, batch
        return None

    def _give_turn(self, lane: Lane[Any, Any]) -> None:
        """Put the lane at the end of the turns, once. With the lock held."""
        if not lane.has_turn:
            lane.has_turn = True
            self._turns.append(lane)

    def _wake_all(self) -> None:
        """With the lock held."""
        while self._idle:
            self._idle.pop().release()


def _died_of(error: BaseException) -> EngineDied:
    died = EngineDied(f"the engine has ended: {error!r}; restart the server")
    died.__cause__ = error
    return died


# An error's traceback holds the frames that it came through and those that called them, and these hold what their names
# mean. So nothing below holds an error when it returns but the dict of errors, which is emptied where they are
# delivered: an error is freed with the last who knows it, the pictures with it, and none waits for garbage collection.


def _answers(
    lane: Lane[Item, Answer], batch: list[Ticket[Item, Answer]], num_inside: int
) -> tuple[Sequence[Any], dict[int, Exception]]:
    """The batch's answers, and the errors of those that have none, by index.

    A batch that fails is run again one item at a time, so that only the culprit fails; no item is run a third time.
    """
    items = [ticket.item for ticket in batch]
    errors: dict[int, Exception] = {}
    answers = _answers_of(lane, items, num_inside, 0, errors)
    if len(batch) == 1 or not errors:
        return answers, errors
    errors.clear()
    found: list[Any] = [None] * len(batch)
    for index, ticket in enumerate(batch):
        if ticket.state is State.RUNNING:
            (found[index],) = _answers_of(lane, [items[index]], num_inside, index, errors)
    return found, errors


def _answers_of(
    lane: Lane[Item, Answer], items: list[Any], num_inside: int, place: int, errors: dict[int, Exception]
) -> Sequence[Any]:
    """As many answers as there are items; None for each if there is an error, which goes into `errors` at `place`.

    Lets EngineDied through.
    """
    try:
        answers = lane.run(items, max(num_inside, len(items)))
        if len(answers) != len(items):
            raise RuntimeError(f"`{lane.name}` gave {len(answers)} answers to {len(items)} items")
    except EngineDied:
        raise
    except Exception as error:
        errors[place] = error
        return [None] * len(items)
    return answers
