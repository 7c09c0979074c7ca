"""Files at file:// addresses: used where they are, verified, never copied or moved. Knows no cache."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError
from weights_registry.sources.digest import Expected, VerifiedFile, verify


def path_of(url: str) -> Path:
    """The path a file:// address names. Raises FetchError if it names another machine or no absolute path."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise FetchError(f"`{url}` names the machine `{parts.netloc}`; a local file is `file:///absolute/path`")
    return Path(url2pathname(parts.path))


def fetch(url: str, checkpoint: Checkpoint) -> VerifiedFile:
    """The file, verified where it lies. Raises NotFoundError, DigestMismatch, or FetchError if it cannot be read."""
    return verify_in_place(path_of(url), checkpoint, url=url)


def verify_in_place(path: Path, checkpoint: Checkpoint, *, url: str) -> VerifiedFile:
    """A file that is not ours, verified against the checkpoint. On a mismatch it stays as it is; errors as `fetch`."""
    if not path.is_file():
        raise NotFoundError(f"there is no file `{path}`")
    try:
        return verify(path, Expected.of(checkpoint), url=url)
    except DigestMismatch as error:
        raise DigestMismatch(f"{error}; the file is not ours and was left as it is") from error
