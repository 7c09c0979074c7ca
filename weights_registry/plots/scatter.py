"""Points with names, and the frontier of those that nothing beats: accuracy against cost. Knows not what they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from weights_registry.plots.lines import Scale
from weights_registry.plots.style import (
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

# Where a name may stand: its distance from the point (right, up) in points, and the part of it that lies before that.
_SIDES: Final = ((7, 0, 0, 0.5), (-7, 0, 1, 0.5), (0, 7, 0.5, 0), (0, -7, 0.5, 1), (6, 6, 0, 0), (6, -6, 0, 1))


@dataclass(frozen=True, slots=True)
class Point:
    """One thing at (`x`, `y`), with a name to write beside it (none if empty) and the group whose colour it has.

    Raises ValueError if a coordinate is not finite.
    """

    x: float
    y: float
    label: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if not (isfinite(self.x) and isfinite(self.y)):
            raise ValueError(f"a point must be finite, and `{self.label}` is at ({self.x}, {self.y})")


def frontier_of(points: Sequence[Point]) -> list[Point]:
    """The points that no other beats, from the left: none has as much `y` for less `x`, or more `y` for as much."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.x, -point.y)):
        if not best or point.y > best[-1].y:
            best.append(point)
    return best


def scatter_chart(
    points: Sequence[Point],
    *,
    title: str,
    x_label: str,
    y_label: str,
    subtitle: str = "",
    frontier: bool = False,
    x_scale: Scale = "linear",
    width_in: float = WIDTH_IN,
    height_in: float = HEIGHT_IN + 0.6,
) -> Figure:
    """The points, a colour and marker a group; `frontier` joins those that are best for their cost.

    A name is written where it covers neither point nor other name, and left out if there is no such place;
    those of the frontier are placed first.
    Raises ValueError if there is no point, or more than six groups.
    """
    groups = list(dict.fromkeys(point.group for point in points))
    if not 1 <= len(groups) <= len(PALETTE):
        raise ValueError(f"a scatter chart takes points of 1 to {len(PALETTE)} groups, not {len(groups)}")
    with house_style():
        figure = new_figure(title, subtitle=subtitle, width_in=width_in, height_in=height_in)
        axes = figure.subplots()
        axes.set(xlabel=x_label, ylabel=y_label, xscale=x_scale)
        edge = frontier_of(points) if frontier else []
        if edge:
            axes.step(
                [each.x for each in edge],
                [each.y for each in edge],
                where="post",
                color=QUIET_TEXT,
                linewidth=1.2,
                linestyle=(0, (4, 2)),
                label="best for its cost",
                zorder=1,
            )
        for group, colour, marker in zip(groups, PALETTE, MARKERS, strict=False):
            mine = [point for point in points if point.group == group]
            axes.scatter(
                [point.x for point in mine],
                [point.y for point in mine],
                s=46,
                color=colour,
                marker=marker,
                edgecolors=PANEL,
                linewidths=0.8,
                label=group or None,
                zorder=3,
            )
        if x_scale == "log":
            set_plain_log_ticks(axes.xaxis)
        axes.grid(True)
        axes.margins(x=0.08, y=0.12)
        place_legend(axes)
        _write_names(figure, axes, [*edge, *(point for point in points if point not in edge)], edge)
    return figure


def _write_names(figure: Figure, axes: Axes, points: Sequence[Point], edge: Sequence[Point]) -> None:
    """Write each name beside its point where nothing is in its way. Draws the figure once to know where things are."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # what follows is placed in pixels, so nothing may move any more
    unit = figure.dpi / 72
    places = [axes.transData.transform((point.x, point.y)) for point in points]
    taken = [(x - 4 * unit, y - 4 * unit, x + 4 * unit, y + 4 * unit) for x, y in places]
    corners = [axes.transData.transform((point.x, point.y)) for point in edge]
    for (x, y), (next_x, next_y) in pairwise(corners):
        taken += [(x, y - unit, next_x, y + unit), (next_x - unit, y, next_x + unit, next_y)]
    panel = axes.get_window_extent()
    for point, (x, y) in zip(points, places, strict=True):
        text = axes.annotate(
            point.label, (point.x, point.y), xytext=(0, 0), textcoords="offset points", fontsize=SMALL_PT
        )
        size = text.get_window_extent()
        for dx, dy, left_part, lower_part in _SIDES:
            left, bottom = x + dx * unit - left_part * size.width, y + dy * unit - lower_part * size.height
            box = (left - unit, bottom - unit, left + size.width + unit, bottom + size.height + unit)
            inside = panel.x0 <= box[0] and box[2] <= panel.x1 and panel.y0 <= box[1] and box[3] <= panel.y1
            if inside and not any(_overlap(box, other) for other in taken):
                text.set_position(((left - x) / unit, (bottom - y) / unit))
                taken.append(box)
                break
        else:
            text.remove()


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
