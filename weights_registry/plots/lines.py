"""Curves over a common axis: training curves, schedules, accuracy against size. Knows not what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from weights_registry.plots.style import (
    DASHES,
    HEIGHT_IN,
    MARKERS,
    PALETTE,
    PANEL,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    house_style,
    new_figure,
    place_legend,
    set_plain_log_ticks,
)

Scale = Literal["linear", "log"]

# With more points than this a marker on each would hide the curve.
_MAX_MARKED = 40


@dataclass(frozen=True, slots=True)
class Series:
    """One curve: `y` at each `x`, and where it is known the ends of an interval about it.

    Raises ValueError unless all are of one length, have a point, and are finite.
    """

    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] | None = None
    high: Sequence[float] | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval needs both its ends: give `low` and `high`, or neither")
        given = [each for each in (self.x, self.y, self.low, self.high) if each is not None]
        if len({len(each) for each in given}) != 1 or not len(self.x):
            raise ValueError(f"the parts of a series must be of one length, 1 or more: {[len(each) for each in given]}")
        if not all(isfinite(value) for each in given for value in each):
            raise ValueError("a series must be finite; leave out the points where it is not")


def line_chart(
    series: Mapping[str, Series],
    *,
    title: str,
    x_label: str,
    y_label: str,
    subtitle: str = "",
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
    x_ticks: Sequence[float] | None = None,
    y_limits: tuple[float, float] | None = None,
    vertical_lines: Mapping[str, float] | None = None,
    horizontal_lines: Mapping[str, float] | None = None,
    callouts: Mapping[str, tuple[float, float]] | None = None,
    markers: bool | None = None,
    width_in: float = WIDTH_IN,
    height_in: float = HEIGHT_IN,
) -> Figure:
    """The curves by name, intervals shaded. At most six, which is what the palette tells apart.

    `vertical_lines` and `horizontal_lines` are thin dashed lines at a value with their names beside them; `callouts`
    are notes at points. The points of a series have markers unless there are more than 40, or as `markers` says.
    Raises ValueError if there are no series or more than six.
    """
    if not 1 <= len(series) <= len(PALETTE):
        raise ValueError(f"a line chart takes 1 to {len(PALETTE)} series, not {len(series)}; draw several charts")
    with house_style():
        figure = new_figure(title, subtitle=subtitle, width_in=width_in, height_in=height_in)
        axes = figure.subplots()
        for (name, each), colour, marker, dash in zip(series.items(), PALETTE, MARKERS, DASHES, strict=False):
            marked = len(each.x) <= _MAX_MARKED if markers is None else markers
            shown: dict[str, Any] = (
                {"marker": marker, "markeredgecolor": PANEL, "markeredgewidth": 0.8} if marked else {}
            )
            axes.plot(each.x, each.y, color=colour, linestyle=dash, label=name, **shown)
            if each.low is not None and each.high is not None:
                axes.fill_between(each.x, each.low, each.high, color=colour, alpha=0.16, linewidth=0)
        axes.set(xlabel=x_label, ylabel=y_label, xscale=x_scale, yscale=y_scale)
        for scale, axis in ((x_scale, axes.xaxis), (y_scale, axes.yaxis)):
            if scale == "log":
                set_plain_log_ticks(axis)
        axes.grid(True)
        axes.margins(x=0.03, y=0.09)
        if x_ticks is not None:
            axes.set_xticks(x_ticks)
            axes.set_xticks([], minor=True)
        if y_limits is not None:
            axes.set_ylim(y_limits)
        _draw_reference_lines(axes, vertical_lines or {}, horizontal_lines or {})
        for note, point in (callouts or {}).items():
            _draw_callout(axes, note, point)
        place_legend(axes)
    return figure


def _draw_reference_lines(axes: Axes, vertical: Mapping[str, float], horizontal: Mapping[str, float]) -> None:
    looks: dict[str, Any] = {"color": QUIET_TEXT, "linewidth": 1.0, "linestyle": (0, (3, 3)), "zorder": 1}
    beside: dict[str, Any] = {"textcoords": "offset points", "fontsize": SMALL_PT, "color": QUIET_TEXT}
    for name, x in vertical.items():
        axes.axvline(x, **looks)
        axes.annotate(name, (x, 0.02), xycoords=("data", "axes fraction"), xytext=(4, 0), **beside)
    for name, y in horizontal.items():
        axes.axhline(y, **looks)
        axes.annotate(name, (0.01, y), xycoords=("axes fraction", "data"), xytext=(0, 3), **beside)


def _draw_callout(axes: Axes, note: str, point: tuple[float, float]) -> None:
    in_left_half = point[0] <= sum(axes.get_xlim()) / 2
    axes.annotate(
        note,
        point,
        xytext=(12 if in_left_half else -12, 12),
        textcoords="offset points",
        ha="left" if in_left_half else "right",
        fontsize=SMALL_PT,
        fontweight="bold",
        arrowprops={"arrowstyle": "-", "color": QUIET_TEXT, "linewidth": 0.8, "shrinkB": 4},
        bbox={"boxstyle": "round,pad=0.25", "facecolor": PANEL, "edgecolor": "none", "alpha": 0.85},
    )
