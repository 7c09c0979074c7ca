"""A chart -> NAME.png and NAME.json beside it, each whole or not at all. Knows no kind of chart."""

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from weights_registry.plots.style import house_style, title_of
from weights_registry.whole_file import write_draft


def write_chart(figure: Figure, path: str | os.PathLike[str], *, alt: str, data: Mapping[str, Any]) -> Path:
    """Write the picture and, beside it, `{"title", "alt", "data"}` as JSON; returns the picture's path.

    `path` ends in `.png` or has no ending. Its folder is made if need be. `alt` says in words what the picture shows,
    for those who cannot see it; `data` is what it was drawn from. The same content gives the same bytes.
    Raises ValueError for another ending, an empty `alt`, and `data` that is no JSON (NaN is none); OSError if the
    folder cannot be written. Then neither file has changed.
    """
    target = Path(path)
    if target.suffix not in ("", ".png"):
        raise ValueError(f"a chart is written as `.png`, not `{target.suffix}`: `{target}`")
    if not alt.strip():
        raise ValueError("`alt` is empty; say in a sentence what the chart shows")
    target = target.with_suffix(".png")
    record = {"title": title_of(figure), "alt": alt, "data": dict(data)}
    try:
        text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ValueError(f"the data of `{target.name}` cannot be written as JSON: {error}") from error
    contents = {target.with_suffix(".json"): text.encode(), target: _render(figure)}
    target.parent.mkdir(parents=True, exist_ok=True)
    drafts: dict[Path, Path] = {}
    try:
        for place, content in contents.items():
            drafts[place] = write_draft(place, content)
        for place, draft in drafts.items():
            draft.replace(place)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
    return target


def _render(figure: Figure) -> bytes:
    memory = io.BytesIO()
    with house_style():
        # matplotlib would enter its own version, which is not what the picture shows.
        figure.savefig(memory, format="png", dpi=figure.dpi, metadata={"Software": None})
    return memory.getvalue()
