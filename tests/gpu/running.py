"""Runs one job of the GPU script within its time, as a process of its own. Knows nothing of what a job does."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

Status = Literal["done", "failed", "out of time", "stopped", "left out"]

# After SIGTERM a training run saves and exits, after SIGINT pytest reports; whatever has not ended by then is killed.
GRACE_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One check or measurement: its command, at most how many seconds it may take, and the modules it needs.

    `figures` reads what it left, after it ended well or ran out of time, as short lines for the table.
    `missing` names what else it lacks, such as a data set. `stopped_by` are the signals that it gets, one after the
    other, when its time is over.
    """

    name: str
    command: Sequence[str]
    budget_s: float
    needs: Sequence[str] = ()
    missing: Sequence[str] = ()
    figures: Callable[[], Sequence[str]] = tuple
    stopped_by: Sequence[signal.Signals] = (signal.SIGTERM,)

    @property
    def lacks(self) -> list[str]:
        """What is not there for it."""
        return [*(module for module in self.needs if find_spec(module) is None), *self.missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a job; `told` are its figures, or why there are none."""

    name: str
    status: Status
    seconds: float = 0.0
    told: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """As JSON types."""
        return {"name": self.name, "status": self.status, "seconds": round(self.seconds, 1), "told": list(self.told)}


def run_job(job: Job, *, log: Path, folder: Path, environment: Mapping[str, str], most_s: float) -> Outcome:
    """Run the job in `folder`, for no longer than its budget and `most_s`; its output is appended to `log`.

    Whatever happens to it is an outcome and no exception: the other jobs are to run too. It is `stopped` if this very
    process was told to end meanwhile, by KeyboardInterrupt or SystemExit.
    """
    if job.lacks:
        return Outcome(name=job.name, status="left out", told=(f"missing: {', '.join(job.lacks)}",))
    limit_s = min(job.budget_s, most_s)
    if limit_s <= 0:
        return Outcome(name=job.name, status="left out", told=("no time left",))
    begun = time.monotonic()
    with log.open("ab") as file:
        file.write(f"\n=== {job.name}: {' '.join(job.command)}\n".encode())
        file.flush()
        process = subprocess.Popen(
            job.command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, **environment},
            start_new_session=True,  # so that what it started can be ended with it
        )
        status: Status = "done"
        try:
            if process.wait(limit_s):
                status = "failed"
        except subprocess.TimeoutExpired:
            status = "out of time"
        except (KeyboardInterrupt, SystemExit):
            status = "stopped"
        finally:
            end(process, job.stopped_by)
    told = (f"exit status {process.returncode}; see {log.name}",) if status == "failed" else ()
    return Outcome(name=job.name, status=status, seconds=time.monotonic() - begun, told=(*told, *_figures(job)))


def end(process: "subprocess.Popen[bytes]", signals: Sequence[signal.Signals]) -> None:
    """Ask the process, if it still runs, to stop, by one signal after the other; kill it and what it leaves behind."""
    try:
        for each in signals:
            if process.poll() is None:
                process.send_signal(each)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GRACE_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _figures(job: Job) -> tuple[str, ...]:
    try:
        return tuple(job.figures())
    except Exception as error:  # a job that broke off may have left anything
        return (f"no figures: {type(error).__name__}: {error}",)
