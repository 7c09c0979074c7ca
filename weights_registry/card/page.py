"""A card -> one HTML file to open in a browser: pictures inside it, nothing loaded from anywhere, no foreign markup.

Cards hold texts that anybody may have written. Raw HTML in them is shown as text, only web addresses become links, and
a policy in the page keeps the browser from running or fetching whatever might slip through.
"""

import base64
import html
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from weights_registry.card.front_matter import without_front_matter
from weights_registry.card.people import without_marks

PICTURE_TYPES: Final = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1f2328; --faint: #59636e; --paper: #fff; --line: #d1d9e0; --band: #f6f8fa;
  --link: #0969da; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #f0f6fc; --faint: #9198a1; --paper: #0d1117; --line: #3d444d;
  --band: #151b23; --link: #4493f8; }} }}
body {{ margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; color: var(--ink); background: var(--paper);
  font: 16px/1.55 system-ui, sans-serif; }}
h1, h2, h3 {{ line-height: 1.25; margin: 2rem 0 .75rem; text-wrap: balance; overflow-wrap: anywhere; }}
h1 {{ margin-top: 0; }}
h1, h2 {{ padding-bottom: .3rem; border-bottom: 1px solid var(--line); }}
.table {{ overflow-x: auto; margin: 1rem 0; }}
table {{ border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .35rem .7rem; border: 1px solid var(--line); text-align: left; vertical-align: top; }}
th {{ background: var(--band); white-space: nowrap; }}
code {{ padding: .1em .3em; border-radius: 4px; background: var(--band); font: .875em ui-monospace, monospace;
  overflow-wrap: anywhere; }}
td:first-child code {{ white-space: nowrap; }}
pre {{ padding: 1rem; border-radius: 6px; background: var(--band); overflow-x: auto; }}
pre code {{ padding: 0; }}
img {{ max-width: 100%; height: auto; }}
a {{ color: var(--link); }}
</style>
</head>
<body>
{body}</body>
</html>
"""


def card_page(card: str, *, title: str, folder: Path, pictures_in: Iterable[Path] = ()) -> str:
    """The card as one HTML page. Links to files lead from `folder`.

    A picture is put into the page if it lies in `folder` or one of `pictures_in`; of any other its words remain.
    """
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(without_marks(without_front_matter(card)))
    roots = [root.resolve() for root in (folder, *pictures_in)]
    for token in tokens:
        if token.children:
            token.children = list(_standing_alone(token.children, folder, roots))
    body: str = parser.renderer.render(tokens, parser.options, {})
    # A wide table scrolls by itself, and the page stays where it is.
    body = body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
    return _PAGE.format(title=html.escape(title), body=body)


def _standing_alone(tokens: Iterable[Token], folder: Path, roots: list[Path]) -> Iterator[Token]:
    """The tokens as they can stand in a page with no file beside it: pictures within, links to files as plain text."""
    kept: list[bool] = []  # for each open link, whether it leads to the web
    for token in tokens:
        if token.type == "link_open":
            kept.append(str(token.attrs["href"]).startswith(("https://", "http://")))
        is_kept = kept[-1] if token.type in ("link_open", "link_close") else True
        if token.type == "link_close":
            kept.pop()
        if token.type == "image":
            token = _embedded(token, folder, roots)
        if is_kept:
            yield token


def _embedded(image: Token, folder: Path, roots: list[Path]) -> Token:
    """The picture with its bytes in the page; its words where the file is not one that may be put there."""
    path = folder.joinpath(unquote(str(image.attrs["src"]))).resolve()
    kind = PICTURE_TYPES.get(path.suffix.lower())
    if kind is None or not path.is_file() or not any(path.is_relative_to(root) for root in roots):
        return Token("text", "", 0, content=f"[{image.content}]")
    image.attrs["src"] = f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
    return image
