"""torch hub's cache, which is read so that nobody downloads twice, and never written. Knows no torch."""

import logging
import os
from pathlib import Path

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError
from weights_registry.sources.address import basename, published_url
from weights_registry.sources.digest import Expected, VerifiedFile, verify

log = logging.getLogger(__name__)


def checkpoints_dir() -> Path:
    """The folder torch hub keeps checkpoints in: under TORCH_HOME, else XDG_CACHE_HOME, else ~/.cache."""
    home = os.environ.get("TORCH_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch"
    return Path(home).expanduser().absolute() / "hub" / "checkpoints"


def path_of(checkpoint: Checkpoint) -> Path:
    """Where torch hub would keep the checkpoint. It goes by the file name alone, so another file may lie there."""
    return checkpoints_dir() / basename(published_url(checkpoint))


def find(checkpoint: Checkpoint, expected: Expected) -> VerifiedFile | None:
    """torch hub's copy of the file, in place, if its bytes can be verified; None, with a warning, if they cannot."""
    path = path_of(checkpoint)
    if not path.is_file():
        return None
    if expected.digits is None:
        log.warning("`%s` is ignored: no digest is known to verify it by", path)
        return None
    try:
        return verify(path, expected, url=path.as_uri())
    except FetchError as error:
        log.warning("torch hub's copy is ignored and left as it is: %s", error)
        return None
