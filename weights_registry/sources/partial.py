"""A file that is still coming: its bytes so far, and what is needed to ask for the rest. Knows no HTTP client."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from weights_registry.sources.cache import set_aside, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Which version of which file the bytes are of. `total` is its size in bytes, None if the server did not say."""

    url: str
    etag: str | None
    last_modified: str | None
    total: int | None

    @property
    def validator(self) -> str | None:
        """What If-Range may name: a strong entity tag, else the date; None if the version cannot be told."""
        if self.etag is not None and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified


class PartialFile:
    """The `.part` file beside `target`, and `.part.json`, which says where its bytes come from.

    Both have stable names, so a process that was killed is carried on by the next. Use it under the target's lock.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ".part")
        self.origin_path = target.with_name(target.name + ".part.json")

    @property
    def num_bytes(self) -> int:
        """How many bytes are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resumable(self, url: str) -> Origin | None:
        """The origin of the bytes that are here, if `url` can be asked for the rest of them; None to start afresh."""
        try:
            origin = Origin(**json.loads(self.origin_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        fits = origin.total is None or self.num_bytes <= origin.total
        return origin if origin.url == url and origin.validator and self.num_bytes and fits else None

    def start(self, origin: Origin) -> None:
        """Forget what is here and begin anew with `origin`."""
        self.discard()
        self.path.touch()
        write_atomically(self.origin_path, json.dumps(asdict(origin)))

    def append(self) -> BinaryIO:
        """Open for adding bytes, unbuffered: what was written outlives the process."""
        return self.path.open("ab", buffering=0)

    def discard(self) -> None:
        """Remove both files."""
        # The origin goes first: bytes without an origin are never carried on, an origin without bytes is harmless.
        self.origin_path.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)

    def finish(self) -> None:
        """Make the bytes, all here and verified, the target: on disk for good, then renamed in one step."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(self.path, self.target)
        self.origin_path.unlink(missing_ok=True)

    def set_aside(self) -> Path:
        """Rename the bytes, which are wrong, to `TARGET.bad` or the next free name, and say which."""
        aside = set_aside(self.path, name=self.target.name)
        self.origin_path.unlink(missing_ok=True)
        return aside
