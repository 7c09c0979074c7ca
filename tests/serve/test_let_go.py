"""What nobody waits for any more is let go: pictures, models, and threads that load. Without the garbage collector."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from serve.batching.batcher import Batcher
from serve.batching.decode_pool import DecodePool
from serve.batching.lane import Lane
from serve.errors import DeadlineExceeded, LoadFailed
from serve.models.load_thread import LoadThread
from serve.models.noop_model import NoopModel
from serve.models.predictor import LocalPredictor
from tests.serve.conftest import WEIGHTS, GatedModel, run_on_batcher, wait_until

LIMITS: dict[str, Any] = {"max_batch": 4, "queue_size": 2, "num_decode_threads": 1}


class Body(bytearray):
    """Bytes that can be watched."""


@pytest.fixture(autouse=True)
def no_garbage_collector(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.CRITICAL, "serve")  # pytest would keep what is logged, and the errors with it
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def same(items: list[Any], num_inside: int) -> list[Any]:
    return items


def test_callers_that_leave_take_their_pictures_with_them_though_the_decode_threads_are_busy() -> None:
    async def scenario(batcher: Batcher) -> None:
        may_go_on = threading.Event()
        is_busy = threading.Event()

        def decode(picture: Body) -> int:
            is_busy.set()
            assert may_go_on.wait(20)
            return len(picture)

        pool = DecodePool(1)
        pool.start()
        lane: Lane[int, int] = batcher.open_lane("lane", same, max_batch=1, queue_size=2)
        first = lane.reserve()
        pool.submit(first, decode, Body(b"1"))
        await asyncio.to_thread(is_busy.wait, 20)
        left = []
        for _ in range(20):
            ticket, body = lane.reserve(), Body(b"22")
            left.append(weakref.ref(body))
            pool.submit(ticket, decode, body)
            ticket.leave()
        del body
        assert not [each for each in left if each() is not None]
        may_go_on.set()
        assert await first == 1
        first.leave()
        patient = lane.reserve()
        pool.submit(patient, decode, Body(b"333"))
        assert await patient == 3
        patient.leave()
        pool.close()

    run_on_batcher(scenario)


def test_an_engine_thread_that_waits_holds_neither_the_last_picture_nor_its_error() -> None:
    async def scenario(batcher: Batcher) -> None:
        def refuse(items: list[Body], num_inside: int) -> list[Body]:
            raise ValueError("no answer")

        lanes = [batcher.open_lane(run.__name__, run, max_batch=1, queue_size=2) for run in (same, refuse)]
        bodies = [Body(), Body()]
        watched = list(map(weakref.ref, bodies))
        await lanes[0].submit(bodies[0])
        with pytest.raises(ValueError, match="no answer"):
            await lanes[1].submit(bodies[1])
        bodies.clear()
        await asyncio.to_thread(wait_until, lambda: all(each() is None for each in watched))

    run_on_batcher(scenario)


def test_a_model_that_fails_when_warmed_up_is_closed_and_let_go() -> None:
    closed: list[str] = []

    class Broken(NoopModel):
        def run(self, items: list[int], num_inside: int) -> list[Any]:
            raise ArithmeticError("NaN")

        def close(self) -> None:
            closed.append(self.facts.name)

    watched: list[weakref.ref[Broken]] = []

    def open_broken(name: str) -> Broken:
        model = Broken(name)
        watched.append(weakref.ref(model))
        return model

    async def scenario() -> None:
        predictor = LocalPredictor(open_broken, **LIMITS)
        await predictor.start()
        with pytest.raises(LoadFailed, match="NaN"):
            await predictor.load(WEIGHTS)
        assert closed == [WEIGHTS]
        await asyncio.to_thread(wait_until, lambda: watched[0]() is None)
        await predictor.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("stage", ["run", "prepare"])
def test_a_model_is_closed_only_when_nothing_uses_it_though_every_caller_has_left(stage: str) -> None:
    closed = threading.Event()
    used_after_it = threading.Event()

    class Watched(GatedModel):
        def prepare(self, picture: Any) -> int:
            if stage == "prepare":
                self.has_begun.set()
                assert self.gate.wait(30)
            used_after_it.set() if closed.is_set() else None
            return super().prepare(picture)

        def run(self, items: list[int], num_inside: int) -> list[Any]:
            found = super().run(items, num_inside)
            used_after_it.set() if closed.is_set() else None
            return found

        def close(self) -> None:
            closed.set()

    async def scenario() -> None:
        models: list[Watched] = []

        def open_watched(name: str) -> Watched:
            models.append(Watched(name))
            return models[-1]

        predictor = LocalPredictor(open_watched, **LIMITS)
        await predictor.start()
        await predictor.load(WEIGHTS)
        models[0].shut()
        asked = asyncio.create_task(predictor.predict(b"x"))
        await asyncio.to_thread(models[0].has_begun.wait, 20)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        unloading = asyncio.create_task(predictor.unload(WEIGHTS))
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not unloading.done()
        assert not closed.is_set()
        models[0].gate.set()
        await unloading
        assert closed.is_set()
        assert not used_after_it.is_set()
        await predictor.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_model_whose_warming_up_is_given_up_is_closed_only_when_its_example_is_made() -> None:
    may_go_on, has_begun, order = threading.Event(), threading.Event(), list[str]()

    class Slow(NoopModel):
        def example(self) -> int:
            has_begun.set()
            assert may_go_on.wait(30)
            order.append("example")
            return super().example()

        def close(self) -> None:
            order.append("close")

    async def scenario() -> None:
        predictor = LocalPredictor(Slow, **LIMITS)
        await predictor.start()
        loading = asyncio.create_task(predictor.load(WEIGHTS))
        await asyncio.to_thread(has_begun.wait, 20)
        loading.cancel()
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert order == []
        may_go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await loading
        assert order == ["example", "close"]
        await predictor.close()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_load_can_be_left_and_what_it_raises_is_freed_with_its_error() -> None:
    class Network:
        pass

    watched: list[weakref.ref[Network]] = []

    def fail_half_way() -> None:
        network = Network()
        watched.append(weakref.ref(network))
        raise MemoryError("out of memory")

    async def scenario() -> None:
        loads = LoadThread()
        may_end = threading.Event()
        slow = asyncio.create_task(loads.run(may_end.wait, 20))
        await asyncio.sleep(0)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        may_end.set()
        assert await loads.run(divmod, 7, 2) == (3, 1)
        with pytest.raises(MemoryError):
            await loads.run(fail_half_way)
        for strange in (StopIteration(1), SystemExit(1)):
            with pytest.raises(RuntimeError, match=type(strange).__name__):
                await loads.run(_raise, strange)
        await asyncio.to_thread(wait_until, lambda: watched[0]() is None)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def _raise(error: BaseException) -> None:
    raise error


STOPPED_WHILE_IT_LOADS = """
import asyncio, threading
from serve.models.load_thread import LoadThread

async def main():
    has_begun = threading.Event()
    load = asyncio.create_task(LoadThread().run(lambda: (has_begun.set(), threading.Event().wait())))
    await asyncio.to_thread(has_begun.wait)
    load.cancel()

asyncio.run(main())
"""


def test_a_process_that_ends_does_not_wait_for_its_loads() -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED_WHILE_IT_LOADS], timeout=60, check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_place_that_was_given_up_cannot_be_awaited() -> None:
    async def scenario(batcher: Batcher) -> None:
        lane: Lane[int, int] = batcher.open_lane("lane", same, max_batch=1, queue_size=1)
        ticket = lane.reserve()
        ticket.leave()
        with pytest.raises(RuntimeError, match="given up"):
            await ticket
        with pytest.raises(DeadlineExceeded):
            lane.reserve(deadline=0.0)

    run_on_batcher(scenario)
