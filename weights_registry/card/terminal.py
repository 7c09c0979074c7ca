"""A card -> the terminal, with headings, tables and colours. Knows nothing of files."""

from typing import TextIO

from rich.console import Console
from rich.markdown import Markdown

from weights_registry.card.front_matter import without_front_matter
from weights_registry.card.people import without_marks
from weights_registry.wording import printable


def print_card(card: str, file: TextIO) -> None:
    """Print the card, rendered, as wide as the terminal is; what could steer the terminal is spelled out."""
    lines = without_marks(without_front_matter(card)).splitlines()
    markdown = Markdown("\n".join(map(printable, lines)), hyperlinks=True)
    Console(file=file, markup=False, emoji=False, highlight=False).print(markdown)
