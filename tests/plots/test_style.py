"""The style: what WCAG asks of contrast, and colours that stay apart for every eye. Computed, not looked at."""

from itertools import combinations
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry.plots import Series, line_chart, style, write_chart
from weights_registry.plots.style import contrast, ink_on

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")

# What is left of linear RGB without the long, middle or short cones. Source: Machado, Oliveira and Fernandes 2009,
# "A physiologically-based model for simulation of color vision deficiency", severity 1.0.
BLINDNESSES = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def cielab(colour: str, blindness: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    levels = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(BLINDNESSES[blindness]) @ linear, 0, 1)
    ratios = TO_XYZ @ seen / TO_XYZ.sum(axis=1)
    x, y, z = np.where(ratios > 0.008856, np.cbrt(ratios), 7.787 * ratios + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("page", [style.WHITE_PAGE, style.DARK_PAGE, style.PANEL])
@pytest.mark.parametrize("colour", [*style.PALETTE, style.GAIN, style.LOSS, style.PANEL_EDGE])
def test_marks_have_three_to_one_on_panel_and_on_both_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3


@pytest.mark.parametrize("ink", [style.TEXT, style.QUIET_TEXT])
def test_text_has_four_and_a_half_to_one_on_its_panel(ink: str) -> None:
    assert contrast(ink, style.PANEL) >= 4.5


def test_no_text_is_set_below_nine_points() -> None:
    assert min(style.TEXT_PT, style.SMALL_PT, style.TITLE_PT) >= 9


@pytest.mark.parametrize("blindness", BLINDNESSES)
def test_any_two_colours_are_told_apart(blindness: str) -> None:
    # 2.3 is just noticeable, side by side and in large; thin lines far apart need several times that.
    for one, other in combinations(style.PALETTE, 2):
        assert np.linalg.norm(cielab(one, blindness) - cielab(other, blindness)) > 20, (one, other)


def test_series_differ_in_marker_and_dash_too() -> None:
    assert len(style.PALETTE) == len(set(style.MARKERS)) == len(set(style.DASHES))


@given(COLOURS, COLOURS)
def test_contrast_is_symmetric_and_between_1_and_21(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001


@given(COLOURS)
def test_ink_reads_on_any_ground(ground: str) -> None:
    assert contrast(ink_on(ground), ground) >= 4.5


def test_the_users_own_settings_neither_show_nor_suffer(tmp_path: Path) -> None:
    def chart() -> bytes:
        figure = line_chart({"a": Series([0, 1], [0, 1])}, title="t", x_label="x", y_label="y", width_in=2, height_in=2)
        return write_chart(figure, tmp_path / "a.png", alt="A line.", data={}).read_bytes()

    plain = chart()
    with matplotlib.rc_context({"font.size": 40, "axes.facecolor": "black", "lines.linewidth": 20}):
        assert chart() == plain
        assert matplotlib.rcParams["font.size"] == 40
