"""The log of a run: JSON lines, the first what was run and where, then one an epoch. Knows not how to train."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.errors import RunError
from weights_registry.whole_file import write_whole

NAME: Final = "run.jsonl"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunLog:
    """The log in `folder`. A line is there in full or, after a kill, cut off and then dropped by `resume`."""

    folder: Path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / NAME

    def begin(self, header: Record) -> None:
        """Write the first line in place of all that was there."""
        self._rewrite([header])

    def add(self, record: Record) -> None:
        """Append a line and see it to the disk."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(record))
            file.flush()
            os.fsync(file.fileno())

    def resume(self, epoch: int) -> None:
        """Drop the lines of `epoch` and later ones, which are about to be trained again, and one that was cut off."""
        header, epochs = self.read()
        self._rewrite([header, *(record for record in epochs if record["epoch"] < epoch)])

    def read(self) -> tuple[Record, list[Record]]:
        """The first line, and those of the epochs.

        Raises RunError if there is no log with a first line, and for a line that is none of a log's.
        """
        found = self.find()
        if found is not None:
            return found
        if self.path.exists():
            raise RunError(f"`{self.path}` holds no line: the run was stopped as it began. Remove it and begin again")
        raise RunError(f"`{self.folder}` holds no run: it has no `{NAME}`")

    def find(self) -> tuple[Record, list[Record]] | None:
        """As `read`, but None if there is no log with a first line: no run was begun here."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        # At the byte alone: a category's name may hold what else ends a line in Unicode.
        *lines, _ = content.split(b"\n")
        records = [self._record(number, line) for number, line in enumerate(lines, start=1)]
        return (records[0], records[1:]) if records else None

    def _record(self, number: int, line: bytes) -> Record:
        """A line that is there in full. One may be damaged all the same, such as by NUL bytes after a power cut."""
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            raise RunError(
                f"line {number} of `{self.path}` is damaged: expected a JSON object, found `{line[:40]!r}`. Put the "
                "file back from a copy, or begin again in another folder"
            )
        return record

    def _rewrite(self, records: list[Record]) -> None:
        write_whole(self.path, "".join(map(_line, records)))


def fingerprint(header: Record) -> str:
    """SHA-256, 64 hexadecimal digits, of a log's first line: recipe, seed, data, versions, hardware, commit.

    A file that was exported from the run tells it, so that the two can be brought together again.
    """
    canonical = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _line(record: Record) -> str:
    return json.dumps(record, ensure_ascii=False, allow_nan=False) + "\n"
