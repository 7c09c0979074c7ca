"""Checkpoint <-> safetensors header: a file that describes itself. Reads headers without torch or safetensors.

Layout, by https://github.com/huggingface/safetensors#format: 8 bytes little-endian header length, the header as JSON,
the tensors' bytes. `__metadata__` maps strings to strings; ours holds, beside `format: pt`,
`weights_registry.checkpoint` (the record as JSON) and `weights_registry.data_sha256` (SHA-256 of the tensors' bytes,
so that the file can be verified with nothing but itself).
"""

import hashlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, RecordError
from weights_registry.record import from_record, to_record

CHECKPOINT_KEY: Final = "weights_registry.checkpoint"
DATA_SHA256_KEY: Final = "weights_registry.data_sha256"

# safetensors itself refuses longer headers; a length beyond this is damage, not a header.
MAX_HEADER_BYTES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a safetensors file: `tensors` maps names to dtype, shape and offsets; sizes are in bytes."""

    metadata: dict[str, str]
    tensors: dict[str, dict[str, Any]]
    data_start: int
    num_bytes: int

    @property
    def checkpoint_json(self) -> str | None:
        """The checkpoint record as it stands in the file, None if the file does not describe itself."""
        return self.metadata.get(CHECKPOINT_KEY)


def read_header(path: str | os.PathLike[str]) -> Header:
    """The header of the safetensors file at `path`; reads nothing beyond it.

    Raises RecordError if the file is no safetensors file or is shorter than its header says, OSError if unreadable.
    """
    path = Path(path)
    num_bytes = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if num_bytes < 8 or not 2 <= length <= min(MAX_HEADER_BYTES, num_bytes - 8):
            raise RecordError(f"`{path}` is not a safetensors file, or it was cut short: its header does not fit")
        try:
            entries = json.loads(file.read(length))
            metadata = entries.pop("__metadata__", {})
            data_end = max((entry["data_offsets"][1] for entry in entries.values()), default=0)
        except (ValueError, AttributeError, TypeError, KeyError, IndexError, RecursionError) as error:
            raise RecordError(f"`{path}` is not a safetensors file: its header is not as the format says") from error
    if 8 + length + data_end != num_bytes:
        raise RecordError(f"`{path}` has {num_bytes:,} bytes where its header promises {8 + length + data_end:,}")
    return Header(metadata, entries, 8 + length, num_bytes)


def read_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """The checkpoint that the safetensors file at `path` describes, with the file itself as its `url`.

    Raises RecordError if the file carries no record or a broken one.
    """
    header = read_header(path)
    if header.checkpoint_json is None:
        raise RecordError(
            f"`{path}` is a safetensors file that does not describe itself: it has no `{CHECKPOINT_KEY}` in its "
            "header. Give the architecture as well: `load(architecture, url=...)`"
        )
    try:
        record = json.loads(header.checkpoint_json)
    except ValueError as error:
        raise RecordError(f"the checkpoint record in the header of `{path}` is not JSON: {error}") from error
    url = Path(path).resolve().as_uri()
    return replace(from_record(record), url=url, mirrors=(), sha256=None, num_bytes=header.num_bytes, key_map=None)


def describe(checkpoint: Checkpoint, *, data_sha256: str | None = None) -> dict[str, str]:
    """The metadata that makes a safetensors file describe itself as `checkpoint`."""
    metadata = {"format": "pt", CHECKPOINT_KEY: json.dumps(to_record(checkpoint), ensure_ascii=False)}
    return metadata if data_sha256 is None else {**metadata, DATA_SHA256_KEY: data_sha256}


def verify_data(path: str | os.PathLike[str]) -> str | None:
    """SHA-256 of the tensors' bytes, checked against the one in the header; None if the header has none.

    Raises DigestMismatch if they differ, RecordError if the file is no safetensors file.
    """
    header = read_header(path)
    expected = header.metadata.get(DATA_SHA256_KEY)
    if expected is None:
        return None
    with Path(path).open("rb") as file:
        file.seek(header.data_start)
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise DigestMismatch(
            f"the tensors in `{path}` do not match the digest in its header: expected `{expected}`, found `{found}`. "
            "The file was damaged or changed after it was written; get it again"
        )
    return found
