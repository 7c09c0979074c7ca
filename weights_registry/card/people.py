"""What people write into a card: marked blocks, which making the card again keeps. Knows nothing of checkpoints.

<!-- people: good-for -->
Sorting parcels by what is printed on them.
<!-- end -->
"""

import re
from typing import Final

from weights_registry.errors import CardError

_MARK: Final = re.compile(r"^[ \t]*<!--[ \t]*(?:people:[ \t]*(?P<name>[^>]*?)|end)[ \t]*-->[ \t]*$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9-]*")


def read_blocks(markdown: str) -> dict[str, str]:
    """The text of every block, by name, without the line breaks around it.

    Raises CardError, naming the line, for a block that is not closed, is opened in another, has no proper name or the
    name of an earlier one: what people wrote must not get lost.
    """
    found: dict[str, str] = {}
    opened: re.Match[str] | None = None
    for mark in _MARK.finditer(markdown):
        line = markdown.count("\n", 0, mark.start()) + 1
        name = mark["name"]
        if name is None:
            if opened is None:
                raise CardError(f"line {line} has `<!-- end -->`, and no block is open; remove it")
            found[opened["name"]] = markdown[opened.end() : mark.start()].strip()
            opened = None
        elif opened is not None:
            raise CardError(
                f"line {line} opens the block `{name}` within `{opened['name']}`; put `<!-- end -->` before"
            )
        elif not _NAME.fullmatch(name):
            raise CardError(f"line {line} opens a block `{name}`; a name is made of a-z, 0-9 and hyphens")
        elif name in found:
            raise CardError(f"line {line} opens the block `{name}` a second time; make one of the two")
        else:
            opened = mark
    if opened is not None:
        line = markdown.count("\n", 0, opened.start()) + 1
        raise CardError(f"the block `{opened['name']}` of line {line} is not closed; put `<!-- end -->` under it")
    return found


def block(name: str, text: str) -> str:
    """A block as it stands in a card."""
    return "\n".join([f"<!-- people: {name} -->", *([text] if text else []), "<!-- end -->"])


def without_marks(markdown: str) -> str:
    """The card as one reads it: the blocks' text without their marks."""
    return _MARK.sub("", markdown)
