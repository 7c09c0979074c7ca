"""Snapshots of a run on disk: whole or not there, checked when read, the one before kept. Knows not what is in them.

A file is a line with the format and the SHA-256 of what follows, then torch's own format. It is read by torch's safe
unpickler, so tensors and plain values are all it can hold.
"""

import errno
import hashlib
import io
import os
import pickle
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from training.errors import SnapshotDamaged

LAST, PREVIOUS, BEST = "last.snapshot", "previous.snapshot", "best.snapshot"
_MAGIC: Final = b"reproduce-weights snapshot 1 "

# What file systems without hard links (exFAT, SMB, many a FUSE) answer. Where one means something else, the way round
# fails with an error of its own.
_NO_LINKS: Final = frozenset(
    {errno.EPERM, errno.EACCES, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK, errno.EINVAL}
)
# What is written in the folder of a run under a passing name: by this module, `whole_file` and `saving`.
_PART: Final = re.compile(
    r"\.(?:(?:last|previous|best|epoch-\d+)\.snapshot|run\.jsonl|model\.safetensors|card\.md)(?:\.\w+)?\.part"
)

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SnapshotFolder:
    """The snapshots of one run: `last`, the one before it, `best`, and those kept for good every so many epochs."""

    folder: Path

    def save(self, content: Content) -> None:
        """Make `content` the last snapshot and keep the former last as the previous.

        OSError leaves the former last, at worst as the previous, and nothing half-written.
        """
        last, previous = self.folder / LAST, self.folder / PREVIOUS
        part = write_part(last, content)
        try:
            if last.exists() and not _link(last, previous):
                last.replace(previous)  # killed here, the run goes on from the previous, which is the former last
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        _rename(part, last)
        _sync(self.folder)

    def save_best(self, content: Content) -> None:
        """Make `content` the best snapshot. OSError leaves the former."""
        write(self.folder / BEST, content)

    def keep(self, epoch: int) -> None:
        """Keep the last snapshot for good, as that after `epoch` epochs. OSError leaves nothing half-written."""
        last, kept = self.folder / LAST, self.folder / f"epoch-{epoch:04}.snapshot"
        if not _link(last, kept):
            _copy(last, kept)

    def latest(self) -> tuple[Content | None, tuple[str, ...]]:
        """The last snapshot that is sound, and what was wrong with those passed over; None if there never was one.

        Raises SnapshotDamaged if there are snapshots and none is sound.
        """
        damaged: list[str] = []
        for name in (LAST, PREVIOUS):
            try:
                return read(self.folder / name), tuple(damaged)
            except FileNotFoundError:
                continue
            except SnapshotDamaged as error:
                damaged.append(str(error))
        if damaged:
            raise SnapshotDamaged(f"{'; '.join(damaged)}. No sound snapshot is left; begin again in another folder")
        return None, ()

    def best(self) -> Content:
        """The best snapshot. Raises FileNotFoundError without one, and SnapshotDamaged."""
        return read(self.folder / BEST)

    def find_best(self) -> Content | None:
        """The best snapshot, None without one. Raises SnapshotDamaged."""
        try:
            return self.best()
        except FileNotFoundError:
            return None


def write(path: Path, content: Content) -> None:
    """Write a snapshot, in one move once it is complete on disk. OSError leaves what was there."""
    _rename(write_part(path, content), path)
    _sync(path.parent)


def write_part(path: Path, content: Content) -> Path:
    """Write a snapshot to a new file beside `path` and on to the disk; gives that file. OSError leaves none."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = buffer.getbuffer()
    part = _part_of(path)
    try:
        with part.open("wb") as file:
            file.write(_MAGIC + hashlib.sha256(payload).hexdigest().encode() + b"\n")
            file.write(payload)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def read(path: Path) -> Content:
    """What a snapshot holds, tensors on the CPU.

    Raises FileNotFoundError, and SnapshotDamaged unless the file is, to the last bit, what was written.
    """
    head, _, payload = path.read_bytes().partition(b"\n")
    if not head.startswith(_MAGIC):
        raise SnapshotDamaged(f"`{path}` is no snapshot of this version")
    if hashlib.sha256(payload).hexdigest().encode() != head.removeprefix(_MAGIC):
        raise SnapshotDamaged(f"`{path}` does not match its digest: it was cut short or changed")
    try:
        content: Content = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, zipfile.BadZipFile) as error:
        raise SnapshotDamaged(f"`{path}` cannot be read: {error}") from error
    return content


def remove_parts(folder: Path) -> None:
    """Remove what writers of this package that were killed have left; no writer may be at work in the folder."""
    for part in folder.glob(".*.part"):
        if _PART.fullmatch(part.name):
            part.unlink(missing_ok=True)


def _link(path: Path, under: Path) -> bool:
    """Let the file at `path` be found under another name too, replacing what was called so.

    False, and nothing is changed, where the file system has no hard links.
    """
    part = _part_of(under)
    part.unlink(missing_ok=True)
    try:
        os.link(path, part)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    _rename(part, under)
    return True


def _copy(path: Path, under: Path) -> None:
    """A copy of the file at `path` under another name, in one move once it is complete on disk."""
    part = _part_of(under)
    try:
        with path.open("rb") as source, part.open("wb") as file:
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _rename(part, under)
    _sync(under.parent)


def _rename(part: Path, path: Path) -> None:
    """Give a file that is complete its name. What fails leaves none behind."""
    try:
        part.replace(path)
        # Two links of one file: POSIX has the move do nothing then, and the first name stays.
        part.unlink(missing_ok=True)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _part_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def _sync(folder: Path) -> None:
    """See the names in a folder to the disk: a renamed file is there after a power cut only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_LINKS:  # the same file systems may not know this of folders either
            raise
    finally:
        os.close(descriptor)
