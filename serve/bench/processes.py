"""The closed loop on uvloop, in this process or in several at once. Knows nothing of what is sent."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import uvloop

from serve.bench.load import Outcome, Target, drive

_START_S = 1.0


def run_load(
    target: Target,
    requests: Sequence[bytes],
    *,
    concurrency: int,
    seconds: float,
    timeout_s: float = 60.0,
    num_processes: int = 1,
    progress: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """What `drive` gives, from `num_processes` processes that share the connections. Only one of them reports progress.

    Of processes without a connection none is started.
    """
    shares = [concurrency // num_processes + (index < concurrency % num_processes) for index in range(num_processes)]
    shares = [share for share in shares if share]
    load = partial(_load, target, requests, seconds, timeout_s)
    if len(shares) == 1:
        return load(concurrency, 0.0, progress)
    with ProcessPoolExecutor(len(shares) - 1, mp_context=get_context("spawn")) as pool:
        starts_at = time.time() + _START_S  # the only clock that processes share on every system
        others = [pool.submit(load, share, starts_at, None) for share in shares[1:]]
        outcome = load(shares[0], starts_at, progress)
        for other in others:
            outcome.add(other.result())
    return outcome


def _load(
    target: Target,
    requests: Sequence[bytes],
    seconds: float,
    timeout_s: float,
    concurrency: int,
    starts_at: float,
    progress: Callable[[Outcome], None] | None,
) -> Outcome:
    time.sleep(max(0.0, starts_at - time.time()))
    return uvloop.run(
        drive(target, requests, concurrency=concurrency, seconds=seconds, timeout_s=timeout_s, progress=progress)
    )
