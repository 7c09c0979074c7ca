"""Each kind of chart: what it draws is what it was given, and what it refuses."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from weights_registry.plots import (
    Bars,
    Point,
    Reliability,
    Series,
    bar_chart,
    frontier_of,
    heat_map,
    line_chart,
    reliability_chart,
    scatter_chart,
    waterfall_chart,
)

POINTS = st.lists(st.builds(Point, st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)
AXES: dict[str, Any] = {"title": "t", "x_label": "x", "y_label": "y"}


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_a_line_chart_draws_each_series_and_its_interval() -> None:
    figure = line_chart(
        {"a": Series([1, 2], [3, 4], [2, 3], [4, 5]), "b": Series([1, 2], [5, 6])},
        **AXES,
        callouts={"best": (2, 6)},
        vertical_lines={"here": 1.5},
    )
    (axes,) = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines[:2]] == [[3, 4], [5, 6]]  # type: ignore[arg-type]
    assert len(axes.collections) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    assert words_of(figure) == ["here", "best"]


def test_a_log_axis_is_written_in_plain_figures() -> None:
    figure = line_chart({"a": Series([1, 2], [0.01, 0.2])}, **AXES, y_scale="log")
    figure.draw_without_rendering()
    assert {"0.01", "0.1"} <= {label.get_text() for label in figure.axes[0].get_yticklabels()}


def test_bars_are_as_long_as_their_values() -> None:
    figure = bar_chart({"a": Bars([3, None]), "b": Bars([-1, 2])}, ["one", "two"], title="t", x_label="x")
    (axes,) = figure.axes
    lengths = [bar.get_width() for bar in axes.patches if isinstance(bar, Rectangle)]
    assert lengths == [3, 0, -1, 2]
    assert words_of(figure) == ["3.00", "\N{MINUS SIGN}1.00", "2.00"]


def test_a_waterfall_shows_what_each_step_adds_and_takes_away() -> None:
    figure = waterfall_chart(
        Bars([0, 2.0, 1.5]), ["base", "up", "down"], title="t", x_label="x", reference=("theirs", [0, 3, None])
    )
    (axes,) = figure.axes
    steps = [(bar.get_x(), bar.get_width()) for bar in axes.patches if isinstance(bar, Rectangle)][1::2]
    assert steps == [(0, 0), (0, 2.0), (2.0, -0.5)]
    (column,) = axes.child_axes
    assert [label.get_text() for label in column.get_yticklabels()] == [
        "+0.00  (+0.00)",
        "+2.00  (+2.00)",
        "+1.50  (\N{MINUS SIGN}0.50)",
    ]
    diamonds = next(line for line in axes.lines if line.get_label() == "theirs")
    assert list(diamonds.get_xdata()) == [0, 3]  # type: ignore[arg-type]
    named = {text.get_text() for text in figure.legends[0].get_texts()}
    assert named == {"theirs", "measured: what the step adds", "what it takes away"}


def test_a_heat_map_frames_the_best_of_each_row_and_leaves_gaps_empty() -> None:
    figure = heat_map([[1, 3], [None, 2]], row_labels="ab", column_labels="cd", mark_best="row", **AXES)
    axes = figure.axes[0]
    assert words_of(figure)[:4] == ["1.00", "3.00", "\N{EN DASH}", "2.00"]
    frames = [(patch.get_x(), patch.get_y()) for patch in axes.patches if isinstance(patch, Rectangle)]
    assert frames == [(0.5, -0.5), (0.5, 0.5)]


@given(POINTS)
def test_nothing_beats_the_frontier_and_all_else_is_beaten(points: list[Point]) -> None:
    def beats(one: Point, other: Point) -> bool:
        return one.x <= other.x and one.y >= other.y and (one.x, one.y) != (other.x, other.y)

    frontier = frontier_of(points)
    assert not [point for point in frontier if any(beats(other, point) for other in points)]
    best = {(point.x, point.y) for point in frontier}
    for point in points:
        assert (point.x, point.y) in best or any(beats(other, point) for other in frontier)
    assert all(one.x < other.x and one.y < other.y for one, other in pairwise(frontier))


def test_names_cover_neither_each_other_nor_a_point() -> None:
    points = [Point(x, x % 2, f"checkpoint {x}") for x in range(8)]
    figure = scatter_chart(points, **AXES, frontier=True)
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) > 3
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index])
        places = figure.axes[0].transData.transform([(point.x, point.y) for point in points])
        assert not any(box.contains(x, y) for x, y in places)


def test_a_reliability_diagram_leaves_empty_bins_out() -> None:
    bins = Reliability([0.25, math.nan, 0.9], [0.5, math.nan, 0.8], [4, 0, 6], [(0.1, 0.9), (0, 1), (0.5, 1)])
    above, below = reliability_chart({"as it is": bins}, title="t").axes
    curve = above.lines[1]
    assert list(curve.get_xdata()) == [0.25, 0.9]  # type: ignore[arg-type]
    assert [bar.get_height() for bar in below.patches if isinstance(bar, Rectangle)] == [40, 0, 60]


@pytest.mark.parametrize(
    ("draw", "complaint"),
    [
        (lambda: Series([1], [1, 2]), "of one length"),
        (lambda: Series([], []), "of one length, 1 or more"),
        (lambda: Series([1], [math.nan]), "finite"),
        (lambda: Series([1], [1], low=[0]), "both its ends"),
        (lambda: Bars([1], high=[2]), "both its ends"),
        (lambda: Bars([math.inf]), "finite"),
        (lambda: Point(math.nan, 0, "lost"), "`lost`"),
        (lambda: Reliability([0.5], [0.5], [0]), "a picture in at least one"),
        (lambda: line_chart({}, **AXES), "1 to 6 series, not 0"),
        (lambda: line_chart({str(n): Series([1], [1]) for n in range(7)}, **AXES), "not 7"),
        (lambda: bar_chart({"a": Bars([1])}, ["x", "y"], title="t", x_label="x"), "2 labels"),
        (lambda: waterfall_chart(Bars([1]), [], title="t", x_label="x"), "0 labels"),
        (lambda: heat_map([[1, 2]], row_labels="a", column_labels="b", **AXES), "as many labels"),
        (lambda: heat_map([[None]], row_labels="a", column_labels="b", **AXES), "finite values"),
        (lambda: heat_map([[1], [1, 2]], row_labels="ab", column_labels="c", **AXES), "of one length"),
        (lambda: scatter_chart([], **AXES), "1 to 6 groups, not 0"),
        (lambda: reliability_chart({}, title="t"), "1 to 3 series, not 0"),
    ],
)
def test_what_cannot_be_drawn_is_refused(draw: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw()
