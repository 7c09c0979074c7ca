"""The cache folder: where a file lies, what is remembered of it, its lock. Knows no network."""

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError
from weights_registry.sources.address import basename, cache_key, digits_in_name, published_url
from weights_registry.sources.digest import Expected, VerifiedFile

CACHE_VARIABLE = "WEIGHTS_REGISTRY_CACHE"

log = logging.getLogger(__name__)


def cache_dir() -> Path:
    """The folder everything fetched is kept in: WEIGHTS_REGISTRY_CACHE, else the user's cache. May not exist yet."""
    configured = os.environ.get(CACHE_VARIABLE, "").strip()
    if configured:
        return Path(configured).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("weights-registry", appauthor=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file's place in the cache: `path` is the file, beside it lie `.json` (its record) and `.part` (unfinished).

    The record holds the full digest found when the file first came, so that a published prefix of 8 digits, or none
    at all, becomes 64 digits from then on.
    """

    path: Path

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """The place of this checkpoint. Nothing need be there."""
        return cls(cache_dir() / "files" / cache_key(checkpoint) / basename(published_url(checkpoint)))

    @property
    def record_path(self) -> Path:
        """The record's file."""
        return self.path.with_name(self.path.name + ".json")

    def remembered(self) -> str | None:
        """The full digest of the file that first came, None if none did or the record cannot be read."""
        try:
            record = json.loads(self.record_path.read_text(encoding="utf-8"))
            sha256 = record["sha256"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("`%s` cannot be read and is ignored: %s", self.record_path, error)
            return None
        return sha256 if isinstance(sha256, str) and re.fullmatch(r"[0-9a-f]{64}", sha256) else None

    def full_digest(self, checkpoint: Checkpoint) -> str | None:
        """The 64 digits declared or remembered, None if neither is known."""
        digits = self.expected(checkpoint).digits
        return digits if digits is not None and len(digits) == 64 else None

    def remember(self, file: VerifiedFile) -> None:
        """Keep the file's full digest, unless one is kept already. A cache that cannot be written is let be."""
        if self.remembered() is not None:
            return
        record = {"sha256": file.sha256, "num_bytes": file.num_bytes, "url": file.url}
        try:
            self.record_path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.record_path, json.dumps(record, indent=1) + "\n")
        except OSError as error:
            log.info("the digest of `%s` is not remembered: %s", file.path, error)

    def expected(self, checkpoint: Checkpoint) -> Expected:
        """What the file must be: the declared digits, or the full digest remembered where it extends them."""
        declared = Expected.of(checkpoint)
        if declared.digits is None:
            declared = replace(declared, digits=digits_in_name(published_url(checkpoint)))
        remembered = self.remembered()
        if remembered is None or len(declared.digits or "") == 64 or not remembered.startswith(declared.digits or ""):
            return declared
        return replace(declared, digits=remembered, origin=f"remembered (in `{self.record_path.name}`)")


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Keep every other process and thread that locks `path` out for a while; waits as long as it takes.

    The lock lies beside the file as `.lock` and dies with its process. Raises FetchError if it cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            log.info("another process is at work on `%s`; waiting for it", path.name)
            lock.acquire()
    except OSError as error:
        raise FetchError(
            f"the cache folder `{path.parent}` cannot be written ({error.strerror or error}); "
            f"set {CACHE_VARIABLE} to a folder that can"
        ) from error
    try:
        yield
    finally:
        lock.release()


def set_aside(path: Path, *, name: str | None = None) -> Path:
    """Rename a bad file to `NAME.bad`, `NAME.1.bad`, ..., whichever is free, and say which. `name` defaults to its own.

    Raises OSError if the folder cannot be written. Call it under the file's lock.
    """
    number = 0
    while True:
        aside = path.with_name((name or path.name) + (f".{number}" if number else "") + ".bad")
        if not aside.exists():
            os.replace(path, aside)
            return aside
        number += 1


def write_atomically(path: Path, text: str) -> None:
    """Write a small file so that no reader, and no crash, ever sees half of it."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)
