"""Where the bytes of a checkpoint come from. Knows files, servers and digests; knows nothing of what is in a file.

The scheme of an address picks the source: https (`cached`), hf (`hub`), file and package. `fetch` is the way in.
"""

import logging
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import FetchError
from weights_registry.sources import cached, file, hub, package
from weights_registry.sources.address import addresses_of, is_http
from weights_registry.sources.cache import Entry
from weights_registry.sources.digest import VerifiedFile
from weights_registry.sources.failures import Failures
from weights_registry.sources.settings import Transfer

__all__ = ["Transfer", "VerifiedFile", "fetch", "fetch_verified", "full_digest", "is_cached"]

log = logging.getLogger(__name__)


def fetch(checkpoint: Checkpoint, *, progress: bool | None = None, transfer: Transfer | None = None) -> Path:
    """A local path whose bytes were verified just now.

    Tries `checkpoint.url`, then each of its mirrors. A download is kept in the cache and resumed if it broke off; it
    shows a bar on stderr if `progress` is True, or None and stderr is a terminal. `transfer` defaults to
    `Transfer.from_environment()`. Raises FetchError, which lists each source and its reason; OfflineError,
    NotFoundError or DigestMismatch where that says more.
    """
    return fetch_verified(checkpoint, progress=progress, transfer=transfer).path


def fetch_verified(
    checkpoint: Checkpoint, *, progress: bool | None = None, transfer: Transfer | None = None
) -> VerifiedFile:
    """As `fetch`, with the full SHA-256 that was found, so that nobody hashes the file again."""
    transfer = transfer or Transfer.from_environment()
    failures = Failures()
    for over_http, group in groupby(addresses_of(checkpoint), key=is_http):
        urls = tuple(group)
        if over_http:
            found = cached.fetch(urls, checkpoint, transfer=transfer, progress=progress, failures=failures)
        else:
            found = _first(urls, checkpoint, progress=progress, failures=failures)
        if found is not None:
            log.debug("`%s` is `%s`, verified", checkpoint.id, found.path)
            return found
    raise failures.error(checkpoint)


def is_cached(checkpoint: Checkpoint) -> bool:
    """Whether the file seems to be on this machine. Looks for it only: neither reads nor verifies a byte."""
    return any(_is_present(url, checkpoint) for url in (checkpoint.url, *checkpoint.mirrors))


def full_digest(checkpoint: Checkpoint) -> str | None:
    """The file's full SHA-256 as declared, or as remembered since it was first fetched; None if neither is known."""
    return Entry.of(checkpoint).full_digest(checkpoint)


def _first(
    urls: Sequence[str], checkpoint: Checkpoint, *, progress: bool | None, failures: Failures
) -> VerifiedFile | None:
    for url in urls:
        try:
            if url.startswith("hf://"):
                return hub.fetch(url, checkpoint, progress=progress)
            return file.fetch(url, checkpoint) if url.startswith("file://") else package.fetch(url, checkpoint)
        except FetchError as error:
            log.info("`%s` failed: %s", url, error)
            failures.add(url, error)
    return None


def _is_present(url: str, checkpoint: Checkpoint) -> bool:
    try:
        if is_http(url):
            return cached.is_present(checkpoint)
        if url.startswith("hf://"):
            return hub.is_present(url)
        return (file.path_of(url) if url.startswith("file://") else package.path_of(url)).is_file()
    except FetchError:
        return False
