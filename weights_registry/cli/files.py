"""Paths to write to, as options name them. Knows nothing of what is written."""

import argparse
from pathlib import Path


def output_file(text: str) -> Path:
    """A path that can be written to, for argparse: found out before hours of work, not after."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"`{text}` is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder `{path.parent}` to write `{path.name}` into")
    return path
