"""Files that take their name only once they are whole. Knows nothing of what is written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


def write_whole(path: Path, content: bytes | str) -> Path:
    """Put `content`, text as UTF-8, on the disk as the file at `path`; gives the path.

    What was there stays until all of it is written. Raises OSError, and then has left nothing behind.
    """
    draft = write_draft(path, content)
    try:
        return draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_draft(path: Path, content: bytes | str) -> Path:
    """`content` on the disk under a passing name beside `path`, for the caller to rename; readable as any new file is.

    Raises OSError, and then has left nothing behind.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o666 & ~umask())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


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


def umask() -> int:
    """The bits that new files of this process do not get."""
    current = os.umask(0)
    os.umask(current)
    return current


def _open(path: Path) -> TextIO:
    # File names need not be Unicode; what is not, is written as `\\udcff`, which JSON reads back.
    return path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
