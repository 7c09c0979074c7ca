"""Curves drawn with characters."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.cli.terminal_curve import Style, draw


def test_a_falling_line_goes_from_the_upper_left_to_the_lower_right() -> None:
    assert draw([3, 2, 1, 0], width=4, height=4, style="ascii") == ["*", " *", "  *", "   *"]


def test_a_step_is_joined_by_a_stroke() -> None:
    assert draw([3, 3, 0, 0], width=4, height=4, style="ascii") == ["**", "  *", "  *", "  **"]
    assert draw([0, 0, 3, 3], width=4, height=4, style="ascii") == ["  **", "  *", "  *", "**"]


def test_braille_has_two_columns_and_four_rows_a_character() -> None:
    assert draw([3, 2], width=1, height=1) == [chr(0x2800 + 0x01 + 0x10)]
    assert draw([3, 0], width=1, height=1) == [chr(0x2800 + 0x01 + 0x10 + 0x20 + 0x80)]


def test_a_curve_of_zeros_lies_on_the_ground() -> None:
    assert draw([0.0, 0.0], width=2, height=2, style="ascii") == ["", "**"]


@given(
    values=st.lists(st.floats(0, 1e6), min_size=1, max_size=300),
    width=st.integers(1, 80),
    height=st.integers(1, 12),
    style=st.sampled_from(get_args(Style)),
)
def test_every_column_is_drawn_and_nothing_outside_the_frame(
    values: list[float], width: int, height: int, style: Style
) -> None:
    lines = draw(values, width=width, height=height, style=style)
    assert len(lines) == height
    assert max(map(len, lines)) == width
    assert all(any(column < len(line) and line[column] != " " for line in lines) for column in range(width))


def test_no_values_make_no_curve() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        draw([])
