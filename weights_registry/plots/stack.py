"""Curves of several kinds over one axis, a panel above the other. Knows not what they mean."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from weights_registry.plots.lines import Scale, Series
from weights_registry.plots.style import (
    DASHES,
    PALETTE,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    house_style,
    new_figure,
    set_plain_log_ticks,
)

_FRAME_IN: Final = 0.9
_MAX_DOTTED: Final = 40


@dataclass(frozen=True, slots=True)
class Panel:
    """The curves of one kind, by name, and what they count; at most six.

    Raises ValueError if there are none or too many.
    """

    y_label: str
    series: Mapping[str, Series]
    y_scale: Scale = "linear"

    def __post_init__(self) -> None:
        if not 1 <= len(self.series) <= len(PALETTE):
            raise ValueError(f"a panel takes 1 to {len(PALETTE)} series, not {len(self.series)}")


def stacked_chart(
    panels: Sequence[Panel],
    *,
    title: str,
    x_label: str,
    subtitle: str = "",
    vertical_lines: Mapping[str, float] | None = None,
    width_in: float = WIDTH_IN,
    panel_in: float = 2.0,
) -> Figure:
    """The panels, the first on top, over the same x; intervals are shaded.

    `vertical_lines` are thin dashed lines at a value through all panels, named in the first. Raises ValueError if
    there is no panel.
    """
    if not panels:
        raise ValueError("a chart needs a panel, one at least")
    with house_style():
        height_in = _FRAME_IN + panel_in * len(panels)
        figure = new_figure(title, subtitle=subtitle, width_in=width_in, height_in=height_in)
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, panel in zip(rows, panels, strict=True):
            for (name, each), colour, dash in zip(panel.series.items(), PALETTE, DASHES, strict=False):
                # A small dot on each of few points, so that a single one is seen too.
                marker = "." if len(each.x) <= _MAX_DOTTED else ""
                axes.plot(each.x, each.y, color=colour, linestyle=dash, marker=marker, label=name)
                if each.low is not None and each.high is not None:
                    axes.fill_between(each.x, each.low, each.high, color=colour, alpha=0.16, linewidth=0)
            axes.set(ylabel=panel.y_label, yscale=panel.y_scale)
            if panel.y_scale == "log":
                set_plain_log_ticks(axes.yaxis)
            axes.grid(True)
            axes.margins(x=0.02, y=0.08)
            _place_legend(axes, list(panel.series), width_in)
            for x in (vertical_lines or {}).values():
                axes.axvline(x, color=QUIET_TEXT, linewidth=1.0, linestyle=(0, (3, 3)), zorder=1)
        for name, x in (vertical_lines or {}).items():
            in_left_half = x <= sum(rows[0].get_xlim()) / 2
            rows[0].annotate(
                name,
                (x, 0.04),
                xycoords=("data", "axes fraction"),
                xytext=(4 if in_left_half else -4, 0),
                textcoords="offset points",
                ha="left" if in_left_half else "right",
                fontsize=SMALL_PT,
                color=QUIET_TEXT,
            )
        rows[-1].set_xlabel(x_label)
        figure.align_ylabels(rows)
    return figure


def _place_legend(axes: Axes, names: list[str], width_in: float) -> None:
    """A legend above the axes, where it hides nothing, in as many columns as there is room for; none for one name."""
    if len(names) > 1:
        columns = max(1, int(width_in * 11.2) // (max(map(len, names)) + 8))
        above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0, "borderaxespad": 0.3}
        axes.legend(ncols=min(columns, len(names)), handlelength=2.6, columnspacing=1.4, **above)
