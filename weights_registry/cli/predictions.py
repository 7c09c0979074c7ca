"""Predictions -> a table, JSON lines or CSV, one at a time. Knows nothing of pictures or networks.

A writer is made from the open file and the names of all pictures to come, and then called with each prediction.
"""

import csv
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TextIO

from weights_registry.cli.output import printable

if TYPE_CHECKING:
    from weights_registry.inference.classifier import Prediction

Writer = Callable[["Prediction"], None]


def table_writer(file: TextIO, sources: Sequence[str]) -> Writer:
    """A line a category, the picture's name on its first; aligned, for people."""
    width = max((len(printable(source)) for source in sources), default=0)

    def write(prediction: "Prediction") -> None:
        for rank, category in enumerate(prediction.categories):
            source = printable(prediction.source) if rank == 0 else ""
            print(f"{source:<{width}}  {100 * category.probability:6.2f} %  {category.label}", file=file)

    return write


def json_lines_writer(file: TextIO, sources: Sequence[str]) -> Writer:
    """A JSON object a picture and line: `source`, and `categories` best first."""

    def write(prediction: "Prediction") -> None:
        categories: list[dict[str, Any]] = [
            {"label": each.label, "index": each.index, "wordnet_id": each.wordnet_id, "probability": each.probability}
            for each in prediction.categories
        ]
        print(json.dumps({"source": prediction.source, "categories": categories}, ensure_ascii=False), file=file)

    return write


def csv_writer(file: TextIO, sources: Sequence[str]) -> Writer:
    """A row a category: source, rank from 1, label, index, WordNet id, probability."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["source", "rank", "label", "index", "wordnet_id", "probability"])

    def write(prediction: "Prediction") -> None:
        for rank, each in enumerate(prediction.categories, start=1):
            row = [prediction.source, rank, each.label, each.index, each.wordnet_id or "", f"{each.probability:.6f}"]
            writer.writerow(row)

    return write


WRITERS: Final[dict[str, Callable[[TextIO, Sequence[str]], Writer]]] = {
    "table": table_writer,
    "jsonl": json_lines_writer,
    "csv": csv_writer,
}
