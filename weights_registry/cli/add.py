"""`weights-registry add`: a file of one's own into the catalog, found by name from then on. Imports nothing heavy."""

import argparse
import shlex
from typing import Any

from weights_registry.adding import add_weights
from weights_registry.cli.output import say
from weights_registry.cli.parsers import add_command
from weights_registry.user_catalog import CATALOG_VARIABLE, catalog_folders

EXAMPLES = (
    ("add runs/first/model.safetensors --name my-team/fashion", "a file that `reproduce-weights` wrote"),
    ("add model.safetensors", "under the name that the file gives itself"),
    ("add better.safetensors --name my-team/fashion --replace", "another file under a name that is there"),
)


def add_to(commands: Any) -> None:
    """Add the command `add`."""
    parser = add_command(
        commands,
        "add",
        summary="find a file of your own by name",
        description="Add a safetensors file that describes itself to your catalog, so that every command finds it by "
        "name. The file stays where it is; its digest is kept, and checked whenever it is loaded. The catalog is the "
        f"folder that {CATALOG_VARIABLE} names, or one in your user data folder.",
        examples=EXAMPLES,
    )
    parser.add_argument("file", metavar="FILE", help="a safetensors file that describes itself")
    parser.add_argument("--name", help="what to call it (default: what it calls itself)")
    parser.add_argument("--replace", action="store_true", help="take the name from another file that has it")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Add the file and print the name it is found under."""
    checkpoint = add_weights(arguments.file, name=arguments.name, replace=arguments.replace)
    print(checkpoint.id)
    say(f"added to {catalog_folders()[0]}")
    say(f"try it: weights-registry predict --weights {shlex.quote(checkpoint.id)} PHOTO")
    return 0
