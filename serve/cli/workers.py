"""Several serving processes on one socket, and the parent that watches over them. Knows nothing of what they serve."""

import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from serve.settings import Settings

_YOUNG_S = 10.0
"""A worker that fails sooner than this would fail again: the parent gives up instead of starting another."""


def supervise(settings: Settings, listener: socket.socket) -> int:
    """Keep `settings.workers` processes serving until SIGTERM or SIGINT; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="serve-weights-metrics-") as metrics:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        return _Supervisor(settings, listener).run()


class _Supervisor:
    def __init__(self, settings: Settings, listener: socket.socket) -> None:
        self._settings = settings.for_one_worker()
        self._listener = listener
        # Not fork: a child must not inherit threads and locks half-way.
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[BaseProcess, float] = {}
        self._is_stopping = False
        self._exit_code = 0

    def run(self) -> int:
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signal_number, self._stop)
        for _ in range(self._settings.workers):
            if not self._is_stopping:
                self._start_worker()
        while self._workers:
            wait([worker.sentinel for worker in self._workers], timeout=1)
            for worker in [worker for worker in self._workers if not worker.is_alive()]:
                self._bury(worker)
        return self._exit_code

    def _start_worker(self) -> None:
        worker = self._context.Process(target=_work, args=(self._settings, self._listener))
        worker.start()
        self._workers[worker] = time.monotonic()
        if self._is_stopping:  # the signal came meanwhile: whoever handled it did not know this one
            worker.terminate()

    def _bury(self, worker: BaseProcess) -> None:
        from prometheus_client.multiprocess import mark_process_dead

        age_s = time.monotonic() - self._workers.pop(worker)
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # prometheus_client leaves it bare
        if self._is_stopping:
            # One that had not come to handle the signal yet has ended by it, and has lost nothing.
            self._exit_code = self._exit_code or int(worker.exitcode not in (0, -signal.SIGTERM))
        elif age_s < _YOUNG_S:
            _say(f"a worker failed {age_s:.0f} s after its start (exit code {worker.exitcode}): stopping")
            self._exit_code = 1
            self._stop(signal.SIGTERM, None)
        else:
            _say(f"a worker ended (exit code {worker.exitcode}): starting another")
            self._start_worker()

    def _stop(self, signal_number: int, frame: FrameType | None) -> None:
        self._is_stopping = True
        for worker in self._workers:
            if worker.is_alive():
                worker.terminate()


def _work(settings: Settings, listener: socket.socket) -> None:
    from serve.cli.server import serve

    sys.exit(serve(settings, listener))


def _say(message: str) -> None:
    print(f"serve-weights: {message}", file=sys.stderr, flush=True)
