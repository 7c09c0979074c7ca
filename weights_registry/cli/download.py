"""`weights-registry download`: fetch and verify files ahead of use, for machines that will be offline."""

import argparse
from typing import Any

from weights_registry.checkpoint import Checkpoint
from weights_registry.cli.options import check_environment
from weights_registry.cli.output import bytes_text, print_json, say
from weights_registry.cli.parsers import PROG, add_command
from weights_registry.errors import FetchError
from weights_registry.finding import find_checkpoint

EXAMPLES = (
    ("download ResNet50_Weights.DEFAULT", "into the cache; prints where it is"),
    ("download resnet18 resnet50 --json", "several, with their digests"),
)


def add_to(commands: Any) -> None:
    """Add the command `download`."""
    parser = add_command(
        commands,
        "download",
        summary="fetch and verify files ahead of use",
        description="Fetch and verify files ahead of use, for a machine that will be offline. Prints where they are.",
        examples=EXAMPLES,
    )
    parser.add_argument("weights", nargs="+", metavar="NAME", help="names as `list` shows them")
    parser.add_argument("--json", action="store_true", help="name, path, size and digest of each file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the verified local path of each file; exit status 1 if one could not be had, after trying the others."""
    check_environment()
    checkpoints = [find_checkpoint(name) for name in arguments.weights]
    found: list[dict[str, Any]] = []
    failed = 0
    for checkpoint in checkpoints:
        try:
            found.append(_download(checkpoint))
        except FetchError as error:
            failed += 1
            say(f"{PROG}: {error}")
            continue
        if not arguments.json:
            print(found[-1]["path"], flush=True)
            say(f"{checkpoint.id}: {bytes_text(found[-1]['num_bytes'])}, SHA-256 {found[-1]['sha256']}")
    if arguments.json:
        print_json(found)
    return 1 if failed else 0


def _download(checkpoint: Checkpoint) -> dict[str, Any]:
    from weights_registry.sources import fetch_verified

    file = fetch_verified(checkpoint)
    return {
        "id": checkpoint.id,
        "path": str(file.path),
        "num_bytes": file.num_bytes,
        "sha256": file.sha256,
        "published_sha256": checkpoint.sha256,
    }
