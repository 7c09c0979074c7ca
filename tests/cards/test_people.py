"""Blocks of people's words: read back as they were written, and never lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry.card import read_blocks
from weights_registry.card.people import block, without_marks
from weights_registry.errors import CardError

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
TEXTS = st.text(st.sampled_from("ab -*#\n")).map(str.strip)


@given(st.dictionaries(NAMES, TEXTS))
def test_what_is_written_is_read_back(blocks: dict[str, str]) -> None:
    page = "# Title\n\n" + "\n\nmade by the machine\n\n".join(block(name, text) for name, text in blocks.items())
    assert read_blocks(page) == blocks


def test_the_marks_are_not_shown() -> None:
    assert without_marks(f"before\n\n{block('about', 'words')}\n") == "before\n\n\nwords\n\n"


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("<!-- people: about -->\nwords", "`about` of line 1 is not closed"),
        ("words\n<!-- end -->", "line 2 has `<!-- end -->`, and no block is open"),
        ("<!-- people: a -->\n<!-- people: b -->\n<!-- end -->", "line 2 opens the block `b` within `a`"),
        (2 * "<!-- people: a -->\n<!-- end -->\n", "line 3 opens the block `a` a second time"),
        ("<!-- people: Good for -->\n<!-- end -->", "a block `Good for`; a name is made of a-z"),
    ],
)
def test_a_broken_block_is_an_error_that_names_the_line(page: str, told: str) -> None:
    with pytest.raises(CardError, match=told.replace("`", ".")):
        read_blocks(page)
