"""Levels reached one after the other, and what each step adds or takes away. Knows not what they are."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from weights_registry.plots.bars import Bars, check_labels, draw_interval, frame_of_rows
from weights_registry.plots.style import (
    GAIN,
    GRID,
    LOSS,
    PALETTE,
    PANEL,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    as_written,
    house_style,
    place_legend,
)


def waterfall_chart(
    levels: Bars,
    labels: Sequence[str],
    *,
    title: str,
    x_label: str,
    subtitle: str = "",
    reference: tuple[str, Sequence[float | None]] | None = None,
    value_format: str = "{:+.2f}",
    width_in: float = WIDTH_IN,
) -> Figure:
    """What each step adds to the level before it: `levels` are reached one after the other, the first from 0.

    A row is a pale bar from 0 to the level before, and a full one over what the step adds (another colour where it
    takes away); on the right stand the level and the step in figures. `reference` is somebody else's levels with
    their name, drawn as diamonds. A level that is None leaves its row empty. Raises ValueError if labels and levels
    differ in number.
    """
    check_labels({"levels": levels, **({reference[0]: Bars(reference[1])} if reference else {})}, labels)
    with house_style():
        figure, axes = frame_of_rows(title, subtitle, labels, rows_each=1.0, width_in=width_in)
        steps = _steps(levels.values)
        for row, (level, step) in enumerate(zip(levels.values, steps, strict=True)):
            if level is not None and step is not None:
                former = level - step
                axes.barh(row, former, height=0.62, color=GRID)
                axes.barh(row, step, left=former, height=0.62, color=GAIN if step >= 0 else LOSS)
                draw_interval(axes, row, levels, row)
        if reference is not None:
            name, theirs = reference
            known = [(level, row) for row, level in enumerate(theirs) if level is not None]
            x, y = ([point[place] for point in known] for place in (0, 1))
            axes.plot(x, y, "D", color=PALETTE[3], markeredgecolor=PANEL, label=name)
            axes.plot([], [], "s", color=GAIN, markersize=8, label="measured: what the step adds")
            if any(step < 0 for step in steps if step is not None):
                axes.plot([], [], "s", color=LOSS, markersize=8, label="what it takes away")
        axes.margins(x=0.04)
        axes.set_xlabel(x_label)
        axes.grid(True, axis="x")
        axes.axvline(0, color=QUIET_TEXT, linewidth=0.8)
        _write_figures(axes, levels.values, value_format)
        place_legend(axes)
    return figure


def _steps(levels: Sequence[float | None]) -> list[float | None]:
    """What each level adds to the last known before it; None where it is not known itself."""
    steps: list[float | None] = []
    former = 0.0
    for level in levels:
        steps.append(None if level is None else level - former)
        former = former if level is None else level
    return steps


def _write_figures(axes: Axes, levels: Sequence[float | None], value_format: str) -> None:
    """Level and step of each row as a column on the right, where they cover nothing."""
    words = [
        "" if level is None else f"{value_format.format(level)}  ({value_format.format(step)})"
        for level, step in zip(levels, _steps(levels), strict=True)
    ]
    column = axes.secondary_yaxis("right")
    column.set_yticks(range(len(levels)), [as_written(each) for each in words])
    column.tick_params(length=0)
    column.spines[:].set_visible(False)
    axes.annotate(
        "sum  (step)",
        (1, 1),
        xycoords="axes fraction",
        xytext=(5, 2),
        textcoords="offset points",
        fontsize=SMALL_PT,
        color=QUIET_TEXT,
    )
