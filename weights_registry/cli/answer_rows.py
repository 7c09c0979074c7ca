"""Answers -> a row a picture, as CSV or as JSON lines: what people analyse, and compare two checkpoints by."""

import argparse
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from weights_registry.categories import CategorySet
from weights_registry.cli.files import output_file

if TYPE_CHECKING:
    from weights_registry.inference.answers import Answer

Writer = Callable[["Answer"], None]

NUM_RANKED: Final = 5
SUFFIXES: Final = (".csv", ".jsonl")


def rows_file(text: str) -> Path:
    """A path that rows can be written to, for argparse: it must end in `.csv` or `.jsonl`."""
    if Path(text).suffix.lower() not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"`{text}` must end in {' or '.join(SUFFIXES)}, which says how to write it")
    return output_file(text)


def answer_writer(file: TextIO, suffix: str, labels: CategorySet, root: Path) -> Writer:
    """What writes a row for each answer it is called with. Paths are written from `root` on, `/` between folders."""
    write = csv_writer if suffix.lower() == ".csv" else json_lines_writer
    return write(file, labels, root)


def json_lines_writer(file: TextIO, labels: CategorySet, root: Path) -> Writer:
    """A JSON object a picture and line: `path`, `truth`, `hit1`, `hit5`, `ranked` best first, `error` or null."""

    def category(index: int) -> dict[str, Any]:
        return {"index": index, "label": labels.names[index], "wordnet_id": labels.wordnet_id(index)}

    def write(answer: "Answer") -> None:
        ranked = zip(answer.indices, answer.probabilities, strict=True)
        row = {
            "path": _path(answer, root),
            "truth": [category(index) for index in answer.truths],
            "hit1": answer.hit1,
            "hit5": answer.hit5,
            "ranked": [{**category(index), "probability": probability} for index, probability in ranked],
            "error": answer.error.reason if answer.error else None,
        }
        print(json.dumps(row, ensure_ascii=False), file=file)

    return write


def csv_writer(file: TextIO, labels: CategorySet, root: Path) -> Writer:
    """A row a picture: path, truth, whether right, five times index, label and probability, and what was wrong.

    Several true categories stand in one cell, `; ` between them. A picture that could not be read has an `error` and
    no categories.
    """
    writer = csv.writer(file, lineterminator="\n")
    ranks = range(1, NUM_RANKED + 1)
    of_ranks = [f"{what}{rank}" for rank in ranks for what in ("index", "label", "probability")]
    writer.writerow(["path", "truth_index", "truth_label", "hit1", "hit5", *of_ranks, "error"])

    def write(answer: "Answer") -> None:
        truths = ["; ".join(map(str, answer.truths)), "; ".join(labels.names[index] for index in answer.truths)]
        cells: list[object] = []
        for index, probability in zip(answer.indices, answer.probabilities, strict=True):
            cells += [index, labels.names[index], f"{probability:.6g}"]
        cells += [""] * (len(of_ranks) - len(cells))
        hits = ["", ""] if answer.error else [int(answer.hit1), int(answer.hit5)]
        writer.writerow([_path(answer, root), *truths, *hits, *cells, answer.error.reason if answer.error else ""])

    return write


def _path(answer: "Answer", root: Path) -> str:
    return Path(answer.source).relative_to(root).as_posix()
