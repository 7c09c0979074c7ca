"""Files inside installed Python packages, package://distribution/path: used where they are. Knows no cache."""

from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError, NotFoundError
from weights_registry.sources.digest import VerifiedFile
from weights_registry.sources.file import verify_in_place


def path_of(url: str) -> Path:
    """Where the installed distribution keeps that path, counted from its site-packages. It may hold no such file.

    One that is installed as editable keeps its packages elsewhere, where Python would import them from.
    Raises NotFoundError with the command to type if the distribution is not installed.
    """
    name, _, inside = url.removeprefix("package://").partition("/")
    if not name or not inside or ".." in inside.split("/"):
        raise FetchError(f"`{url}` must read package://distribution/path/in/site-packages")
    try:
        path = Path(str(distribution(name).locate_file(inside)))
    except PackageNotFoundError:
        raise NotFoundError(f"the package `{name}` is not installed; run `pip install {name}`") from None
    return path if path.is_file() else _of_editable(inside) or path


def _of_editable(inside: str) -> Path | None:
    """That path below the folder from which Python would import its first part; None if there is no such package."""
    package, _, rest = inside.partition("/")
    spec = find_spec(package) if package.isidentifier() else None
    folders = (spec.submodule_search_locations or ()) if spec is not None else ()
    return next((Path(folder, rest) for folder in folders if Path(folder, rest).is_file()), None)


def fetch(url: str, checkpoint: Checkpoint) -> VerifiedFile:
    """The file, verified where it lies. Raises NotFoundError, DigestMismatch, or FetchError if it cannot be read."""
    return verify_in_place(path_of(url), checkpoint, url=url)
