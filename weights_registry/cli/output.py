"""Tables and JSON on stdout, talk on stderr. Knows nothing of checkpoints."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column of a table: its title, what it shows of a row, and whether it is a number (right-aligned)."""

    title: str
    text: Callable[[Row], str]
    number: bool = False


def print_table(rows: Sequence[Row], columns: Sequence[Column[Row]]) -> None:
    """The rows under their titles, columns as wide as their widest cell, two blanks between them."""
    cells = [[printable(column.text(row)) for column in columns] for row in rows]
    cells.insert(0, [column.title for column in columns])
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    for line in cells:
        padded = (
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(line, widths, columns, strict=True)
        )
        print("  ".join(padded).rstrip())


def print_json(value: Any) -> None:
    """`value` as indented JSON."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    print()


def say(text: str) -> None:
    """A line of talk, on stderr."""
    print(text, file=sys.stderr)


def printable(text: str) -> str:
    """`text` on one line, safe for a terminal: what is not printable (line ends, escape codes) is spelled out."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def bytes_text(num_bytes: int | None) -> str:
    """A size as people read it: `97.8 MB`, in steps of 1000."""
    if num_bytes is None:
        return "?"
    return f"{num_bytes / 1e6:.1f} MB" if num_bytes < 1e9 else f"{num_bytes / 1e9:.2f} GB"


def count_text(count: int) -> str:
    """A count as people read it: `25.6M`."""
    return f"{count / 1e6:.1f}M" if count >= 1e6 else f"{count / 1e3:.1f}k" if count >= 1e4 else str(count)
