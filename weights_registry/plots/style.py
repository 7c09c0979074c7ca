"""How every chart looks: colours, type, sizes, and the frame all charts start from. Knows no kind of chart.

A chart is an opaque light panel with a thin edge, so that its text reads the same on a white page and on a dark one.
The colours of marks also keep their distance from both pages and, under the three colour blindnesses, from each other;
tests compute it. Series differ in marker and dash as well, for prints in grey.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

WHITE_PAGE: Final = "#ffffff"
DARK_PAGE: Final = "#0d1117"
PANEL: Final = "#fcfcfd"
PANEL_EDGE: Final = "#848d97"

TEXT: Final = "#1f2328"
QUIET_TEXT: Final = "#57606a"
GRID: Final = "#e4e7eb"

# Found by search: the largest least distance in CIELAB between any two, seen normally or with protan-, deutera- or
# tritanopia (Machado, Oliveira and Fernandes 2009), within the luminances that have 3:1 against both pages.
PALETTE: Final = ("#1487ec", "#d86801", "#376f59", "#af20ab", "#9d713f", "#908a9e")
GAIN: Final = PALETTE[0]
LOSS: Final = PALETTE[1]
MARKERS: Final = ("o", "s", "^", "D", "v", "p")
DASHES: Final = ("-", (0, (5, 1.6)), (0, (1.2, 1.4)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1.2)), (0, (8, 2)))

WIDTH_IN: Final = 7.5  # shown at 96 pixels an inch: 720 pixels, what a page of text is wide
HEIGHT_IN: Final = 4.2
PIXELS_PER_INCH: Final = 192  # twice what is shown, for sharp screens
TEXT_PT: Final = 10.0
SMALL_PT: Final = 9.0  # nothing is set smaller
TITLE_PT: Final = 13.5
_EDGE_IN: Final = 0.16
_LABEL_IN: Final = 1.9
_HANDLE_IN: Final = 0.7  # what a legend shows before a name, and the gap after it

_SETTINGS: Final[Any] = {
    "font.family": ["DejaVu Sans"],  # comes with matplotlib: the same letters on every machine
    "font.size": TEXT_PT,
    "text.color": TEXT,
    "text.parse_math": False,  # a name may hold dollar signs
    "axes.labelcolor": TEXT,
    "axes.labelsize": TEXT_PT,
    "axes.edgecolor": QUIET_TEXT,
    "axes.facecolor": PANEL,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.9,
    "xtick.color": QUIET_TEXT,
    "ytick.color": QUIET_TEXT,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "legend.frameon": False,
    "legend.fontsize": SMALL_PT,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.5,
    "lines.solid_capstyle": "round",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Within it matplotlib draws in this style whatever the user's own settings are; they come back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_SETTINGS)
        yield


def new_figure(title: str, *, subtitle: str = "", width_in: float = WIDTH_IN, height_in: float = HEIGHT_IN) -> Figure:
    """An empty panel with its title and, below it, what was measured on what. To be called within `house_style`.

    Long titles are wrapped. `height_in` is the panel's with a title of one line and no subtitle; what more there is
    makes it higher, so that the axes keep their size.
    """
    room_in = width_in - 2 * _EDGE_IN
    title_lines = wrap_lines(title, room_in, size_pt=TITLE_PT, bold=True)
    quiet_lines = wrap_lines(subtitle, room_in, size_pt=SMALL_PT) if subtitle else []
    title_in, quiet_in = len(title_lines) * TITLE_PT * 1.3 / 72, len(quiet_lines) * SMALL_PT * 1.35 / 72
    height_in += title_in - TITLE_PT * 1.3 / 72 + quiet_in
    left, top = _EDGE_IN / width_in, 1 - _EDGE_IN / height_in
    below = top - (title_in + quiet_in + 0.1) / height_in
    edges = (left * 0.6, _EDGE_IN / height_in * 0.6, 1 - left * 1.6, below - _EDGE_IN / height_in * 0.6)
    layout = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, rect=edges)
    figure = Figure(figsize=(width_in, height_in), dpi=PIXELS_PER_INCH, facecolor=PANEL, layout=layout)
    figure.set_label(title)
    figure.suptitle(
        "\n".join(title_lines), x=left, y=top, ha="left", va="top", fontsize=TITLE_PT, fontweight="bold", color=TEXT
    )
    lines = "\n".join(quiet_lines)
    figure.text(left, top - title_in / height_in, lines, va="top", fontsize=SMALL_PT, color=QUIET_TEXT, linespacing=1.2)
    edge = Rectangle((0, 0), 1, 1, transform=figure.transFigure, fill=False, edgecolor=PANEL_EDGE, linewidth=1.2)
    figure.add_artist(edge)
    return figure


def wrap_lines(text: str, width_in: float, *, size_pt: float, bold: bool = False) -> list[str]:
    """The text in lines that fit the width, broken at spaces, and within a word where that alone is too wide."""
    font = FontProperties(family="DejaVu Sans", size=size_pt, weight="bold" if bold else "normal")
    lines: list[str] = [""]
    for word in text.split(" "):  # a no-break space holds its words together
        if lines[-1] and _width_in(f"{lines[-1]} {word}", font) <= width_in:
            lines[-1] += f" {word}"
            continue
        if lines[-1]:
            lines.append("")
        for letter in [word] if _width_in(word, font) <= width_in else word:
            if lines[-1] and _width_in(lines[-1] + letter, font) > width_in:
                lines.append("")
            lines[-1] += letter
    return lines


def wrapped_labels(labels: Sequence[str]) -> list[str]:
    """Names for the rows of a chart, in lines that leave it most of the width."""
    return ["\n".join(wrap_lines(label, _LABEL_IN, size_pt=SMALL_PT)) for label in labels]


def _width_in(text: str, font: FontProperties) -> float:
    return float(TextPath((0, 0), text, prop=font).get_extents().x1) / 72


def title_of(figure: Figure) -> str:
    """The title that `new_figure` was given."""
    return str(figure.get_label())


def place_legend(axes: Axes) -> None:
    """A legend below the axes, where it hides nothing, read line by line; none for a single entry."""
    figure = axes.get_figure(root=True)
    handles, labels = axes.get_legend_handles_labels()
    if figure is None or len(labels) < 2:
        return
    room_in = figure.get_figwidth() - 2 * _EDGE_IN
    labels = ["\n".join(wrap_lines(label, room_in - _HANDLE_IN, size_pt=SMALL_PT)) for label in labels]
    font = FontProperties(family="DejaVu Sans", size=SMALL_PT)
    widest_in = max(_width_in(line, font) for label in labels for line in label.splitlines())
    columns = max(1, min(len(labels), 4, int(room_in / (widest_in + _HANDLE_IN))))
    # matplotlib fills column by column.
    order = [index for column in range(columns) for index in range(column, len(labels), columns)]
    shown = [(handles[index], labels[index]) for index in order]
    figure.legend(*zip(*shown, strict=True), loc="outside lower center", ncols=columns, handlelength=2.6)


def set_plain_log_ticks(axis: Axis) -> None:
    """Ticks of a logarithmic axis as plain figures, 0.5 1 2: exponents would be set too small to read."""
    low, high = axis.get_view_interval()
    few_decades = low > 0 and high / low < 1000
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few_decades else (1,)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_locator(NullLocator())


def as_written(figures: str) -> str:
    """Figures with a true minus sign, as the axes have it."""
    return figures.replace("-", "\N{MINUS SIGN}")


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, of `#rrggbb`. Source: WCAG 2.2, "relative luminance"."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours `#rrggbb`, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(ground: str) -> str:
    """Black or white, whichever reads better on `ground`; the better of the two has 4.5:1 on any colour."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, ground))
