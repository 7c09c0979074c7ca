"""Bars side by side, from zero. Knows not what they count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from weights_registry.plots.style import (
    PALETTE,
    QUIET_TEXT,
    SMALL_PT,
    TEXT,
    WIDTH_IN,
    as_written,
    house_style,
    new_figure,
    place_legend,
    wrapped_labels,
)

_ROW_IN: Final = 0.30
_FRAME_IN: Final = 1.25


@dataclass(frozen=True, slots=True)
class Bars:
    """The length of one bar a label, None where there is none, and where known the ends of an interval about it.

    Raises ValueError unless all are of one length, and the lengths finite.
    """

    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval needs both its ends: give `low` and `high`, or neither")
        given = [each for each in (self.values, self.low, self.high) if each is not None]
        if len({len(each) for each in given}) != 1:
            raise ValueError(f"the parts of bars must be of one length: {[len(each) for each in given]}")
        if not all(value is None or isfinite(value) for each in given for value in each):
            raise ValueError("bars must be finite; write None where there is no bar")


def bar_chart(
    bars: Mapping[str, Bars],
    labels: Sequence[str],
    *,
    title: str,
    x_label: str,
    subtitle: str = "",
    value_format: str = "{:.2f}",
    width_in: float = WIDTH_IN,
) -> Figure:
    """Horizontal bars from 0, a group a label, first label on top, each with its value behind it; at most six a group.

    Raises ValueError if there are no bars or labels, too many, or their numbers differ.
    """
    if not 1 <= len(bars) <= len(PALETTE):
        raise ValueError(f"a bar chart takes groups of 1 to {len(PALETTE)} bars, not {len(bars)}")
    check_labels(bars, labels)
    thickness = 0.78 / len(bars)
    with house_style():
        figure, axes = frame_of_rows(title, subtitle, labels, rows_each=max(1.0, 0.62 * len(bars)), width_in=width_in)
        for place, ((name, each), colour) in enumerate(zip(bars.items(), PALETTE, strict=False)):
            rows = np.arange(len(labels)) + (place - (len(bars) - 1) / 2) * thickness
            lengths = [0.0 if value is None else value for value in each.values]
            axes.barh(rows, lengths, height=thickness * 0.92, color=colour, label=name)
            for index, (row, value) in enumerate(zip(rows, each.values, strict=True)):
                if value is not None:
                    ends = draw_interval(axes, row, each, index)
                    _write(axes, value_format.format(value), value, row, [*ends, value])
        _finish(axes, x_label)
        place_legend(axes)
    return figure


def check_labels(bars: Mapping[str, Bars], labels: Sequence[str]) -> None:
    """Raise ValueError unless there are labels, and as many of every kind of bar."""
    numbers = {name: len(each.values) for name, each in bars.items()}
    if not labels or set(numbers.values()) != {len(labels)}:
        raise ValueError(f"every label needs its bar: {len(labels)} labels, and bars {numbers}")


def frame_of_rows(
    title: str, subtitle: str, labels: Sequence[str], *, rows_each: float, width_in: float
) -> tuple[Figure, Axes]:
    """An empty chart with a row for each label, first on top; `rows_each` is how high one is, 1 for a single bar."""
    figure = new_figure(
        title, subtitle=subtitle, width_in=width_in, height_in=_FRAME_IN + _ROW_IN * rows_each * len(labels)
    )
    axes = figure.subplots()
    axes.set_yticks(range(len(labels)), wrapped_labels(labels))
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    return figure, axes


def draw_interval(axes: Axes, row: float, bars: Bars, index: int) -> list[float]:
    """Draw the interval of one bar; its ends, none if there is none."""
    if bars.low is None or bars.high is None:
        return []
    low, high = bars.low[index], bars.high[index]
    if low is None or high is None:
        return []
    axes.plot([low, high], [row, row], color=TEXT, linewidth=1.4, marker="|", markersize=6)
    return [low, high]


def _write(axes: Axes, words: str, value: float, row: float, ends: Sequence[float]) -> None:
    """`words` beyond the bar and all that is drawn about its end: to its right, or to its left if it is negative."""
    outer = max(ends) if value >= 0 else min(ends)
    axes.annotate(
        as_written(words),
        (outer, row),
        xytext=(5 if value >= 0 else -5, 0),
        textcoords="offset points",
        ha="left" if value >= 0 else "right",
        va="center",
        fontsize=SMALL_PT,
    )


def _finish(axes: Axes, x_label: str) -> None:
    """Room for the words beside the bars, and the line that they start from."""
    low, high = axes.dataLim.intervalx
    span = (high - low) or 1.0
    axes.set_xlim(low - (0.14 * span if low < 0 else 0), high + (0.14 * span if high > 0 else 0.02 * span))
    axes.set_xlabel(x_label)
    axes.grid(True, axis="x")
    axes.axvline(0, color=QUIET_TEXT, linewidth=0.8)
