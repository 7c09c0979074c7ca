"""Markdown out of plain text: paragraphs, tables, links. What it is given is shown as it stands and steers nothing.

Texts come from records that anybody may have written: no character of theirs becomes a tag, a link, a table's bar or an
escape code of a terminal.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from weights_registry.wording import printable

# An underscore between letters is no emphasis, and names are full of them; elsewhere it is.
_SPECIAL: Final = re.compile(r"[\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
_STARTS_A_BLOCK: Final = re.compile(r"^(#{1,6}(?= |$)|[-+=](?=\W|$)|\d{1,9}(?=[.)](?: |$)))")


def text(plain: str) -> str:
    """`plain` on one line, so that Markdown shows it as it stands; what is between two single backticks is code."""
    parts = re.split(r"(?<!`)`([^`]+)`(?!`)", printable(" ".join(plain.split())))
    escaped = "".join(code(part) if place % 2 else _SPECIAL.sub(r"\\\g<0>", part) for place, part in enumerate(parts))
    start = _STARTS_A_BLOCK.match(escaped)
    if start is None:
        return escaped
    if start[0].isdigit():
        return f"{start[0]}\\{escaped[start.end() :]}"
    return f"\\{escaped}"


def code(plain: str) -> str:
    """`plain` as code on one line; a bar is escaped, since tables end their cells at any."""
    line = printable(" ".join(plain.split())).replace("|", "\\|")
    if not line:
        return ""
    longest = max((len(run) for run in re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def link(shown: str, url: str) -> str:
    """`shown` with a link to `url`; as text alone where that is no web address."""
    try:
        is_web = urlsplit(url).scheme in ("https", "http") and bool(urlsplit(url).hostname)
    except ValueError:
        is_web = False
    return f"[{text(shown)}]({_address(url)})" if is_web else text(shown)


def local_link(shown: str, path: str) -> str:
    """`shown` with a link to a file, by its path from the page's folder."""
    return f"[{text(shown)}]({_address(path)})"


def picture(path: str, *, alt: str) -> str:
    """A picture by its path from the page's folder. `alt` says what it shows to who cannot see it."""
    return f"![{text(alt)}]({_address(path)})"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> str:
    """A table of cells that are Markdown already; columns numbered in `right` are set flush right."""
    flush = set(right)
    lines = [header, ["---:" if column in flush else "---" for column in range(len(header))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _address(url: str) -> str:
    """A path or URL with every character quoted that could end a link."""
    return quote(url, safe="/:?#@!&=+,;%~._-")
