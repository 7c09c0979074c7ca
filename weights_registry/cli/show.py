"""`weights-registry show`: all that is known of one checkpoint, of the registry or of a file. Imports nothing heavy."""

import argparse
import textwrap
from typing import Any

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.cli.output import Column, bytes_text, print_json, print_table, say
from weights_registry.finding import find_checkpoint
from weights_registry.record import to_record

SUBJECTS = {"this-file": "this file", "earlier-run": "an earlier run", "sibling-file": "a sibling file"}


def add_to(commands: Any) -> None:
    """Add the command `show`."""
    parser = commands.add_parser("show", help="all that is known of one checkpoint", description=__doc__)
    parser.add_argument("weights", metavar="NAME|FILE", help="a name as `list` shows it, or a safetensors file")
    parser.add_argument("--json", action="store_true", help="as JSON, with all categories")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the facts of one checkpoint."""
    checkpoint = find_checkpoint(arguments.weights)
    if arguments.json:
        print_json(to_record(checkpoint))
        return 0
    _print_facts(checkpoint)
    if checkpoint.metrics:
        print()
        _print_metrics(checkpoint.metrics)
    say(f"\ntry it: weights-registry predict --weights {arguments.weights} PHOTO")
    return 0


def _print_facts(checkpoint: Checkpoint) -> None:
    print(f"{checkpoint.id}\n{checkpoint.description}\n")
    for name, value in _facts(checkpoint).items():
        print(
            textwrap.fill(value, 110, initial_indent=f"{name:<16}", subsequent_indent=" " * 16, break_on_hyphens=False)
        )


def _facts(checkpoint: Checkpoint) -> dict[str, str]:
    labels = checkpoint.labels
    facts = {
        "architecture": checkpoint.architecture,
        "parameters": f"{checkpoint.num_params:,}",
        "GMACs": "unknown" if checkpoint.gmacs is None else f"{checkpoint.gmacs:g} for one picture",
        "categories": f"{len(labels):,} ({labels.name}): {', '.join(labels.names[:3])}, ...",
        "fed": checkpoint.preprocessing.describe(),
        "smallest input": f"{checkpoint.min_size[0]} x {checkpoint.min_size[1]}",
        "recipe": checkpoint.recipe or "not known as data",
        "lineage": "; ".join(checkpoint.lineage) or "not stated",
        "licence": f"weights {checkpoint.weights_licence}, code {checkpoint.code_licence}",
        "file": checkpoint.url,
        "size": bytes_text(checkpoint.num_bytes),
        "SHA-256": checkpoint.sha256 or "not published",
    }
    if checkpoint.weights_licence_source:
        facts["licence"] += f" ({checkpoint.weights_licence_source})"
    if checkpoint.mirrors:
        facts["mirrors"] = ", ".join(checkpoint.mirrors)
    return facts


def _print_metrics(metrics: tuple[Metrics, ...]) -> None:
    columns: list[Column[Metrics]] = [
        Column("EVALUATED ON", lambda each: f"{each.dataset} {each.split}"),
        Column("N", lambda each: "?" if each.num_images is None else f"{each.num_images:,}", number=True),
        Column("ACC@1", lambda each: f"{each.acc1:.3f}", number=True),
        Column("ACC@5", lambda each: "-" if each.acc5 is None else f"{each.acc5:.3f}", number=True),
        Column("FED", lambda each: f"{each.preprocessing.resize_size}/{each.preprocessing.crop_size}"),
        Column("BY", lambda each: f"{each.measured_by}, {each.kind}"),
        Column("OF", lambda each: SUBJECTS[each.of]),
    ]
    print_table(metrics, columns)
    for note in dict.fromkeys(each.note for each in metrics if each.note):
        print(f"note: {note}")
