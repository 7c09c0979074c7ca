"""What a file's bytes must be, and whether they are. Knows no network and no folder."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, FetchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The bytes a source must deliver: `digits` lead the SHA-256, None where nothing is known.

    `num_bytes` holds to within `tolerance`, None where the size is not known. `origin` says who gave the digits.
    """

    digits: str | None
    num_bytes: int | None = None
    tolerance: int = 0
    origin: str = "published"

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Self:
        """What the checkpoint itself declares."""
        return cls(digits=checkpoint.sha256, num_bytes=checkpoint.num_bytes, tolerance=checkpoint.num_bytes_tolerance)

    @property
    def max_bytes(self) -> int | None:
        """The largest acceptable size in bytes, None where any is."""
        return None if self.num_bytes is None else self.num_bytes + self.tolerance

    def allows_size(self, num_bytes: int) -> bool:
        """Whether a file of that many bytes may be the right one."""
        return self.num_bytes is None or abs(num_bytes - self.num_bytes) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedFile:
    """A file whose bytes were checked just now. `sha256` is always the full 64 digits; `url` is where it came from."""

    path: Path
    sha256: str
    num_bytes: int
    url: str


def sha256_of(path: Path) -> str:
    """The file's SHA-256 as 64 lower-case hexadecimal digits. Reads it as a stream; raises OSError if it cannot."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, expected: Expected, *, url: str, name: str | None = None) -> VerifiedFile:
    """The file at `path`, verified against `expected`, and said to come from `url`; errors call it `name`.

    Raises DigestMismatch if size or digest differ, and FetchError if the file cannot be read. Touches nothing.
    """
    name = name or path.name
    try:
        num_bytes = path.stat().st_size
        if not expected.allows_size(num_bytes):
            raise DigestMismatch(f"`{name}` has {num_bytes} bytes where {_size(expected)} are published")
        sha256 = sha256_of(path)
    except OSError as error:
        raise FetchError(f"`{path}` cannot be read: {error.strerror or error}") from error
    if expected.digits is not None and not sha256.startswith(expected.digits):
        raise DigestMismatch(
            f"`{name}` does not match its {expected.origin} digest: expected `{expected.digits}`, found `{sha256}`"
        )
    return VerifiedFile(path=path, sha256=sha256, num_bytes=num_bytes, url=url)


def _size(expected: Expected) -> str:
    return f"{expected.num_bytes}" + (f" ± {expected.tolerance}" if expected.tolerance else "")
