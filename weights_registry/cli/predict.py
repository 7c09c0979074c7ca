"""`weights-registry predict`: what is on pictures, from files, folders and stdin, as a table, JSON lines or CSV."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from weights_registry.cli.options import add_running_options, add_weights_option, make_classifier, positive
from weights_registry.cli.output import say
from weights_registry.cli.predictions import WRITERS
from weights_registry.cli.progress import progress_bar

STDIN = "-"


def add_to(commands: Any) -> None:
    """Add the command `predict`."""
    parser = commands.add_parser("predict", help="what is on pictures", description=__doc__)
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="files, folders (recursive), or - for stdin")
    parser.add_argument("--top-k", type=positive, default=5, metavar="K", help="categories a picture: %(default)s")
    parser.add_argument("--format", choices=tuple(WRITERS), default="table", help="default: %(default)s")
    parser.add_argument("--json", dest="format", action="store_const", const="jsonl", help="the same as --format jsonl")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write there, whole or not at all, not to stdout")
    add_weights_option(parser)
    add_running_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write a prediction for each picture, in order; exit status 1 if some were bad, which are listed at the end."""
    pictures = list(_collect(arguments.pictures))
    if not pictures:
        say(f"there are no pictures in {', '.join(f'`{each}`' for each in arguments.pictures)}")
        return 1
    classifier = make_classifier(arguments)
    bad = []
    start = time.perf_counter()
    with _destination(arguments.output) as file, progress_bar(len(pictures)) as advance:
        write = WRITERS[arguments.format](file, pictures)
        for outcome in classifier.stream(_opened(pictures)):
            if outcome.error is None:
                write(classifier.rank(outcome, top_k=arguments.top_k))
            else:
                bad.append(outcome.error)
            advance()
    _report(len(pictures) - len(bad), time.perf_counter() - start, classifier.checkpoint.id)
    for error in bad:
        say(f"bad picture: {error}")
    return 1 if bad else 0


def _collect(names: list[str]) -> Iterator[str]:
    """Every picture meant, in order: folders give those below them, files themselves, `-` the bytes on stdin."""
    from weights_registry.inference.labelled_folder import find_pictures

    for name in names:
        if name != STDIN and Path(name).is_dir():
            yield from map(str, find_pictures(Path(name)))
        else:
            yield name


def _opened(pictures: list[str]) -> Iterator[str | BinaryIO]:
    for picture in pictures:
        yield sys.stdin.buffer if picture == STDIN else picture


@contextmanager
def _destination(output: Path | None) -> Iterator[TextIO]:
    """Stdout, or a file that takes its name only once it is whole."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f".{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)


def _report(num_done: int, seconds: float, weights: str) -> None:
    rate = num_done / seconds if seconds > 0 else 0.0
    say(f"{num_done} image{'' if num_done == 1 else 's'} with {weights}, {rate:.1f} images/s")
