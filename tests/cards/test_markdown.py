"""Markdown out of plain text, held to what a parser of Markdown makes of it."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from weights_registry.card import markdown
from weights_registry.wording import printable

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

PLAIN = st.text(
    st.sampled_from(string.ascii_letters + string.digits + string.punctuation.replace("`", "") + " äß\n\x1b")
)
WORDS = st.lists(st.sampled_from(["a", "_b_", "c|d", "<b>", "&lt;", "#", "-", "1.", "~~", "**", "[x](y)", "\\", "$"]))


def inlines(source: str) -> list[Token]:
    return [child for token in PARSER.parse(source) for child in token.children or []]


def shown(source: str) -> str:
    return "".join(token.content for token in inlines(source))


@given(PLAIN | WORDS.map(" ".join))
def test_a_text_is_shown_as_it_stands_and_is_nothing_but_text(plain: str) -> None:
    source = markdown.text(plain)
    assert shown(source) == printable(" ".join(plain.split()))
    assert {token.type for token in inlines(source)} <= {"text", "code_inline", "text_special"}
    assert {token.type for token in PARSER.parse(source)} <= {"paragraph_open", "inline", "paragraph_close"}


@given(PLAIN, PLAIN)
def test_a_cell_holds_all_of_its_text_and_no_more(left: str, right: str) -> None:
    cells = [markdown.text(left), markdown.code(right)]
    tokens = PARSER.parse(markdown.table(("a", "b"), [cells], right=[1]))
    found = [token.children or [] for token in tokens if token.type == "inline"][2:]
    assert ["".join(child.content for child in cell) for cell in found] == [
        printable(" ".join(each.split())) for each in (left, right)
    ]


@given(st.text(st.sampled_from("`ab| \n"), min_size=1).filter(str.strip))
def test_code_is_code_whatever_is_in_it(plain: str) -> None:
    source = markdown.table(("a",), [[markdown.code(plain)]])
    (code,) = [token for token in inlines(source) if token.type == "code_inline"]
    assert code.content.strip() == " ".join(plain.split())


def test_what_stands_between_single_backticks_is_code() -> None:
    assert markdown.text("as `weight_decay` and a*b") == r"as `weight_decay` and a\*b"
    assert markdown.text("an odd ` stays") == r"an odd \` stays"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "", "see page 3", "//x"]
)
def test_only_a_web_address_becomes_a_link(url: str) -> None:
    assert markdown.link("source", url) == "source"


@given(st.text(st.sampled_from("ab()<>[]\"' \\\n|é"), min_size=1))
def test_no_character_of_an_address_ends_its_link(path: str) -> None:
    tokens = inlines(markdown.link("[shown]", f"https://example.org/{path}"))
    assert [token.type for token in tokens if token.type.startswith("link")] == ["link_open", "link_close"]
    assert "".join(token.content for token in tokens) == "[shown]"
