"""`weights-registry remove`: takes one's own weights out of the catalog. Imports nothing heavy, deletes no weights."""

import argparse
from typing import Any

from weights_registry.adding import remove_weights
from weights_registry.cli.output import say
from weights_registry.cli.parsers import add_command

EXAMPLES = (
    ("remove my-team/fashion", "a name that `add` gave"),
    ("remove resnet50/v2-seed0", "one that `reproduce-weights` gave"),
)


def add_to(commands: Any) -> None:
    """Add the command `remove`."""
    parser = add_command(
        commands,
        "remove",
        summary="forget a name that `add` gave",
        description="Take weights out of your catalog. Their own file stays where it is.",
        examples=EXAMPLES,
    )
    parser.add_argument("name", metavar="NAME", help="a name in your catalog, in any letter case")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Remove the entry; the checkpoint's own file is named, as it stays."""
    checkpoint = remove_weights(arguments.name)
    say(f"removed `{checkpoint.id}`; its file stays: {checkpoint.url}")
    return 0
