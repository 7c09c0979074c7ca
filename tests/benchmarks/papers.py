"""The papers of a figure: on which machine, with which versions, at which commit, by which command, how repeated.

Writes them with the figures as JSON and prints the figures as a table. Knows nothing of what was measured.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.own_cpu import all_cpu_s, own_cpu_s
from tests.benchmarks.rounds import Spread
from weights_registry.surroundings import COMMIT_VARIABLE, commit_of, cpu_name, versions

ROOT: Final = Path(__file__).resolve().parents[2]
MEASUREMENTS: Final = ROOT / "cards" / "measurements"

PACKAGES: Final = ("torch", "torchvision", "timm", "pillow", "numpy", "safetensors")
MEASURED_CODE: Final = ("weights_registry", "serve", "training", "tests/benchmarks", "tests/gpu")
BUSY_CORES: Final = 0.1

Row = Mapping[str, "str | int | Spread | bool | float | None"]


@dataclass(frozen=True, slots=True)
class Start:
    """The moment a measurement began; later it tells how much of the machine others used meanwhile."""

    wall_s: float
    own_cpu_s: float
    all_cpu_s: float | None

    @classmethod
    def now(cls) -> "Start":
        """This moment."""
        return cls(time.perf_counter(), own_cpu_s(), all_cpu_s())

    def cores_used_by_others(self) -> float | None:
        """Cores that other programs kept busy since then, on average; None where the system does not count them."""
        now = Start.now()
        if self.all_cpu_s is None or now.all_cpu_s is None:
            return None
        others = (now.all_cpu_s - self.all_cpu_s) - (now.own_cpu_s - self.own_cpu_s)
        return round(max(0.0, others / (now.wall_s - self.wall_s)), 2)


def parser(doc: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The options that all benchmarks share."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--rounds", type=int, default=rounds, help="how often each contender runs: %(default)s")
    made.add_argument("--out", type=Path, default=MEASUREMENTS, help="folder of the JSON (default: cards/measurements)")
    return made


def publish(
    name: str,
    *,
    what: str,
    how: Mapping[str, Any],
    tables: Mapping[str, Sequence[Row]],
    notes: Sequence[str],
    start: Start,
    out: Path,
    gpu: str = "not used",
    others_versions: Mapping[str, str] | None = None,
) -> None:
    """Write `out/NAME.json` whole or not at all, and print its tables. `how` holds what a reader needs to judge them:
    rounds, batch size, data type, threads. `others_versions` are those of what it was measured against or ran on
    besides PACKAGES."""
    others = start.cores_used_by_others()
    record = {
        "name": name,
        "what": what,
        "command": _command(),
        **code_and_machine(gpu),
        "versions": {**versions(*PACKAGES), **(others_versions or {})},
        "how": {"order": "interleaved: each round runs every contender once, in the order of the table", **how},
        "took_s": round(time.perf_counter() - start.wall_s),
        "cores_used_by_others": others,
        **{title: [_plain(row) for row in rows] for title, rows in tables.items()},
        "notes": list(notes),
    }
    path = out / f"{name}.json"
    out.mkdir(parents=True, exist_ok=True)
    draft = out / f".{name}.{os.getpid()}.draft"
    draft.write_text(_json(record), encoding="utf-8")
    draft.replace(path)
    for title, rows in tables.items():
        print(f"\n{name}: {title}; median (smallest .. largest)\n")
        _print_table(rows)
    print()
    for note in notes:
        print(f"- {note}")
    print(f"written: {os.path.relpath(path)}")
    if others is not None and others > BUSY_CORES:
        print(f"other programs kept {others} cores busy meanwhile: measure again on a quiet machine", file=sys.stderr)


def code_and_machine(gpu: str) -> dict[str, Any]:
    """Date, commit and machine, as JSON types. What nobody knows of the commit, as in a copy without .git, is None;
    `commit_told_by` is there if not git but the environment told it."""
    commit = commit_of(ROOT, *MEASURED_CODE)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit and commit.id,
        **({"commit_told_by": COMMIT_VARIABLE} if commit is not None and commit.is_told else {}),
        "uncommitted_changes": commit and commit.has_changes,
        "machine": _machine(gpu),
    }


def _json(record: Mapping[str, Any]) -> str:
    """Indented by one step only, so that a row of figures stays on one line."""
    fields = []
    for key, value in record.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list) and value:
            rows = ",\n    ".join(json.dumps(row, ensure_ascii=False) for row in value)
            text = f"[\n    {rows}\n  ]"
        fields.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(fields) + "\n}\n"


def _print_table(rows: Sequence[Row]) -> None:
    titles = list(dict.fromkeys(title for row in rows for title in row))
    lines = [titles, *([_cell(row.get(title)) for title in titles] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(titles))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: "str | int | Spread | bool | float | None") -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(row: Row) -> dict[str, Any]:
    return {title: value.as_dict() if isinstance(value, Spread) else value for title, value in row.items()}


def _command() -> str:
    """The command to run this again, without `--out`, which names a folder of this machine only."""
    words = sys.argv[1:]
    if "--out" in words:
        at = words.index("--out")
        del words[at : at + 2]
    words = [word for word in words if not word.startswith("--out=")]
    script = Path(sys.argv[0]).resolve().relative_to(ROOT).as_posix()
    return " ".join([".venv/bin/python", script, *words])


def _machine(gpu: str) -> dict[str, Any]:
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "gpu": gpu,
        "os": _system(),
    }


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = platform.platform(terse=True)
    kernel = ".".join(platform.release().split("-")[0].split(".")[:2])
    return f"{name}, {platform.system()} {kernel} {platform.machine()}"
