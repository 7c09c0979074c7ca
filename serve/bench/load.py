"""A closed loop: so many connections, each with one request under way, for so long. Knows nothing of pictures.

On bare sockets with httptools' parser: a request costs this side some 30 us of CPU. Where that is too much for one
core, `processes.py` runs several of these.
"""

import asyncio
import math
import os
import ssl
import time
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httptools

_LOOK_EVERY_S: Final = 0.1
_RECONNECT_AFTER_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send requests: `http://127.0.0.1:8000/predict` in parts."""

    host: str
    port: int
    path: str
    is_encrypted: bool

    @classmethod
    def of(cls, url: str) -> "Target":
        """The parts of `url`. Raises ValueError if it is no http or https address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"an address must be http://HOST:PORT or https://HOST:PORT, not `{url}`")
        is_encrypted = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(parts.hostname, parts.port or (443 if is_encrypted else 80), path, is_encrypted)

    def request(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """A POST of `body`, ready to be sent again and again."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {host}:{self.port}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@dataclass(slots=True)
class Outcome:
    """What became of every request of a run. `latencies_s` are those of requests answered 200 to 299, in no order.

    `statuses` counts the answers; `failures` what had none, by reason. `took_s` is from the start to the last good
    answer, and at least what was asked for: what is under way by then is still waited for, and counts. `own_cpu_s` is
    what the load generator itself used.
    """

    took_s: float
    latencies_s: "array[float]" = field(default_factory=lambda: array("d"))
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    own_cpu_s: float = 0.0

    @property
    def requests_per_s(self) -> float:
        """Good answers a second."""
        return len(self.latencies_s) / self.took_s

    @property
    def num_sent(self) -> int:
        """All requests, however they ended."""
        return self.statuses.total() + self.failures.total()

    @property
    def num_failed(self) -> int:
        """Requests without a good answer."""
        return self.num_sent - len(self.latencies_s)

    def percentile_ms(self, percent: float) -> float | None:
        """The latency that `percent` of the good answers stay within; None if there are none."""
        if not self.latencies_s:
            return None
        ordered = sorted(self.latencies_s)
        return 1e3 * ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]

    def add(self, other: "Outcome") -> None:
        """Count another run, at the same time, into this one."""
        self.took_s = max(self.took_s, other.took_s)
        self.latencies_s.extend(other.latencies_s)
        self.statuses.update(other.statuses)
        self.failures.update(other.failures)
        self.own_cpu_s += other.own_cpu_s


async def drive(
    target: Target,
    requests: Sequence[bytes],
    *,
    concurrency: int,
    seconds: float,
    timeout_s: float = 60.0,
    progress: Callable[[Outcome], None] | None = None,
) -> Outcome:
    """Send the requests in turn, over and over, `concurrency` at a time, for `seconds`; comes back when all ended.

    A connection that breaks is opened again. `progress` sees the outcome so far, ten times a second.
    """
    run = _Run(target, requests, Outcome(seconds), timeout_s)
    connections = [_Connection(run, index * len(requests) // concurrency) for index in range(concurrency)]
    run.num_open = concurrency
    began_cpu_s = time.process_time()
    run.began_at = time.perf_counter()
    run.stops_at = run.began_at + seconds
    for connection in connections:
        connection.open()
    while not run.is_over.is_set():
        try:
            await asyncio.wait_for(run.is_over.wait(), _LOOK_EVERY_S)
        except TimeoutError:
            now = time.perf_counter()
            for connection in connections:
                connection.look(now)
            if progress is not None:
                progress(run.outcome)
    run.outcome.own_cpu_s = time.process_time() - began_cpu_s
    return run.outcome


class _Run:
    """What the connections of one run share."""

    def __init__(self, target: Target, requests: Sequence[bytes], outcome: Outcome, timeout_s: float) -> None:
        self.target = target
        self.requests = requests
        self.outcome = outcome
        self.timeout_s = timeout_s
        self.began_at = self.stops_at = 0.0
        self.num_open = 0
        self.is_over = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.tls = ssl.create_default_context() if target.is_encrypted else None

    def close_one(self) -> None:
        """One connection has no more to do."""
        self.num_open -= 1
        if not self.num_open:
            self.is_over.set()


class _Connection(asyncio.Protocol):
    """One place of the loop: a connection, opened again as often as it breaks. The parser calls its `on_` methods."""

    def __init__(self, run: _Run, next_request: int) -> None:
        self._run = run
        self._next_request = next_request
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._sent_at = 0.0
        self._opening: asyncio.Task[None] | None = None
        self._is_waiting = False

    def open(self) -> None:
        """Connect, and begin."""
        self._opening = self._run.loop.create_task(self._connect())

    async def _connect(self) -> None:
        target = self._run.target
        while time.perf_counter() < self._run.stops_at:
            try:
                async with asyncio.timeout(self._run.timeout_s):
                    await self._run.loop.create_connection(lambda: self, target.host, target.port, ssl=self._run.tls)
            except (OSError, TimeoutError) as error:
                self._run.outcome.failures[f"not connected: {_reason(error)}"] += 1
                await asyncio.sleep(_RECONNECT_AFTER_S)
            else:
                return
        self._run.close_one()

    def look(self, now: float) -> None:
        """Give a request up that has waited too long."""
        if self._is_waiting and now - self._sent_at > self._run.timeout_s:
            self._fail("timed out")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._parser = httptools.HttpResponseParser(self)
        self._send()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail("no HTTP in the answer")

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._is_waiting:
            self._is_waiting = False
            self._run.outcome.failures["connection lost"] += 1
        self.open()

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        status = self._parser.get_status_code()
        if status < 200:  # an announcement, such as 100 Continue: the answer follows
            return
        outcome = self._run.outcome
        outcome.statuses[status] += 1
        self._is_waiting = False
        if status < 300:
            outcome.latencies_s.append(now - self._sent_at)
            outcome.took_s = max(outcome.took_s, now - self._run.began_at)
        if self._parser.should_keep_alive():
            self._send()
        else:
            self._drop()

    def _send(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if time.perf_counter() >= self._run.stops_at:
            self._drop()
            return
        requests = self._run.requests
        request = requests[self._next_request % len(requests)]
        self._next_request += 1
        self._is_waiting = True
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def _fail(self, reason: str) -> None:
        self._is_waiting = False
        self._run.outcome.failures[reason] += 1
        self._drop()

    def _drop(self) -> None:
        """Close; `connection_lost` opens the next one, if there is time left."""
        if self._transport is not None:
            self._transport.abort()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "timed out"
    number = getattr(error, "errno", None) or 0
    # asyncio's own text names the port, the system's does not; a resolver's numbers are below 0.
    return os.strerror(number) if number > 0 else str(error) or type(error).__name__
