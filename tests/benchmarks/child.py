"""A whole process as the thing that is measured: run it, wait for it, learn what it used. POSIX only."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended well. `started_s` is on the clock of `time.perf_counter`, which on Linux and macOS all
    processes share; `cpu_s` is user and system time together, as the kernel charged it (`rusage` of the child).
    `output` and `errors` are what it wrote to stdout and stderr."""

    started_s: float
    wall_s: float
    cpu_s: float
    output: str
    errors: str


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Finished:
    """Run the command to its end; RuntimeError with its stderr if it fails. `environment` is laid over this one's."""
    with tempfile.TemporaryFile() as errors:
        started_s = time.perf_counter()
        process = subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        assert process.stdout is not None
        with process.stdout as pipe:
            output = pipe.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started_s
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        told = errors.read().decode(errors="replace")
        if process.returncode != 0:
            raise RuntimeError(f"`{' '.join(command)}` ended with {process.returncode}:\n{told}")
    return Finished(started_s, wall_s, usage.ru_utime + usage.ru_stime, output, told)
