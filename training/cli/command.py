"""What a command is: a name, a line of help, its arguments and what it does. Knows no command."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.runs.settings import default_num_workers

# What every generator of random numbers takes.
MAX_SEED: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One verb of the command line. `run` returns the exit status: 0 done, 1 failed. `epilog` ends its help page."""

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    epilog: str = ""


def add_json(parser: argparse.ArgumentParser) -> None:
    """The flag `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """The flag `--set field=value`, any number of times; collected in `settings`."""
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change a field, such as lr=0.1, ema_decay=none, inference.resize_size=256; may be repeated",
    )


def add_workers(parser: Any) -> None:
    """The flag `--workers`, to a parser or a group of one."""
    parser.add_argument(
        "--workers",
        type=natural_int,
        default=default_num_workers(),
        metavar="N",
        help="processes that read pictures (default: one a core, 16 at most)",
    )


def positive_int(text: str) -> int:
    """A whole number from 1 up, for argparse. Raises ArgumentTypeError for anything else."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 up, not `{text}`")
    return number


def natural_int(text: str) -> int:
    """A whole number from 0 up, for argparse. Raises ArgumentTypeError for anything else."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 up, not `{text}`")
    return number


def seed_int(text: str) -> int:
    """A seed, a whole number from 0 to `MAX_SEED`, for argparse. Raises ArgumentTypeError for anything else."""
    seed = natural_int(text)
    if seed > MAX_SEED:
        raise argparse.ArgumentTypeError(f"must be a whole number up to {MAX_SEED}, not `{text}`")
    return seed


def png_path(text: str) -> Path:
    """Where a chart is to be written, for argparse. Raises ArgumentTypeError for another ending than `.png`."""
    path = Path(text)
    if path.suffix not in ("", ".png"):
        raise argparse.ArgumentTypeError(f"a chart is written as `.png`, not as `{path.suffix}`: `{text}`")
    return path


def positive_float(text: str) -> float:
    """A finite number above 0, for argparse. Raises ArgumentTypeError for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not `{text}`")
    return number
