"""What was measured or drawn about a checkpoint: a folder of pictures and JSON, read for its card.

`NAME.png` has `NAME.json` beside it, `{"title", "alt", "data"}`, as `weights_registry.plots.write_chart` writes it.
`NAME.json` alone is a table: `title`, and the figures in `data` (or, without `data`, all else it holds). Either may
hold `note`, a sentence, and `papers`: hardware, versions, command, date; the latter also within `data`. What
`weights-registry evaluate --json` prints, kept as `accuracy.json`, is a row among the accuracies measured. Knows no
checkpoint and no Markdown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from weights_registry.checkpoint import Metrics
from weights_registry.errors import CardError
from weights_registry.record import metrics_from_record

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
_EVALUATED: Final = frozenset({"weights", "data", "num_images", "acc1", "acc5", "preprocessing", "preprocess"})


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
    def data(self) -> Any:
        """The figures: what stands under `data`, else all that is none of the words about it."""
        data = self.record.get("data")
        if isinstance(data, Mapping | list):
            return data
        return {key: value for key, value in self.record.items() if key not in _TOLD}

    @property
    def metrics(self) -> Metrics | None:
        """The figures as an evaluation if they are what `weights-registry evaluate --json` prints, else None.

        Raises RecordError if they nearly are.
        """
        if self.section != "metrics" or not isinstance(self.data, Mapping) or not _EVALUATED.issubset(self.data):
            return None
        return _as_metrics(self.data, str(self.record.get("note") or ""), str(self.figures))

    @property
    def papers(self) -> list[Any]:
        """Under what circumstances it was measured: a record for each measurement that took part."""
        papers = self.record.get("papers") or (self.data.get("papers") if isinstance(self.data, Mapping) else None)
        return papers if isinstance(papers, list) else [papers] if papers else []

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


def other_files(folder: Path | None) -> list[Path]:
    """What else lies in `folder`, such as the log of the run and the table of a comparison, by name."""
    if folder is None or not folder.is_dir():
        return []
    files = (path for path in folder.iterdir() if path.is_file() and path.name[0] != ".")
    return sorted(path for path in files if path.suffix not in (".json", ".png"))


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


def _as_metrics(figures: Mapping[str, Any], note: str, where: str) -> Metrics:
    """Figures of `evaluate` as an evaluation, `note` before all else that is to be known of it.

    Raises RecordError if a field is not as `evaluate` writes it.
    """
    num_ranked, unreadable = figures.get("num_ranked"), figures.get("unreadable") or []
    notes = (
        note,
        f"{figures['preprocess']} preprocessing, {figures.get('dtype') or 'dtype not said'}",
        f"{figures['num_categories']} categories" if figures.get("num_categories") else "",
        f"ranked among {num_ranked}" if num_ranked else "",
        f"not counted, since they could not be read: {len(unreadable)}" if unreadable else "",
    )
    told = {name: figures[name] for name in ("acc1", "acc5", "num_images", "preprocessing")}
    told |= {"ranked_among": figures["ranked_among"]} if "ranked_among" in figures else {}
    named = {
        "dataset": figures.get("dataset") or Path(str(figures["data"])).name,
        "split": figures.get("split") or "",
        "measured_by": "weights-registry evaluate",
        "kind": "measured",
        "source": "",
        "note": "; ".join(note for note in notes if note),
    }
    return metrics_from_record(told | named, where)
