"""`weights-registry show`: all that is known of one checkpoint, of the registry or of a file. Imports nothing heavy."""

import argparse
import shlex
import textwrap
from typing import Any

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.cli.output import Column, bytes_text, print_json, print_table, printable, say
from weights_registry.cli.parsers import add_command
from weights_registry.finding import find_checkpoint
from weights_registry.record import to_record

SUBJECTS = {"this-file": "this file", "earlier-run": "an earlier run", "sibling-file": "a sibling file"}

EXAMPLES = (
    ("show ResNet50_Weights.ImageNet1K_V2", "by name, in any letter case"),
    ("show resnet50", "the weights of an architecture that are taken by default"),
    ("show ./model.safetensors", "a file that describes itself"),
    ("show resnet50 --json", "for a program, with all categories"),
)


def add_to(commands: Any) -> None:
    """Add the command `show`."""
    parser = add_command(
        commands,
        "show",
        summary="all that is known of one checkpoint",
        description="All that is known of one checkpoint, of the registry or of a file that describes itself.",
        examples=EXAMPLES,
    )
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
    say(f"\ntry it: weights-registry predict --weights {shlex.quote(arguments.weights)} PHOTO")
    return 0


def _print_facts(checkpoint: Checkpoint) -> None:
    print(f"{printable(checkpoint.id)}\n{printable(checkpoint.description)}\n")
    # An address or a digest that is too long for a line stays in one piece, to be copied.
    wrapper = textwrap.TextWrapper(110, subsequent_indent=" " * 16, break_on_hyphens=False, break_long_words=False)
    for name, value in _facts(checkpoint).items():
        print(wrapper.fill(f"{name:<16}{printable(value)}"))


def _facts(checkpoint: Checkpoint) -> dict[str, str]:
    labels = checkpoint.labels
    facts = {
        "architecture": checkpoint.architecture,
        "parameters": f"{checkpoint.num_params:,}",
        "GMACs": "unknown" if checkpoint.gmacs is None else f"{checkpoint.gmacs:g} for one picture",
        "categories": f"{len(labels):,} ({labels.name}): {', '.join(labels.names[:3])}{', ...' * (len(labels) > 3)}",
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
        print(f"note: {printable(note)}")
