"""A file that lives in the cache: taken from there if it verifies, downloaded if not. Knows no HTTP."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import DigestMismatch, FetchError, OfflineError
from weights_registry.sources import https, torch_hub
from weights_registry.sources.cache import Entry, lock, set_aside
from weights_registry.sources.digest import Expected, VerifiedFile, verify
from weights_registry.sources.failures import Failures
from weights_registry.sources.partial import PartialFile
from weights_registry.sources.progress import Meter, is_shown, meter
from weights_registry.sources.settings import OFFLINE_VARIABLE, Transfer, is_offline

log = logging.getLogger(__name__)


def fetch(
    urls: Sequence[str], checkpoint: Checkpoint, *, transfer: Transfer, progress: bool | None, failures: Failures
) -> VerifiedFile | None:
    """The file, verified: from the cache, from torch hub's cache, or downloaded from the first of `urls` that has it.

    Returns None if none has it, each with its reason added to `failures`. A bad file in the cache is set aside.
    """
    entry = Entry.of(checkpoint)
    expected = entry.expected(checkpoint)
    file = _good_copy(entry, expected) or torch_hub.find(checkpoint, expected)
    if file is None and is_offline() and not entry.path.exists():
        failures.add(urls[0], OfflineError(f"not on this machine, and {OFFLINE_VARIABLE} switches the network off"))
    elif file is None:
        try:
            with lock(entry.path):
                file = _fetch_locked(urls, entry, expected, transfer, progress, failures)
        except FetchError as error:
            failures.add(str(entry.path), error)
        except OSError as error:
            failures.add(str(entry.path), FetchError(f"the cache folder cannot be written: {error}"))
    if file is not None:
        entry.remember(file)
    return file


def is_present(checkpoint: Checkpoint) -> bool:
    """Whether a copy lies in the cache, or one that can be verified in torch hub's. Reads no bytes of it."""
    entry = Entry.of(checkpoint)
    known = entry.expected(checkpoint).digits is not None
    return entry.path.is_file() or (known and torch_hub.path_of(checkpoint).is_file())


def _good_copy(entry: Entry, expected: Expected) -> VerifiedFile | None:
    """The file in the cache if it verifies. Needs no lock, as files appear there whole; changes nothing."""
    if not entry.path.is_file():
        return None
    try:
        return verify(entry.path, expected, url=entry.path.as_uri())
    except FetchError:
        return None


def _fetch_locked(
    urls: Sequence[str],
    entry: Entry,
    expected: Expected,
    transfer: Transfer,
    progress: bool | None,
    failures: Failures,
) -> VerifiedFile | None:
    """The file, now that no other process is at it: it may have been brought while we waited for the lock."""
    if entry.path.exists():
        try:
            return verify(entry.path, expected, url=entry.path.as_uri())
        except DigestMismatch as error:
            told = DigestMismatch(
                f"{error}; it was set aside as `{set_aside(entry.path).name}`{_doubt(expected, entry)}"
            )
            log.warning("%s", told)
            if is_offline():
                failures.add(str(entry.path), told)
                return None
    for url in urls:
        try:
            with meter(entry.path.name, shown=is_shown(progress)) as shown:
                return _download(url, entry, expected, transfer, shown)
        except FetchError as error:
            log.info("`%s` failed: %s", url, error)
            failures.add(url, error)
    return None


def _download(url: str, entry: Entry, expected: Expected, transfer: Transfer, shown: Meter) -> VerifiedFile:
    """Download, verify, and only then give the file its name. Wrong bytes are set aside."""
    part = PartialFile(entry.path)
    is_resumed = part.resumable(url) is not None
    log.info("%s `%s` to `%s`", "resuming" if is_resumed else "downloading", url, entry.path)
    https.download(url, part, expected=expected, transfer=transfer, meter=shown)
    try:
        file = verify(part.path, expected, url=url, name=entry.path.name)
    except DigestMismatch as error:
        aside = part.set_aside()
        if is_resumed:  # the fault may lie in what an earlier process left, such as after a power cut
            log.warning("%s; set aside as `%s`, starting again from the first byte", error, aside.name)
            return _download(url, entry, expected, transfer, shown)
        raise DigestMismatch(f"{error}; it was set aside as `{aside.name}`{_doubt(expected, entry)}") from error
    part.finish()
    return replace(file, path=entry.path)


def _doubt(expected: Expected, entry: Entry) -> str:
    """What to do where nobody published the full digest that was not met."""
    if expected.origin == "published":
        return ""
    return f". If the publisher replaced the file and you trust it, delete `{entry.record_path}`"
