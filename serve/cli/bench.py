"""`serve-weights bench`: drives a server at several concurrencies, prints a table and stores it as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tqdm import tqdm

from serve.bench.load import Outcome, Target
from serve.bench.pictures import read_pictures
from serve.bench.processes import run_load
from serve.bench.report import Row, document, row_of, table, write
from serve.bench.server_side import Between, look

_BUSY_CORES = 0.8

_EPILOG = """examples:
  serve-weights bench                                      the server on port 8000, with the sample photos
  serve-weights bench http://gpu-box:8000 photos/ --concurrency 1,32,256 --seconds 30
  serve-weights bench --pid $(pgrep -f 'serve-weights run') --out before.json

A closed loop: so many connections, each sending its next picture when the last is answered. Every request counts,
and one without an answer of 200 to 299 counts as an error. The exit code is 1 if any concurrency had no good answer.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to send, where to, how many at once, for how long."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:8000", help="the server (default: %(default)s)")
    parser.add_argument(
        "pictures", nargs="*", type=Path, help="files and folders to send, in turn (default: the sample photos)"
    )
    parser.add_argument(
        "--concurrency", type=_numbers, default=[1, 8, 32], metavar="N,N", help="requests at once (default: 1,8,32)"
    )
    parser.add_argument("--seconds", type=_positive, default=10.0, help="of each concurrency (default: 10)")
    parser.add_argument("--warm-up", type=_positive, default=1.0, metavar="SECONDS", help="before each (default: 1)")
    parser.add_argument("--timeout", type=_positive, default=60.0, metavar="SECONDS", help="a request (default: 60)")
    parser.add_argument(
        "--path", default="/predict", help="where to POST to, arguments included (default: %(default)s)"
    )
    parser.add_argument("--api-key", default=os.environ.get("SERVE_API_KEY"), help="default: $SERVE_API_KEY")
    parser.add_argument("--pid", type=int, help="the server's process here, for its CPU time (default: as it says)")
    parser.add_argument(
        "--processes", type=_count, default=1, help="that send; more than 1 if one is kept busy (default: 1)"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("serve-bench.json"), help="where the figures go (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the JSON instead of the table")


def run(arguments: argparse.Namespace) -> int:
    """Measure, print, store; gives the exit code."""
    url = arguments.url.rstrip("/")
    try:
        target = Target.of(url + arguments.path)
        pictures = read_pictures(arguments.pictures)
    except (OSError, ValueError) as error:
        _say(str(error))
        return 2
    key = {"X-API-Key": arguments.api_key} if arguments.api_key else {}
    requests = [target.request(each.content, {"Content-Type": each.content_type} | key) for each in pictures]
    mean_kb = sum(len(each.content) for each in pictures) / len(pictures) / 1000
    _say(f"{len(pictures)} pictures of {mean_kb:.0f} kB on average to {url}{arguments.path}")
    try:
        rows = [
            _measure(target, requests, concurrency, f"{url}/metrics", arguments)
            for concurrency in arguments.concurrency
        ]
    except ProcessLookupError as error:
        _say(f"`--pid`: {error}")
        return 2
    how = {
        "path": arguments.path,
        "seconds": arguments.seconds,
        "warm_up_s": arguments.warm_up,
        "num_pictures": len(pictures),
        "mean_kb": round(mean_kb, 1),
    }
    found = document(url, rows, how)
    write(arguments.out, found)
    print(json.dumps(found, indent=2) if arguments.json else table(rows))
    _comment(rows, arguments)
    return 0 if all(row.num_good for row in rows) else 1


def _measure(
    target: Target, requests: list[bytes], concurrency: int, metrics_url: str, arguments: argparse.Namespace
) -> Row:
    options: dict[str, Any] = {
        "concurrency": concurrency,
        "timeout_s": arguments.timeout,
        "num_processes": arguments.processes,
    }
    run_load(target, requests, seconds=arguments.warm_up, **options)
    before = look(metrics_url, pid=arguments.pid)
    with _progress(concurrency, arguments.seconds) as progress:
        outcome = run_load(target, requests, seconds=arguments.seconds, progress=progress, **options)
    return row_of(outcome, Between(before, look(metrics_url, pid=arguments.pid)), concurrency=concurrency)


@contextmanager
def _progress(concurrency: int, seconds: float) -> Iterator[Callable[[Outcome], None]]:
    """A bar of seconds on a terminal; nothing elsewhere."""
    layout = "{desc} |{bar}| {n:.0f} of {total:.0f} s{postfix}"
    with tqdm(total=seconds, desc=f"{concurrency} at once", disable=None, leave=False, bar_format=layout) as bar:

        def show(outcome: Outcome) -> None:
            bar.n = min(seconds, bar.format_dict["elapsed"])
            bar.set_postfix_str(f"{len(outcome.latencies_s):,} answers, {outcome.num_failed:,} errors")

        yield show


def _comment(rows: list[Row], arguments: argparse.Namespace) -> None:
    for row in rows:
        if row.client_cores > _BUSY_CORES * arguments.processes:
            _say(
                f"sending took {row.client_cores} cores at concurrency {row.concurrency}: the figure may be this "
                f"program's, not the server's; try --processes {arguments.processes + 1}"
            )
    if not any(row.num_good for row in rows):
        _say("nothing was answered: is the server there? Start one with `serve-weights run`")
    _say(f"written: {arguments.out}")


def _numbers(text: str) -> list[int]:
    return [_count(part) for part in text.split(",")]


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not `{text}`")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be above 0, not `{text}`")
    return number


def _say(message: str) -> None:
    print(f"serve-weights: {message}", file=sys.stderr, flush=True)
