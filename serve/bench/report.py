"""Rows of figures -> a table to read, and JSON to keep. Knows nothing of how they were measured."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from serve.bench.load import Outcome
from serve.bench.server_side import Between
from weights_registry.whole_file import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one concurrency. Latencies are of good answers; `cpu_ms` is the server's, for each good answer.

    `errors` counts what was not answered with 200 to 299: by status, or by reason where there was no answer.
    """

    concurrency: int
    requests_per_s: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mean_batch: float | None
    cpu_ms: float | None
    num_good: int
    num_failed: int
    errors: dict[str, int]
    client_cores: float


_COLUMNS: Final = {
    "concurrency": "at once",
    "requests_per_s": "req/s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "mean_batch": "mean batch",
    "cpu_ms": "CPU ms",
    "errors": "errors",
}


def row_of(outcome: Outcome, between: Between, *, concurrency: int) -> Row:
    """The figures of one run."""
    num_good = len(outcome.latencies_s)
    cpu_s = between.cpu_s
    return Row(
        concurrency=concurrency,
        requests_per_s=round(outcome.requests_per_s, 1),
        p50_ms=_rounded(outcome.percentile_ms(50)),
        p95_ms=_rounded(outcome.percentile_ms(95)),
        p99_ms=_rounded(outcome.percentile_ms(99)),
        mean_batch=_rounded(between.mean_batch, 2),
        cpu_ms=_rounded(1e3 * cpu_s / num_good) if cpu_s is not None and num_good else None,
        num_good=num_good,
        num_failed=outcome.num_failed,
        errors=_errors(outcome),
        client_cores=round(outcome.own_cpu_s / outcome.took_s, 2),
    )


def table(rows: Sequence[Row]) -> str:
    """The rows in columns; `-` for what is not known."""
    lines = [list(_COLUMNS.values())]
    lines += [[_cell(getattr(row, name)) for name in _COLUMNS] for row in rows]
    widths = [max(len(line[index]) for line in lines) for index in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line[:-1], widths, strict=False)) + "  " + line[-1]
        for line in lines
    )


def document(url: str, rows: Sequence[Row], how: Mapping[str, Any]) -> dict[str, Any]:
    """All there is to know of a run, for JSON. The machine is the one that sent the requests."""
    return {
        "url": url,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "weights_registry": version("weights-registry"),
        "client": {"system": platform.platform(terse=True), "cores": os.cpu_count(), "machine": platform.machine()},
        **how,
        "rows": [asdict(row) for row in rows],
    }


def write(path: Path, found: Mapping[str, Any]) -> None:
    """Store the document, whole or not at all."""
    write_whole(path, json.dumps(found, indent=2) + "\n")


def _errors(outcome: Outcome) -> dict[str, int]:
    statuses = {str(status): number for status, number in sorted(outcome.statuses.items()) if not 200 <= status < 300}
    return statuses | dict(sorted(outcome.failures.items()))


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def _cell(value: "float | dict[str, int] | None") -> str:
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{number:,} x {name}" for name, number in value.items()) or "none"
    return f"{value:,.0f}" if abs(value) >= 1000 or isinstance(value, int) else f"{value:.3g}"
