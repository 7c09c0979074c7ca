"""A person's own checkpoints, kept in folders outside of any package and found by every process. Knows no shipped name.

A folder holds one file a checkpoint: a JSON record, or a safetensors file that describes itself. The environment's
WEIGHTS_REGISTRY_CATALOG names the folders, the first of which is written to; else it is one in the user's data folder.
"""

import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import quote

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import RecordError, RegistrationError
from weights_registry.header import read_checkpoint
from weights_registry.record import from_record, to_record

CATALOG_VARIABLE: Final = "WEIGHTS_REGISTRY_CATALOG"

_log = logging.getLogger("weights_registry")


@dataclass(frozen=True, slots=True)
class Entry:
    """One checkpoint of a catalog, and the file in the folder that tells of it."""

    path: Path
    checkpoint: Checkpoint


def catalog_folders() -> tuple[Path, ...]:
    """The folders, the one that is written to first. They may not exist yet."""
    configured = [part.strip() for part in os.environ.get(CATALOG_VARIABLE, "").split(os.pathsep)]
    folders = tuple(Path(part).expanduser().absolute() for part in configured if part)
    if folders:
        return folders
    from platformdirs import user_data_path

    return (user_data_path("weights-registry", appauthor=False) / "catalog",)


def catalog_entries() -> list[Entry]:
    """Every entry that can be read, folder by folder and in each by name; of several of one name the first.

    What cannot be read is warned of, once in a process, and left out: the others must still be found.
    """
    found: dict[str, Entry] = {}
    for folder in catalog_folders():
        for path in _files(folder):
            if (checkpoint := _checkpoint(path)) is not None:
                found.setdefault(checkpoint.id.casefold(), Entry(path, checkpoint))
    return list(found.values())


def find_entry(name: str) -> Entry | None:
    """The entry called `name`, whatever its letter case; None if there is none."""
    wanted = name.strip().casefold()
    return next((entry for entry in catalog_entries() if entry.checkpoint.id.casefold() == wanted), None)


def write_entry(checkpoint: Checkpoint, *, over: Entry | None = None) -> Entry:
    """Write the record of `checkpoint` into the first folder, whole or not at all; gives the entry.

    An entry that it replaces is overwritten where it lies in that folder, else hidden. Raises RegistrationError if
    another process was first, or if a file that cannot be read has its place.
    """
    folder = catalog_folders()[0]
    is_here = over is not None and over.path.parent == folder
    path = over.path if over and is_here else folder / _file_name(checkpoint.id)
    folder.mkdir(parents=True, exist_ok=True)
    with _draft_in(folder, json.dumps(to_record(checkpoint), indent=1, ensure_ascii=False) + "\n") as draft:
        if is_here:
            draft.replace(path)
            return Entry(path, checkpoint)
        try:
            os.link(draft, path)  # unlike a renaming, it fails if there is something
        except FileExistsError as error:
            raise RegistrationError(f"the catalog has `{path}` already: remove it, or choose another name") from error
    return Entry(path, checkpoint)


@lru_cache(maxsize=4096)
def leave_out(path: Path, reason: str) -> None:
    """Warn, once in a process, that something of a catalog was left out."""
    _log.warning("`%s` of the catalog was left out: %s", path, reason)


@contextmanager
def _draft_in(folder: Path, text: str) -> Iterator[Path]:
    """A file in `folder` with this text, on the disk; gone at the end unless it was renamed."""
    draft = folder / f".{os.getpid()}-{threading.get_ident()}.draft"
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _file_name(name: str) -> str:
    """Where a checkpoint called so is kept. A leading dot would hide the file: it is written out as well."""
    quoted = quote(name.casefold(), safe="")
    return f"{'%2E' + quoted[1:] if quoted.startswith('.') else quoted}.json"


def _files(folder: Path) -> list[Path]:
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        leave_out(folder, f"it cannot be read ({error.strerror or error})")
        return []
    return [folder / name for name in names if name.endswith((".json", ".safetensors")) and not name.startswith(".")]


def _checkpoint(path: Path) -> Checkpoint | None:
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except (RecordError, OSError) as error:
        leave_out(path, str(error))
        return None


@lru_cache(maxsize=4096)
def _read(path: Path, mtime_ns: int, num_bytes: int) -> Checkpoint:
    """What the file says; read again only once it has changed."""
    if path.suffix == ".safetensors":
        return read_checkpoint(path)
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecordError(f"it is no JSON: {error}") from error
    checkpoint = from_record(record)
    try:
        assert checkpoint.labels  # a record written by hand may name a set of categories that is not shipped
    except ValueError as error:
        raise RecordError(str(error)) from error
    return checkpoint
