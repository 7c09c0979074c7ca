"""The laws of the batcher, for whatever comes in and in whatever order."""

import asyncio
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve.batching.batcher import Batcher
from serve.batching.decode_pool import DecodePool
from serve.batching.engine_threads import BatchReport
from serve.batching.lane import Lane
from serve.errors import DeadlineExceeded, EngineDied, NotReady, QueueFull
from tests.serve.conftest import run_on_batcher

BAD = 13


class Engine:
    """Doubles numbers, cannot bear a 13, and stands still while its gate is shut."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.has_begun = threading.Event()

    def run(self, items: list[int], num_inside: int) -> list[int]:
        self.batches.append(items)
        self.has_begun.set()
        assert self.gate.wait(20)
        if BAD in items:
            raise ArithmeticError("thirteen")
        return [2 * item for item in items]


async def stop_engine(engine: Engine, lane: Lane[int, int]) -> asyncio.Task[int]:
    """Shut the gate behind an item that is already running, so that all later ones queue."""
    engine.gate.clear()
    first = asyncio.create_task(lane.submit(0))
    await asyncio.to_thread(engine.has_begun.wait)
    return first


async def queued(lane: Lane[int, int], item: int, **options: float) -> asyncio.Task[int]:
    task = asyncio.create_task(lane.submit(item, **options))
    await asyncio.sleep(0)
    return task


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20), st.booleans()), max_size=40),
    max_batch=st.integers(1, 7),
    at_once=st.integers(1, 3),
    is_stopped=st.booleans(),
)
def test_every_caller_gets_its_own_answer_or_its_own_error_and_no_batch_is_over_the_limit(
    items: list[tuple[int, int, bool]], max_batch: int, at_once: int, is_stopped: bool
) -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lanes = [
            batcher.open_lane(f"lane {index}", engine.run, max_batch=max_batch, queue_size=100, at_once=at_once)
            for index in range(3)
        ]
        first = await stop_engine(engine, lanes[0]) if is_stopped else None
        callers = [(item, gives_up, await queued(lanes[index], item)) for index, item, gives_up in items]
        for _, gives_up, task in callers:
            if gives_up:
                task.cancel()
        await asyncio.sleep(0)
        engine.gate.set()
        outcomes = await asyncio.gather(*(task for _, _, task in callers), return_exceptions=True)
        for (item, gives_up, _), outcome in zip(callers, outcomes, strict=True):
            if isinstance(outcome, asyncio.CancelledError):
                assert gives_up
            elif item == BAD:
                assert isinstance(outcome, ArithmeticError)
            else:
                assert outcome == 2 * item
        assert first is None or await first == 0
        assert all(1 <= len(batch) <= max_batch for batch in engine.batches)
        assert all(lane.num_waiting == lane.num_inside == 0 for lane in lanes)

    run_on_batcher(scenario)


@settings(max_examples=30, deadline=None)
@given(num_items=st.integers(1, 30), max_batch=st.integers(1, 8))
def test_items_of_a_lane_run_in_their_order_in_full_batches(num_items: int, max_batch: int) -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=max_batch, queue_size=100)
        first = await stop_engine(engine, lane)
        numbers = [100 + index for index in range(num_items)]
        tasks = [await queued(lane, number) for number in numbers]
        engine.gate.set()
        await asyncio.gather(first, *tasks)
        assert [item for batch in engine.batches[1:] for item in batch] == numbers
        assert len(engine.batches) == 1 + -(-num_items // max_batch)

    run_on_batcher(scenario)


def test_lanes_take_turns_however_much_waits_in_one() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        busy = batcher.open_lane("busy", engine.run, max_batch=2, queue_size=100)
        quiet = batcher.open_lane("quiet", engine.run, max_batch=2, queue_size=100)
        first = await stop_engine(engine, busy)
        tasks = [await queued(busy, 1) for _ in range(10)]
        tasks.append(await queued(quiet, 2))
        engine.gate.set()
        await asyncio.gather(first, *tasks)
        assert engine.batches[:3] == [[0], [1, 1], [2]]

    run_on_batcher(scenario)


def test_a_lane_that_was_emptied_by_leaving_callers_gets_no_second_turn() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        left = batcher.open_lane("left", engine.run, max_batch=1, queue_size=100)
        other = batcher.open_lane("other", engine.run, max_batch=1, queue_size=100)
        first = await stop_engine(engine, other)
        for _ in range(3):
            (await queued(left, 1)).cancel()
            await asyncio.sleep(0)
        tasks = [await queued(lane, item) for lane, item in [(left, 1), (left, 1), (other, 2), (other, 2)]]
        engine.gate.set()
        await asyncio.gather(first, *tasks)
        assert engine.batches == [[0], [1], [2], [1], [2]]

    run_on_batcher(scenario)


def test_a_full_queue_is_refused_at_once_and_has_room_again_when_a_caller_leaves() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=2)
        first = await stop_engine(engine, lane)
        staying, leaving = await queued(lane, 1), await queued(lane, 2)
        with pytest.raises(QueueFull, match="2 pictures wait"):
            lane.reserve()
        leaving.cancel()
        await asyncio.sleep(0)
        late = await queued(lane, 3)
        engine.gate.set()
        assert list(await asyncio.gather(first, staying, late)) == [0, 2, 6]
        assert engine.batches == [[0], [1, 3]]

    run_on_batcher(scenario)


def test_an_item_past_its_deadline_is_never_run_and_its_caller_need_not_wait_for_the_engine() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=10)
        first = await stop_engine(engine, lane)
        late = await queued(lane, 7, deadline=time.monotonic() + 0.01)
        patient = await queued(lane, 8, deadline=time.monotonic() + 60)
        with pytest.raises(DeadlineExceeded):
            await late
        engine.gate.set()
        assert list(await asyncio.gather(first, patient)) == [0, 16]
        assert engine.batches == [[0], [8]]
        with pytest.raises(DeadlineExceeded):
            lane.reserve(deadline=time.monotonic() - 1)

    run_on_batcher(scenario)


def test_a_caller_whose_item_is_running_is_told_at_the_deadline() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        engine.gate.clear()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=10)
        with pytest.raises(DeadlineExceeded):
            await lane.submit(1, deadline=time.monotonic() + 0.01)
        engine.gate.set()

    run_on_batcher(scenario)


def test_no_item_is_run_a_third_time() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=10)
        first = await stop_engine(engine, lane)
        tasks = [await queued(lane, item) for item in (BAD, 1, BAD, 2)]
        engine.gate.set()
        outcomes = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [int, ArithmeticError, int, ArithmeticError, int]
        assert engine.batches == [[0], [BAD, 1, BAD, 2], [BAD], [1], [BAD], [2]]

    run_on_batcher(scenario)


def test_a_wrong_number_of_answers_is_an_error_not_somebody_elses_answer() -> None:
    async def scenario(batcher: Batcher) -> None:
        def answer_once_too_often(items: list[int], num_inside: int) -> list[int]:
            return [*items, 0]

        lane = batcher.open_lane("lane", answer_once_too_often, max_batch=8, queue_size=10)
        with pytest.raises(RuntimeError, match="2 answers to 1 items"):
            await lane.submit(1)

    run_on_batcher(scenario)


@pytest.mark.parametrize("end", [EngineDied("the GPU is gone"), SystemExit(3)])
def test_a_dead_engine_fails_all_who_wait_and_all_who_come(end: BaseException) -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()

        def die(items: list[int], num_inside: int) -> list[int]:
            engine.run(items, num_inside)
            raise end

        lane = batcher.open_lane("lane", die, max_batch=1, queue_size=10)
        assert batcher.is_healthy
        first = await stop_engine(engine, lane)
        tasks = [first, *[await queued(lane, item) for item in range(5)]]
        reserved = lane.reserve()
        engine.gate.set()
        for task in tasks:
            with pytest.raises(EngineDied):
                await task
        with pytest.raises(EngineDied):
            await reserved
        with pytest.raises(EngineDied):
            lane.reserve()
        assert not batcher.is_healthy

    run_on_batcher(scenario)


def test_items_may_be_put_from_any_thread_and_failed_from_any_thread() -> None:
    async def scenario(batcher: Batcher) -> None:
        lane = batcher.open_lane("lane", Engine().run, max_batch=8, queue_size=10)
        good, bad = lane.reserve(), lane.reserve()
        await asyncio.to_thread(good.put, 4)
        await asyncio.to_thread(bad.fail, ValueError("no picture"))
        assert await good == 8
        with pytest.raises(ValueError, match="no picture"):
            await bad
        assert lane.num_waiting == lane.num_inside == 0

    run_on_batcher(scenario)


def test_a_place_is_freed_once_though_its_deadline_passes_as_its_caller_leaves() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=10)
        first = await stop_engine(engine, lane)
        ticket = lane.reserve(deadline=time.monotonic() + 60)
        ticket.put(7)
        assert lane.take(ticket.deadline) == []  # as an engine thread finds it, before its caller is told
        ticket.leave()
        assert lane.num_waiting == 0
        engine.gate.set()
        assert await first == 0

    run_on_batcher(scenario)


def test_an_error_that_no_future_takes_reaches_its_caller_and_spares_the_others() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()

        def run(items: list[int], num_inside: int) -> list[int]:
            found = engine.run(items, num_inside)
            return [next(iter([each] if each != 2 else [])) for each in found]

        lane = batcher.open_lane("lane", run, max_batch=8, queue_size=10)
        first = await stop_engine(engine, lane)
        tasks = [await queued(lane, item) for item in (1, 3, 4)]
        engine.gate.set()
        outcomes = await asyncio.gather(first, *tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [int, RuntimeError, int, int]
        assert isinstance(outcomes[1], RuntimeError)
        assert isinstance(outcomes[1].__cause__, StopIteration)

    run_on_batcher(scenario)


def test_a_lane_that_is_opened_after_the_end_takes_no_work() -> None:
    async def scenario(batcher: Batcher) -> None:
        await batcher.close()
        lane = batcher.open_lane("late", Engine().run, max_batch=1, queue_size=1)
        with pytest.raises(NotReady):
            lane.reserve()

    run_on_batcher(scenario)


def test_a_thread_that_prepares_survives_whatever_is_raised_there() -> None:
    async def scenario(batcher: Batcher) -> None:
        lane = batcher.open_lane("lane", Engine().run, max_batch=8, queue_size=10)
        pool = DecodePool(1)
        pool.start()

        def prepare(error: BaseException | None) -> int:
            if error is not None:
                raise error
            return 4

        for error in (SystemExit(3), StopIteration(4)):
            ticket = lane.reserve()
            pool.submit(ticket, prepare, error)
            with pytest.raises(RuntimeError, match=type(error).__name__):
                await ticket
        ticket = lane.reserve()
        pool.submit(ticket, prepare, None)
        assert await ticket == 8
        pool.close()

    run_on_batcher(scenario)


def test_putting_an_item_after_leaving_does_nothing() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=8, queue_size=1)
        ticket = lane.reserve()
        ticket.leave()
        ticket.leave()
        ticket.put(4)
        assert await lane.submit(5) == 10
        assert engine.batches == [[5]]

    run_on_batcher(scenario)


def test_closing_answers_what_was_accepted_and_refuses_the_rest() -> None:
    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=2, queue_size=10)
        first = await stop_engine(engine, lane)
        tasks = [await queued(lane, item) for item in range(5)]
        closing = asyncio.create_task(batcher.close())
        await asyncio.sleep(0)
        with pytest.raises(NotReady):
            lane.reserve()
        assert not closing.done()
        engine.gate.set()
        assert await asyncio.gather(first, *tasks) == [0, 0, 2, 4, 6, 8]
        await closing
        assert not batcher.is_healthy

    run_on_batcher(scenario)


def test_every_batch_is_reported_with_its_size() -> None:
    reports: list[BatchReport] = []

    async def scenario(batcher: Batcher) -> None:
        engine = Engine()
        lane = batcher.open_lane("lane", engine.run, max_batch=2, queue_size=10)
        first = await stop_engine(engine, lane)
        tasks = [await queued(lane, item) for item in range(3)]
        engine.gate.set()
        await asyncio.gather(first, *tasks)

    run_on_batcher(scenario, on_batch=reports.append)
    assert [(report.lane, report.size, report.num_waiting) for report in reports][1:] == [
        ("lane", 2, 1),
        ("lane", 1, 0),
    ]


@pytest.mark.parametrize(
    "limits",
    [
        {"max_batch": 0, "queue_size": 1},
        {"max_batch": 1, "queue_size": 0},
        {"max_batch": 1, "queue_size": 1, "at_once": 0},
    ],
)
def test_a_limit_below_one_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Batcher().open_lane("lane", Engine().run, **limits)
