"""Files and folders -> the pictures to send, with their content types. Decodes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import weights_registry

SAMPLES: Final = Path(weights_registry.__file__).parent / "samples"

CONTENT_TYPES: Final = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".avif": "image/avif",
}


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A file's bytes and what they are said to be."""

    name: str
    content: bytes
    content_type: str


def read_pictures(paths: Sequence[Path]) -> list[EncodedPicture]:
    """The pictures in these files and folders, in the order of names; the sample photos if none are named.

    A file is taken whatever its name; of a folder, the files whose names end like pictures. Raises OSError for what
    cannot be read, ValueError for a folder without pictures.
    """
    return [_read(file) for path in (paths or [SAMPLES]) for file in _files(path)]


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in CONTENT_TYPES)
    if not found:
        raise ValueError(f"no picture in `{path}`: none of its files ends in {', '.join(CONTENT_TYPES)}")
    return found


def _read(file: Path) -> EncodedPicture:
    content_type = CONTENT_TYPES.get(file.suffix.lower(), "application/octet-stream")
    return EncodedPicture(file.name, file.read_bytes(), content_type)
