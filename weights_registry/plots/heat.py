"""A table of figures with a colour for each cell. Knows not what it shows."""

from collections.abc import Sequence
from math import isfinite
from typing import Final, Literal

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from weights_registry.plots.style import (
    PALETTE,
    PANEL,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    as_written,
    house_style,
    ink_on,
    new_figure,
    wrapped_labels,
)

# One hue from pale to dark, even in lightness: order is seen by any eye and in grey.
_COLOURS: Final = LinearSegmentedColormap.from_list(
    "blues", ["#f1f7fd", "#c3dcf4", "#86b9e8", "#4a92d6", "#1f69b3", "#0d437f"]
)
_CELL_IN: Final = 0.42
_FRAME_IN: Final = 1.2


def heat_map(
    values: Sequence[Sequence[float | None]],
    *,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    title: str,
    x_label: str,
    y_label: str,
    subtitle: str = "",
    colour_label: str = "",
    value_format: str = "{:.2f}",
    mark_best: Literal["row", "column"] | None = None,
    width_in: float = WIDTH_IN,
) -> Figure:
    """`values` row by row, first row on top, each written in its cell; None leaves a cell empty.

    `mark_best` frames the largest of each row or column, the first of equals. Raises ValueError unless there is a
    label for each row and column, all rows are of one length, values are finite and at least one is there.
    """
    if len({len(row) for row in values}) != 1:
        raise ValueError("the rows of a heat map must be of one length, 1 or more of them")
    table = np.array([[np.nan if value is None else value for value in row] for row in values], dtype=float)
    if table.shape != (len(row_labels), len(column_labels)):
        raise ValueError(f"a table of {table.shape} needs as many labels: {len(row_labels)} and {len(column_labels)}")
    known = [value for row in values for value in row if value is not None]
    if not known or not all(map(isfinite, known)):
        raise ValueError("a heat map needs finite values, one at least; write None where there is none")
    scale = Normalize(min(known), max(known) if max(known) > min(known) else min(known) + 1)
    with house_style():
        figure = new_figure(
            title, subtitle=subtitle, width_in=width_in, height_in=_FRAME_IN + _CELL_IN * max(3, len(row_labels))
        )
        axes = figure.subplots()
        drawn = axes.imshow(np.ma.masked_invalid(table), cmap=_COLOURS, norm=scale, aspect="auto")
        for (row, column), value in np.ndenumerate(table):
            empty = bool(np.isnan(value))
            axes.text(
                column,
                row,
                "\N{EN DASH}" if empty else as_written(value_format.format(value)),
                ha="center",
                va="center",
                fontsize=SMALL_PT,
                color=QUIET_TEXT if empty else ink_on(to_hex(_COLOURS(scale(value)))),
            )
        for row, column in _best(table, mark_best):
            frame = Rectangle(
                (column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=PALETTE[1], linewidth=2.6, zorder=3
            )
            axes.add_patch(frame)
        axes.set_xticks(range(len(column_labels)), column_labels)
        axes.set_yticks(range(len(row_labels)), wrapped_labels(row_labels))
        axes.set_xticks(np.arange(1, len(column_labels)) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, len(row_labels)) - 0.5, minor=True)
        axes.grid(True, which="minor", color=PANEL, linewidth=2)
        axes.tick_params(which="both", length=0)
        axes.spines[:].set_visible(False)
        axes.set(xlabel=x_label, ylabel=y_label)
        bar = figure.colorbar(drawn, ax=axes, pad=0.02, aspect=22)
        bar.outline.set_visible(False)
        bar.set_label(colour_label)
    return figure


def _best(table: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", along: str | None) -> list[tuple[int, int]]:
    """(row, column) of the largest value of each row or column that has one."""
    filled = np.where(np.isnan(table), -np.inf, table)
    if along == "row":
        return [(row, int(filled[row].argmax())) for row in range(len(table)) if np.isfinite(filled[row].max())]
    if along == "column":
        columns = range(table.shape[1])
        return [(int(filled[:, each].argmax()), each) for each in columns if np.isfinite(filled[:, each].max())]
    return []
