"""What the parsers of all commands share: help that ends in examples, numbers within bounds. Knows no command."""

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Any

PROG = "weights-registry"

Example = tuple[str, str]
"""Arguments as one would type them, and what they are for."""


def with_examples(title: str, examples: Sequence[Example]) -> str:
    """The end of a help page: what to type, and what for, in two columns."""
    width = max(len(arguments) for arguments, _ in examples)
    lines = [f"  {PROG} {arguments:<{width}}  {purpose}" for arguments, purpose in examples]
    return "\n".join([title, *lines])


def add_command(
    commands: Any, name: str, *, summary: str, description: str, examples: Sequence[Example]
) -> argparse.ArgumentParser:
    """The parser of a new command, whose help explains it and ends in examples."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=description,
        epilog=with_examples("examples:", examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return parser


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`, for argparse."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"`{text}` is not a whole number from {low} to {high:,}")
        return number

    return parse


def share_of_100(text: str) -> float:
    """A number from 0 to 100, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"`{text}` is not a number from 0 to 100")
    return number
