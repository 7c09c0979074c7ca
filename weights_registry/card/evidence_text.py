"""Evidence -> paragraphs of a card: its picture or its figures as tables, and its papers. Reads no file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from weights_registry.card import markdown
from weights_registry.card.evidence import Evidence


def evidence_paragraphs(evidence: Evidence, *, path_of: Mapping[Path, str]) -> list[str]:
    """A heading, the picture or the figures as a table, the note, and the papers. `path_of` says where files lie."""
    record = evidence.record
    source = markdown.local_link("figures as JSON", path_of[evidence.figures])
    paragraphs = [f"### {markdown.text(evidence.title)}"]
    if evidence.picture is not None:
        paragraphs.append(markdown.picture(path_of[evidence.picture], alt=str(record["alt"])))
    else:
        paragraphs += _tables(evidence.data)
    if record.get("note"):
        paragraphs.append(markdown.text(str(record["note"])))
    told = "; ".join(map(_told, evidence.papers))
    return [*paragraphs, f"{told} ({source})" if told else f"({source})"]


def _tables(data: Any) -> list[str]:
    """The plain figures of `data` as a table of two columns, and each list of like objects as one of its own."""
    if not isinstance(data, Mapping):
        data = {"figures": data}
    plain = [[markdown.text(_words(key)), _cell(value)] for key, value in data.items() if not _is_nested(value)]
    tables = [markdown.table(("what", "figure"), plain, right=(1,))] if plain else []
    return tables + [_row_table(value) for value in data.values() if _is_rows(value)]


def _row_table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key, value in row.items() if not _is_nested(value)))
    numbers = [place for place, key in enumerate(columns) if all(_is_number(row.get(key, 0)) for row in rows)]
    cells = ([_cell(row.get(key, "")) for key in columns] for row in rows)
    return markdown.table([markdown.text(_words(key)) for key in columns], cells, right=numbers)


def _told(papers: Any) -> str:
    """The papers in one line: `command: ...; date: ...`."""
    if isinstance(papers, Mapping):
        return "; ".join(f"{markdown.text(_words(key))}: {_paper(key, value)}" for key, value in papers.items())
    return markdown.text(str(papers))


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
