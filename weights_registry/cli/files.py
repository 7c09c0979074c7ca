"""A file that takes its name only once it is whole. Knows nothing of what is written."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def output_file(text: str) -> Path:
    """A path that can be written to, for argparse: found out before hours of work, not after."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"`{text}` is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder `{path.parent}` to write `{path.name}` into")
    return path


@contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file to write; it replaces the one at `path` when the block ends well, and is removed when it does not.

    A link stays one: the file it names is replaced. What is no regular file, such as `/dev/stdout`, is written into.
    """
    if path.exists() and not path.is_file():
        with _open(path) as file:
            yield file
        return
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with _open(part) as file:
            yield file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _open(path: Path) -> TextIO:
    # File names need not be Unicode; what is not, is written as `\udcff`, which JSON reads back.
    return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
