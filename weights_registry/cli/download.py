"""`weights-registry download`: fetch and verify files ahead of use, for machines that will be offline."""

import argparse
from typing import Any

from weights_registry.checkpoint import Checkpoint
from weights_registry.cli.output import bytes_text, print_json, say
from weights_registry.errors import FetchError
from weights_registry.finding import find_checkpoint


def add_to(commands: Any) -> None:
    """Add the command `download`."""
    parser = commands.add_parser("download", help="fetch and verify files ahead of use", description=__doc__)
    parser.add_argument("weights", nargs="+", metavar="NAME", help="names as `list` shows them")
    parser.add_argument("--json", action="store_true", help="name, path, size and digest of each file")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the verified local path of each file; exit status 1 if one could not be had, after trying the others."""
    checkpoints = [find_checkpoint(name) for name in arguments.weights]
    found: list[dict[str, Any]] = []
    failed = 0
    for checkpoint in checkpoints:
        try:
            found.append(_download(checkpoint))
        except FetchError as error:
            failed += 1
            say(f"weights-registry: {error}")
            continue
        if not arguments.json:
            print(found[-1]["path"])
            say(f"{checkpoint.id}: {bytes_text(found[-1]['num_bytes'])}, SHA-256 {found[-1]['sha256']}")
    if arguments.json:
        print_json(found)
    return 1 if failed else 0


def _download(checkpoint: Checkpoint) -> dict[str, Any]:
    from weights_registry.sources import fetch
    from weights_registry.sources.digest import sha256_of

    path = fetch(checkpoint)
    return {
        "id": checkpoint.id,
        "path": str(path),
        "num_bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "published_sha256": checkpoint.sha256,
    }
