"""Panels over one axis: all curves in them, none too many, legends outside, the same bytes again."""

from pathlib import Path

import pytest

from weights_registry.plots import Panel, Series, stacked_chart, write_chart

UP, DOWN = Series([1, 2, 3], [1, 2, 4]), Series([1, 2, 3], [3, 2, 1], low=[2, 1, 0.5], high=[4, 3, 2])


def test_every_panel_has_its_curves_and_all_share_their_axis() -> None:
    figure = stacked_chart(
        [Panel("rises", {"a": UP, "b": DOWN}), Panel("falls", {"c": DOWN}, y_scale="log")],
        title="Two",
        x_label="time",
        vertical_lines={"here": 2},
    )
    first, second = figure.axes
    assert [line.get_label() for line in first.lines[:2]] == ["a", "b"]
    assert list(second.lines[0].get_ydata()) == [3, 2, 1]  # type: ignore[arg-type]
    assert (first.get_ylabel(), second.get_ylabel(), second.get_xlabel()) == ("rises", "falls", "time")
    assert (first.get_legend() is None, second.get_legend() is None) == (False, True)
    assert second.get_yscale() == "log"
    assert [text.get_text() for text in first.texts] == ["here"]


def test_a_legend_lies_within_the_picture_and_over_no_curve() -> None:
    names = {f"a rather long name, number {number}": UP for number in range(6)}
    figure = stacked_chart([Panel("y", names), Panel("z", {"one": DOWN})], title="Long names", x_label="x")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    legend = axes.get_legend()
    assert legend is not None
    box = legend.get_window_extent()
    assert box.x1 <= figure.bbox.x1
    assert box.y0 >= axes.bbox.y1 - 1


def test_a_single_point_is_drawn_as_a_dot_and_equal_charts_are_equal_bytes(tmp_path: Path) -> None:
    def draw(name: str) -> bytes:
        figure = stacked_chart([Panel("y", {"one": Series([1], [2])})], title="One", x_label="x")
        assert figure.axes[0].lines[0].get_marker() == "."
        return write_chart(figure, tmp_path / name, alt="A dot.", data={}).read_bytes()

    assert draw("a") == draw("b")


def test_nothing_to_draw_and_too_much_are_refused() -> None:
    with pytest.raises(ValueError, match="a panel, one at least"):
        stacked_chart([], title="None", x_label="x")
    for number in (0, 7):
        with pytest.raises(ValueError, match="1 to 6 series"):
            Panel("y", {str(each): UP for each in range(number)})
