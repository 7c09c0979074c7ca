"""A server as a child process, and one load on it: started, waited for, measured, stopped. POSIX only."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx2

from serve.bench.load import Target
from serve.bench.processes import run_load
from serve.bench.server_side import Between, cpu_s_of, look
from tests.benchmarks.own_cpu import ending
from tests.benchmarks.rounds import Sample

START_S: Final = 120.0
WRK: Final = "wrk"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready. `pid` is its oldest process."""

    url: str
    pid: int


@contextmanager
def serving(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The server that `command` starts on the port in its place of `{port}`, from when `/readyz` says so.

    Raises RuntimeError with the end of its stderr if it ends, or is not ready in time.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [word.replace("{port}", str(port)) for word in command],
            env={**os.environ, **(environment or {})},
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # so that all its processes can be ended at once
        )
        try:
            server = Server(f"http://127.0.0.1:{port}", process.pid)
            if not _is_ready(server, process):
                errors.seek(0)
                raise RuntimeError(f"`{' '.join(command)}` was not ready:\n{errors.read()[-3000:].decode()}")
            yield server
        finally:
            ending(process.pid, lambda: _stop(process))


def _is_ready(server: Server, process: "subprocess.Popen[bytes]") -> bool:
    ends_at = time.monotonic() + START_S
    while time.monotonic() < ends_at and process.poll() is None:
        with suppress(httpx2.HTTPError):
            if httpx2.get(f"{server.url}/readyz", timeout=1).status_code == 200:
                return True
        time.sleep(0.1)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what it started and left behind
    process.wait()


OURS: Final = "the closed loop of `serve-weights bench`"


def cheapest_client() -> str:
    """wrk where there is one: it takes some 10 us a request of the cores that the server runs on too, ours 30.

    It gives up what is under way when its time is over, so it is for servers that answer within milliseconds.
    """
    return WRK if shutil.which(WRK) else OURS


def load(
    server: Server,
    pictures: Sequence[bytes],
    *,
    concurrency: int,
    seconds: float,
    warm_up_s: float,
    client: str = OURS,
) -> Sample:
    """Figures of a closed loop of JPEGs to `/predict`. Raises RuntimeError if one request was not answered well."""
    run = _by_wrk if client == WRK else _by_ourselves
    run(server, pictures, concurrency, warm_up_s)
    before, before_cpu_s = look(f"{server.url}/metrics"), cpu_s_of(server.pid)
    found = dict(run(server, pictures, concurrency, seconds))
    cpu_s = cpu_s_of(server.pid) - before_cpu_s
    between = Between(before, look(f"{server.url}/metrics"))
    found["cpu_ms"] = 1e3 * cpu_s / found.pop("num_good")
    found["mean_batch"] = between.mean_batch or float("nan")
    return found


def _by_ourselves(server: Server, pictures: Sequence[bytes], concurrency: int, seconds: float) -> Sample:
    target = Target.of(f"{server.url}/predict")
    requests = [target.request(picture, {"Content-Type": "image/jpeg"}) for picture in pictures]
    outcome = run_load(target, requests, concurrency=concurrency, seconds=seconds)
    if outcome.num_failed:
        raise RuntimeError(f"{server.url}: {dict(outcome.statuses)}, {dict(outcome.failures)}")
    return {
        "requests_per_s": outcome.requests_per_s,
        "p50_ms": outcome.percentile_ms(50) or 0.0,
        "p99_ms": outcome.percentile_ms(99) or 0.0,
        "num_good": len(outcome.latencies_s),
    }


_LUA: Final = """\
local bodies, turn = {{}}, 0
for number = 0, {count} - 1 do
  local file = io.open("{folder}/" .. number, "rb")
  bodies[number] = wrk.format("POST", "/predict", {{["Content-Type"] = "image/jpeg"}}, file:read("*a"))
  file:close()
end
function request()
  turn = (turn + 1) % {count}
  return bodies[turn]
end
function done(summary, latency, _)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status
  io.write(string.format("DONE %d %d %d %d %d %d\\n", summary.requests, bad, summary.errors.timeout, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
"""


def _by_wrk(server: Server, pictures: Sequence[bytes], concurrency: int, seconds: float) -> Sample:
    with tempfile.TemporaryDirectory() as folder:
        for number, picture in enumerate(pictures):
            (Path(folder) / str(number)).write_bytes(picture)
        script = Path(folder) / "post.lua"
        script.write_text(_LUA.format(count=len(pictures), folder=folder), encoding="utf-8")
        command = [WRK, "-t1", f"-c{concurrency}", f"-d{max(1, round(seconds))}s", "--timeout", "60s"]
        done = subprocess.run([*command, "-s", script, server.url], capture_output=True, text=True, check=True)
    match = re.search(r"^DONE (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)$", done.stdout, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"`wrk` says: {done.stdout} {done.stderr}")
    num_good, num_bad, num_late, taken_us, p50_us, p99_us = map(int, match.groups())
    if num_bad or num_late or not num_good:
        raise RuntimeError(f"{server.url}: {num_bad} requests failed, {num_late} timed out, {num_good} did not")
    return {
        "requests_per_s": 1e6 * num_good / taken_us,
        "p50_ms": p50_us / 1e3,
        "p99_ms": p99_us / 1e3,
        "num_good": num_good,
    }
