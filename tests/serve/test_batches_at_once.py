"""The laws of the batcher where a lane runs several batches at a time."""

import asyncio
import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serve.batching.batcher import Batcher
from serve.errors import EngineDied
from tests.serve.conftest import run_on_batcher


class Side:
    """Gives numbers back, and remembers how many batches ran at a time, on which threads, and among how many items."""

    def __init__(self, *, meet: int = 1) -> None:
        self.barrier = threading.Barrier(meet)
        self.most_at_once = 0
        self.threads: list[str] = []
        self.begun: list[list[int]] = []
        self.num_inside: list[int] = []
        self._lock = threading.Lock()
        self._num_running = 0

    def run(self, items: list[int], num_inside: int) -> list[int]:
        with self._lock:
            self.begun.append(items)
            self.num_inside.append(num_inside)
            self.threads.append(threading.current_thread().name)
            self._num_running += 1
            self.most_at_once = max(self.most_at_once, self._num_running)
        self.barrier.wait(20)
        with self._lock:
            self._num_running -= 1
        return items


def engine_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("engine-")]


def test_as_many_batches_run_at_a_time_as_the_lane_may_run() -> None:
    async def scenario(batcher: Batcher) -> None:
        side = Side(meet=3)  # each batch waits for two others, so fewer at a time would never end
        lane = batcher.open_lane("lane", side.run, max_batch=1, queue_size=100, at_once=3)
        assert await asyncio.gather(*(lane.submit(number) for number in range(9))) == list(range(9))
        assert side.most_at_once == 3
        assert len(engine_threads()) == 3

    run_on_batcher(scenario)
    assert not engine_threads()


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 100)), max_size=40),
    limits=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    max_batch=st.integers(1, 4),
)
def test_no_lane_runs_more_at_a_time_than_it_may_and_batches_begin_in_the_order_of_the_queue(
    wanted: list[tuple[int, int]], limits: tuple[int, int], max_batch: int
) -> None:
    async def scenario(batcher: Batcher) -> None:
        sides = [Side(), Side()]
        lanes = [
            batcher.open_lane(f"lane {index}", side.run, max_batch=max_batch, queue_size=100, at_once=at_once)
            for index, (side, at_once) in enumerate(zip(sides, limits, strict=True))
        ]
        answers = await asyncio.gather(*(lanes[index].submit(number) for index, number in wanted))
        assert answers == [number for _, number in wanted]
        for index, (side, at_once) in enumerate(zip(sides, limits, strict=True)):
            assert side.most_at_once <= at_once
            begun = [number for batch in side.begun for number in batch]
            sent = [number for lane, number in wanted if lane == index]
            assert Counter(begun) == Counter(sent)
            if at_once == 1:
                assert begun == sent

    run_on_batcher(scenario)


def test_a_batch_is_told_how_many_items_there_are_in_all() -> None:
    async def scenario(batcher: Batcher) -> None:
        side = Side()
        lane = batcher.open_lane("lane", side.run, max_batch=2, queue_size=100, at_once=2)
        await lane.submit(0)
        reserved = [lane.reserve() for _ in range(3)]
        await lane.submit(0)
        for ticket in reserved:
            ticket.leave()
        await lane.submit(0)
        assert side.num_inside == [1, 4, 1]

    run_on_batcher(scenario)


def test_one_item_after_the_other_is_run_by_the_same_thread() -> None:
    async def scenario(batcher: Batcher) -> None:
        side = Side()
        lane = batcher.open_lane("lane", side.run, max_batch=2, queue_size=100, at_once=3)
        for number in range(20):
            await lane.submit(number)
            await asyncio.sleep(0.002)  # the thread is back among those that wait
        assert set(side.threads) == {"engine-0"}

    run_on_batcher(scenario)


def test_a_lane_that_comes_later_gets_the_threads_it_can_use() -> None:
    async def scenario(batcher: Batcher) -> None:
        first = batcher.open_lane("one at a time", Side().run, max_batch=1, queue_size=10)
        assert await first.submit(1) == 1
        assert len(engine_threads()) == 1
        second = batcher.open_lane("two at a time", Side(meet=2).run, max_batch=1, queue_size=10, at_once=2)
        answers = await asyncio.gather(second.submit(1), second.submit(2), first.submit(3))
        assert list(answers) == [1, 2, 3]

    run_on_batcher(scenario)


def test_when_one_thread_dies_all_end_and_nobody_waits() -> None:
    async def scenario(batcher: Batcher) -> None:
        both_run = threading.Barrier(2)
        has_died = threading.Event()

        def run_or_die(items: list[int], num_inside: int) -> list[int]:
            both_run.wait(20)
            if items == [1]:
                raise EngineDied("the GPU is gone")
            assert has_died.wait(20)
            return items

        lane = batcher.open_lane("lane", run_or_die, max_batch=1, queue_size=10, at_once=2)
        tasks = [asyncio.create_task(lane.submit(number)) for number in range(6)]
        for task in tasks:
            with pytest.raises(EngineDied):
                await task
        with pytest.raises(EngineDied):
            lane.reserve()
        assert not batcher.is_healthy
        has_died.set()

    run_on_batcher(scenario)
    assert not engine_threads()
