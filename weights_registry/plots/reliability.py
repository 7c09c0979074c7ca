"""How often a network is right when it is this sure: reliability diagrams. Knows not how the bins were counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from weights_registry.plots.style import (
    DASHES,
    GRID,
    MARKERS,
    PALETTE,
    PANEL,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    house_style,
    new_figure,
    place_legend,
)

MAX_SERIES = 3


@dataclass(frozen=True, slots=True)
class Reliability:
    """Of each bin of confidence the mean confidence and the accuracy, both 0 to 1, and how many pictures are in it.

    Bins without pictures may hold anything. `interval` holds the ends of an interval of each accuracy, if known.
    Raises ValueError unless all are of one length and at least one bin has pictures.
    """

    confidence: Sequence[float]
    accuracy: Sequence[float]
    counts: Sequence[int]
    interval: Sequence[tuple[float, float]] | None = None

    def __post_init__(self) -> None:
        given = [each for each in (self.confidence, self.accuracy, self.counts, self.interval) if each is not None]
        if len({len(each) for each in given}) != 1 or not any(self.counts):
            raise ValueError("a reliability diagram needs bins of one number, and a picture in at least one of them")


def reliability_chart(
    series: Mapping[str, Reliability],
    *,
    title: str,
    subtitle: str = "",
    width_in: float = WIDTH_IN,
    height_in: float = 5.6,
) -> Figure:
    """Accuracy against confidence above, the diagonal being perfect; below, what share of the pictures is in each bin.

    Above the diagonal a network knows more than it says, below it less. Such as before and after a temperature.
    Raises ValueError if there are no series or more than three.
    """
    if not 1 <= len(series) <= MAX_SERIES:
        raise ValueError(f"a reliability diagram takes 1 to {MAX_SERIES} series, not {len(series)}")
    with house_style():
        figure = new_figure(title, subtitle=subtitle, width_in=width_in, height_in=height_in)
        above, below = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3.2, 1)})
        above.plot([0, 1], [0, 1], color=QUIET_TEXT, linewidth=1.2, linestyle=(0, (3, 3)), zorder=1)
        for corner, place, words in (
            ((0.02, 0.97), "top", "under-confident"),
            ((0.98, 0.03), "bottom", "over-confident"),
        ):
            above.text(
                *corner,
                words,
                transform=above.transAxes,
                va=place,
                ha="left" if place == "top" else "right",
                fontsize=SMALL_PT,
                color=QUIET_TEXT,
            )
        for index, (name, each) in enumerate(series.items()):
            colour = PALETTE[index]
            filled = [bin for bin, count in enumerate(each.counts) if count]
            x = [each.confidence[bin] for bin in filled]
            y = [each.accuracy[bin] for bin in filled]
            if each.interval is not None:
                low, high = ([each.interval[bin][end] for bin in filled] for end in (0, 1))
                above.fill_between(x, low, high, color=colour, alpha=0.16, linewidth=0)
            above.plot(
                x, y, color=colour, linestyle=DASHES[index], marker=MARKERS[index], markeredgecolor=PANEL, label=name
            )
            width = 1 / len(each.counts)
            centres = [(bin + (index + 0.5) / len(series)) * width for bin in range(len(each.counts))]
            shares = [100 * count / sum(each.counts) for count in each.counts]
            below.bar(centres, shares, width=width / len(series) * 0.9, color=colour)
        above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="accuracy")
        below.set(xlabel="confidence: the probability of the first category", ylabel="% of pictures")
        for axes in (above, below):
            axes.grid(True, color=GRID)
        place_legend(above)
    return figure
