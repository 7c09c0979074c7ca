"""`weights-registry predict`: what is on pictures, from files, folders and stdin, as a table, JSON lines or CSV."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from weights_registry.cli.failures import CommandFailed, running_the_network
from weights_registry.cli.files import output_file
from weights_registry.cli.options import add_exact_option, add_running_options, add_weights_option, make_classifier
from weights_registry.cli.output import printable, say
from weights_registry.cli.parsers import add_command, whole_number
from weights_registry.cli.predictions import WRITERS
from weights_registry.cli.progress import progress_bar
from weights_registry.finding import find_checkpoint
from weights_registry.whole_file import written_whole

if TYPE_CHECKING:
    from weights_registry.errors import InvalidImage
    from weights_registry.inference.classifier import Classifier

STDIN = "-"

EXAMPLES = (
    ("predict photo.jpg", "the five likeliest categories"),
    ("predict photos --format csv --output labels.csv", "a folder and all below it, into a file"),
    ("predict --weights resnet50 --top-k 1 --json a.jpg b.jpg", "other weights, JSON lines"),
    ("predict - <photo.jpg", "from a pipe"),
)


def add_to(commands: Any) -> None:
    """Add the command `predict`."""
    parser = add_command(
        commands,
        "predict",
        summary="what is on pictures",
        description="What is on pictures, from files, folders and stdin; by default with the weights that come along.\n"
        "Bad pictures are listed at the end: exit status 1.",
        examples=EXAMPLES,
    )
    parser.add_argument("pictures", nargs="+", metavar="PICTURE", help="files, folders (recursive), or - for stdin")
    parser.add_argument(
        "--top-k", type=whole_number(1, 10**9), default=5, metavar="K", help="categories a picture (default: 5)"
    )
    parser.add_argument("--format", choices=tuple(WRITERS), default="table", help="default: %(default)s")
    parser.add_argument("--json", dest="format", action="store_const", const="jsonl", help="the same as --format jsonl")
    parser.add_argument(
        "--output", type=output_file, metavar="FILE", help="write there, whole or not at all, not to stdout"
    )
    add_weights_option(parser)
    add_running_options(parser)
    add_exact_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write a prediction for each picture, in order; exit status 1 if some were bad, which are listed at the end."""
    checkpoint = find_checkpoint(arguments.weights)
    pictures = list(_collect(arguments.pictures))
    if not pictures:
        raise CommandFailed(f"there are no pictures in {', '.join(f'`{each}`' for each in arguments.pictures)}")
    if all(each != STDIN and not Path(each).exists() for each in pictures):  # the network need not be loaded
        raise CommandFailed(f"there is no file {' or '.join(f'`{each}`' for each in pictures)}")
    classifier = make_classifier(checkpoint, arguments)
    start = time.perf_counter()
    with running_the_network(), _destination(arguments.output) as file:
        bad = _predict(classifier, pictures, file, arguments)
    _report(len(pictures) - len(bad), time.perf_counter() - start, checkpoint.id)
    for error in bad:
        say(f"bad picture: {printable(str(error))}")
    return 1 if bad else 0


def _predict(
    classifier: "Classifier", pictures: Sequence[str], file: TextIO, arguments: argparse.Namespace
) -> "list[InvalidImage]":
    """Write what is on each picture as soon as it is known; gives what was wrong with the bad ones."""
    bad = []
    write = WRITERS[arguments.format](file, pictures)
    with (
        progress_bar(len(pictures), data_on_stdout=arguments.output is None) as advance,
        closing(classifier.stream(_opened(pictures))) as outcomes,
    ):
        for outcome in outcomes:
            if outcome.error is None:
                write(classifier.rank(outcome, top_k=arguments.top_k))
            else:
                bad.append(outcome.error)
            advance()
    return bad


def _collect(names: Sequence[str]) -> Iterator[str]:
    """Every picture meant, in order: folders give those below them, files themselves, `-` the bytes on stdin."""
    from weights_registry.inference.labelled_folder import find_pictures

    for name in names:
        if name == STDIN or not Path(name).is_dir():
            yield name
            continue
        found = find_pictures(Path(name))
        if not found and len(names) > 1:
            say(f"there are no pictures in `{name}`")
        yield from map(str, found)


class _Piped(BytesIO):
    """The bytes that came through stdin, called as on the command line."""

    name = STDIN


def _opened(pictures: Sequence[str]) -> Iterator[str | _Piped]:
    from weights_registry.inference.images import ImageLimits

    for picture in pictures:
        if picture == STDIN:
            # Read here and not in a decoder's thread, whose wait Ctrl-C could not end.
            yield _Piped(_read_stdin(ImageLimits().max_bytes + 1))  # no more than shows that it is too much
        else:
            yield picture


def _read_stdin(num_bytes: int) -> bytes:
    """All that comes through stdin, but `num_bytes` at most."""
    parts = []
    while sys.stdin and num_bytes > 0 and (part := os.read(sys.stdin.fileno(), min(num_bytes, 2**20))):
        # In parts, for Python looks for a Ctrl-C between two reads, and within one only while that waits.
        parts.append(part)
        num_bytes -= len(part)
    return b"".join(parts)


def _destination(output: Path | None) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if output is None else written_whole(output)


def _report(num_done: int, seconds: float, weights: str) -> None:
    rate = f", {num_done / seconds:.1f} images/s" if num_done and seconds > 0 else ""
    say(f"{num_done} image{'' if num_done == 1 else 's'} with {weights}{rate}")
