"""A curve drawn with characters. Knows nothing of what it shows, nor of the terminal."""

from collections.abc import Sequence
from typing import Literal

Style = Literal["braille", "ascii"]

# Bits of a braille cell's dots from U+2800 on, by row from the top and column.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


def draw(values: Sequence[float], *, width: int = 64, height: int = 8, style: Style = "braille") -> list[str]:
    """`values`, left to right, as `height` lines of at most `width` characters; the lowest line is 0.

    Neighbours are joined by a vertical stroke, so a step is seen as a step. A braille character holds 2 x 4 dots, so
    the curve has twice the columns and four times the rows of its ASCII form. The values must not be negative.
    Raises ValueError if there are none.
    """
    if not values:
        raise ValueError("a curve needs at least one value")
    across, down = (2, 4) if style == "braille" else (1, 1)
    dots = _dots(values, columns=width * across, rows=height * down)
    cells: dict[tuple[int, int], int] = {}
    for column, row in dots:
        bit = _DOTS[row % 4][column % 2] if style == "braille" else 1
        cells[row // down, column // across] = cells.get((row // down, column // across), 0) | bit

    def character(row: int, column: int) -> str:
        bits = cells.get((row, column), 0)
        if style == "ascii":
            return "*" if bits else " "
        return chr(0x2800 + bits) if bits else " "

    return ["".join(character(row, column) for column in range(width)).rstrip() for row in range(height)]


def _dots(values: Sequence[float], *, columns: int, rows: int) -> set[tuple[int, int]]:
    """(column, row) of every dot to set, rows counted from the top."""
    top = max(values) or 1.0
    sampled = [values[column * len(values) // columns] for column in range(columns)]
    levels = [rows - 1 - round(value / top * (rows - 1)) for value in sampled]
    dots: set[tuple[int, int]] = set()
    for column, level in enumerate(levels):
        former = levels[max(0, column - 1)]
        # The stroke stops short of the former level, which has its dot in the column before.
        between = range(level, former) if level < former else range(level, former, -1)
        dots.update((column, row) for row in between)
        dots.add((column, level))
    return dots
