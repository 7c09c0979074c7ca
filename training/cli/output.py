"""How commands speak: data to stdout, talk to stderr. Knows no command."""

import json
import sys
from collections.abc import Sequence
from typing import Any


def put(*lines: str) -> None:
    """Print lines of data to stdout."""
    for line in lines:
        print(line)


def put_json(data: Any) -> None:
    """Print data to stdout as indented JSON, every character in ASCII so that any terminal can take it."""
    put(json.dumps(data, indent=2, allow_nan=False))


def say(sentence: str) -> None:
    """Print a sentence to stderr: a hint, a remark, an error."""
    print(sentence, file=sys.stderr)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows in columns as wide as their widest cell; columns that hold figures only are set flush right."""
    columns = list(zip(header, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_is_figure(cell) for cell in column[1:]) for column in columns]

    def line(cells: Sequence[str]) -> str:
        placed = zip(cells, widths, right, strict=True)
        return "  ".join(cell.rjust(width) if flush else cell.ljust(width) for cell, width, flush in placed).rstrip()

    return [line(cells) for cells in (header, *rows)]


def pairs(rows: Sequence[tuple[str, str, str]], *, indent: str = "  ") -> list[str]:
    """Lines of a name, a value and a remark, in columns."""
    names = max((len(name) for name, _, _ in rows), default=0)
    values = max((len(value) for _, value, remark in rows if remark), default=0)
    return [f"{indent}{name.ljust(names)}  {value.ljust(values)}  {remark}".rstrip() for name, value, remark in rows]


def can_print(text: str) -> bool:
    """Whether stdout's encoding has every character of the text."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _is_figure(cell: str) -> bool:
    return not cell or cell == "-" or cell.lstrip("+-")[:1].isdigit()
