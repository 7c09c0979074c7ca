"""What was measured or drawn about a checkpoint: a folder of pictures and JSON -> parts of its card.

`NAME.png` has `NAME.json` beside it, `{"title", "alt", "data"}`, as `weights_registry.plots.write_chart` writes it.
`NAME.json` alone is a table: `title`, and the figures in `data` (or, without `data`, all else it holds). Either may
hold `note`, a sentence, and `papers`: hardware, versions, command, date. Knows nothing of checkpoints.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from weights_registry.card import markdown
from weights_registry.errors import CardError

Section = Literal["metrics", "training", "studies", "speed"]

# In the order in which a card shows them. `speed-gpu` goes with `speed`; what is not here is a study, after the others.
SECTIONS: Final[dict[str, Section]] = {
    "accuracy": "metrics",
    "robustness": "metrics",
    "training-curves": "training",
    "ladder": "training",
    "seeds": "training",
    "kfold": "training",
    "resize": "studies",
    "fixres": "studies",
    "calibration": "studies",
    "compare": "studies",
    "speed": "speed",
}

# Belong to the picture of the feeding, which has a section of its own.
_NOT_EVIDENCE: Final = ("sample", "feeding")
_TOLD: Final = ("title", "alt", "note", "papers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing measured: its name, what its JSON says, and the files. `picture` is None where there is only JSON."""

    name: str
    record: Mapping[str, Any]
    figures: Path
    picture: Path | None

    @property
    def section(self) -> Section:
        """The part of the card that it belongs to."""
        return SECTIONS.get(_kind(self.name), "studies")

    @property
    def title(self) -> str:
        """What it is called, from its name if it does not say."""
        return str(self.record.get("title") or self.name.replace("-", " ").capitalize())


def read_evidence(folder: Path | None) -> list[Evidence]:
    """All evidence in `folder`, in the order of `SECTIONS`; none if there is no such folder.

    Raises CardError for JSON that is no object, and for a picture without JSON or without `alt`.
    """
    if folder is None or not folder.is_dir():
        return []
    names = {path.stem for path in folder.iterdir() if path.suffix in (".json", ".png") and path.name[0] != "."}
    order = {name: place for place, name in enumerate(SECTIONS)}
    names -= set(_NOT_EVIDENCE)
    return [_read(folder, name) for name in sorted(names, key=lambda name: (order.get(_kind(name), len(order)), name))]


def evidence_paragraphs(evidence: Evidence, *, path_of: Mapping[Path, str]) -> list[str]:
    """A heading, the picture or the figures as a table, the note, and the papers. `path_of` says where files lie."""
    record = evidence.record
    source = markdown.local_link("figures as JSON", path_of[evidence.figures])
    paragraphs = [f"### {markdown.text(evidence.title)}"]
    if evidence.picture is not None:
        paragraphs.append(markdown.picture(path_of[evidence.picture], alt=str(record["alt"])))
    else:
        rest = {key: value for key, value in record.items() if key not in _TOLD}
        paragraphs += _tables(rest.get("data", rest))
    if record.get("note"):
        paragraphs.append(markdown.text(str(record["note"])))
    papers = _papers(record.get("papers"))
    return [*paragraphs, f"{papers} ({source})" if papers else f"({source})"]


def _kind(name: str) -> str:
    return name if name in SECTIONS else name.partition("-")[0]


def _read(folder: Path, name: str) -> Evidence:
    figures, picture = folder / f"{name}.json", folder / f"{name}.png"
    if not figures.is_file():
        raise CardError(f"`{picture}` has no `{figures.name}` beside it, which says in words what the picture shows")
    try:
        record = json.loads(figures.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CardError(f"`{figures}` is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise CardError(f"`{figures}` must hold a JSON object, not a `{type(record).__name__}`")
    if picture.is_file() and not str(record.get("alt") or "").strip():
        raise CardError(f"`{figures}` has no `alt`: say in a sentence what `{picture.name}` shows")
    return Evidence(name=name, record=record, figures=figures, picture=picture if picture.is_file() else None)


def _tables(data: Any) -> list[str]:
    """The plain figures of `data` as a table of two columns, and each list of like objects as one of its own."""
    if not isinstance(data, Mapping):
        data = {"": data}
    plain = [[markdown.text(_words(key)), _cell(value)] for key, value in data.items() if not _is_nested(value)]
    tables = [markdown.table(("what", "figure"), plain, right=(1,))] if plain else []
    return tables + [_row_table(value) for value in data.values() if _is_rows(value)]


def _row_table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if not _is_nested(value)))
    numbers = [place for place, key in enumerate(columns) if all(_is_number(row.get(key, 0)) for row in rows)]
    cells = ([_cell(row.get(key, "")) for key in columns] for row in rows)
    return markdown.table([markdown.text(_words(key)) for key in columns], cells, right=numbers)


def _papers(papers: Any) -> str:
    """The papers in one line: `command: ...; date: ...`."""
    if isinstance(papers, Mapping):
        return "; ".join(f"{markdown.text(_words(key))}: {_paper(key, value)}" for key, value in papers.items())
    return markdown.text(str(papers)) if papers else ""


def _paper(key: str, value: Any) -> str:
    return markdown.code(str(value)) if key == "command" else _cell(_flat(value))


def _flat(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _words(key: str) -> str:
    return key.replace("_", " ")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else markdown.text(str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping | list)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)
