"""Tables and JSON on stdout, talk on stderr. Knows nothing of checkpoints."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from weights_registry.wording import bytes_text as bytes_text
from weights_registry.wording import count_text as count_text
from weights_registry.wording import printable as printable

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
