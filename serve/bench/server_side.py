"""What a server tells of itself between two looks: batches from its `/metrics`, CPU time from there or from its pid.

Of another server than ours, which has no such metrics, the figures are None.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class Look:
    """The server's counters at one moment; None for one that it does not have."""

    num_batches: float | None
    num_pictures: float | None
    cpu_s: float | None


@dataclass(frozen=True, slots=True)
class Between:
    """What happened from one look to a later one."""

    before: Look
    after: Look

    @property
    def mean_batch(self) -> float | None:
        """Pictures in a batch, on average."""
        num_batches = _less(self.after.num_batches, self.before.num_batches)
        num_pictures = _less(self.after.num_pictures, self.before.num_pictures)
        return num_pictures / num_batches if num_pictures is not None and num_batches else None

    @property
    def cpu_s(self) -> float | None:
        """CPU time that the server used."""
        return _less(self.after.cpu_s, self.before.cpu_s)


def look(metrics_url: str, *, pid: int | None = None, headers: Mapping[str, str] | None = None) -> Look:
    """The server's counters now. Of `pid` and its children if one is given (Linux only), else as it says itself.

    A server that does not answer under `metrics_url` gives None for what is read there. Raises ProcessLookupError if
    there is no such process.
    """
    found = _metrics(metrics_url, headers or {})
    return Look(
        found.get("serve_batch_size_count"),
        found.get("serve_batch_size_sum"),
        found.get("process_cpu_seconds_total") if pid is None else cpu_s_of(pid),
    )


def cpu_s_of(pid: int) -> float:
    """User and system time of a process and its living descendants, in seconds, from /proc."""
    ticks = 0
    for process in _family(pid):
        # The name, in brackets, may hold spaces.
        try:
            fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except FileNotFoundError:
            if process == pid:
                raise ProcessLookupError(f"no process {pid} here, or no /proc to find it in") from None
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    found = [pid]
    for process in found:  # grows while it is walked
        for children in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text(encoding="utf-8").split()]
            except OSError:  # it ended while we looked
                continue
    return found


def _metrics(url: str, headers: Mapping[str, str]) -> dict[str, float]:
    """Each metric by name, added up over its labels."""
    try:
        answer = httpx2.get(url, headers=dict(headers), timeout=10)
        answer.raise_for_status()
        families = list(text_string_to_metric_families(answer.text))
    except (httpx2.HTTPError, ValueError):
        return {}
    found: dict[str, float] = {}
    for family in families:
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before
