"""What a study has found so far, on disk: parts that are whole or not there, never of two studies. Knows no study."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.errors import RunError
from weights_registry.whole_file import write_whole

IDENTITY: Final = "identity.json"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one study in `folder`, each a JSON object with a name."""

    folder: Path

    def get(self, name: str) -> Record | None:
        """The part, None if it is not done yet. Raises RunError if the file is damaged."""
        return _read(self._path(name))

    def keep(self, name: str, part: Record) -> None:
        """Write the part and see it to the disk. OSError leaves what was there."""
        _write(self._path(name), part)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def open_parts(folder: Path, identity: Mapping[str, Any]) -> Parts:
    """The parts in `folder`, of the study that `identity` (JSON types) tells from all others.

    Raises RunError if another study was begun there, naming what differs, and OSError if the folder cannot be written.
    """
    wanted: Record = json.loads(json.dumps(identity, allow_nan=False))
    begun = _read(folder / IDENTITY)
    if begun is None:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / IDENTITY, wanted)
    elif differing := sorted(key for key in wanted.keys() | begun.keys() if wanted.get(key) != begun.get(key)):
        raise RunError(
            f"the study that was begun in `{folder}` has another {', '.join(differing)}: "
            f"{_tell(differing[0], begun, wanted)}. Give the settings it was begun with, or another `--output`"
        )
    return Parts(folder)


def _tell(key: str, begun: Record, wanted: Record) -> str:
    found, asked = (json.dumps(each.get(key), ensure_ascii=False) for each in (begun, wanted))
    return f"`{_short(found)}` there, `{_short(asked)}` asked for"


def _short(text: str, *, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _read(path: Path) -> Record | None:
    try:
        record: Record = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise RunError(f"`{path}` is damaged ({error}): remove it, and that part is measured again") from error
    return record


def _write(path: Path, record: Record) -> None:
    write_whole(path, json.dumps(record, ensure_ascii=False, allow_nan=False))
