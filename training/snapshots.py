"""Snapshots of a run on disk: whole or not there, checked when read, the one before kept. Knows not what is in them.

A file is a line with the format and the SHA-256 of what follows, then torch's own format. It is read by torch's safe
unpickler, so tensors and plain values are all it can hold.
"""

import hashlib
import io
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from training.errors import SnapshotDamaged

LAST, PREVIOUS, BEST = "last.snapshot", "previous.snapshot", "best.snapshot"
_MAGIC: Final = b"reproduce-weights snapshot 1 "

Content = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SnapshotFolder:
    """The snapshots of one run: `last`, the one before it, `best`, and those kept for good every so many epochs."""

    folder: Path

    def save(self, content: Content) -> None:
        """Make `content` the last snapshot and keep the former last as the previous. OSError changes neither."""
        part = write_part(self.folder / LAST, content)
        _keep(self.folder / LAST, self.folder / PREVIOUS)
        part.replace(self.folder / LAST)
        _sync(self.folder)

    def save_best(self, content: Content) -> None:
        """Make `content` the best snapshot. OSError leaves the former."""
        write(self.folder / BEST, content)

    def keep(self, epoch: int) -> None:
        """Keep the last snapshot for good, as that after `epoch` epochs."""
        _keep(self.folder / LAST, self.folder / f"epoch-{epoch:04}.snapshot")

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


def write(path: Path, content: Content) -> None:
    """Write a snapshot, in one move once it is complete on disk. OSError leaves what was there."""
    write_part(path, content).replace(path)
    _sync(path.parent)


def write_part(path: Path, content: Content) -> Path:
    """Write a snapshot to a new file beside `path` and on to the disk; gives that file. OSError leaves none."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    payload = buffer.getbuffer()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
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
    """Remove what writers that were killed have left."""
    for part in folder.glob(".*.part"):
        part.unlink(missing_ok=True)


def _keep(path: Path, under: Path) -> None:
    """Let the file at `path`, if there is one, be found under another name too, replacing what was called so."""
    if not path.exists():
        return
    part = under.with_name(f".{under.name}.part")
    part.unlink(missing_ok=True)
    os.link(path, part)
    part.replace(under)


def _sync(folder: Path) -> None:
    """See the names in a folder to the disk: a renamed file is there after a power cut only then."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
