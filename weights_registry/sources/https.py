"""Brings the bytes of an https address into a partial file, resuming. Knows neither digests nor the cache."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from weights_registry.checkpoint import check_url
from weights_registry.errors import DigestMismatch, FetchError, NotFoundError
from weights_registry.sources.digest import Expected
from weights_registry.sources.partial import Origin, PartialFile
from weights_registry.sources.progress import Meter
from weights_registry.sources.retry import Transient, keep_trying, retry_after_s
from weights_registry.sources.settings import Transfer

if TYPE_CHECKING:
    import httpx2

TRANSIENT_STATUSES = (408, 425, 429)  # and all of 5xx
ABSENT_STATUSES = (404, 410)


def download(url: str, part: PartialFile, *, expected: Expected, transfer: Transfer, meter: Meter) -> None:
    """Bring every byte of `url` into `part`, going on where an earlier process left off.

    The size is checked against the server's word and against `expected`; the digest is left to the caller. Raises
    NotFoundError (404, 410), DigestMismatch (another size than published), FetchError (anything else).
    """
    if part.resumable(url) is None:
        part.discard()  # what is left of another source or version would be taken for progress
    with _client(transfer) as client:
        keep_trying(
            lambda: _receive(client, url, part, expected, meter), num_bytes=lambda: part.num_bytes, transfer=transfer
        )


def _receive(client: httpx2.Client, url: str, part: PartialFile, expected: Expected, meter: Meter) -> None:
    """One request, for all or for the rest."""
    held = part.resumable(url)
    if held is not None and held.total == part.num_bytes:
        return
    with _plain_errors(), client.stream("GET", url, headers=_range_headers(held, part)) as response:
        _check_status(response, part)
        origin = _resumed(response, part, held) if response.status_code == 206 else _started(response, part, url)
        _check_total(origin.total, part, expected)
        _write(response, part, origin.total, expected, meter)
    _check_complete(origin.total, part, expected)


def _write(response: httpx2.Response, part: PartialFile, total: int | None, expected: Expected, meter: Meter) -> None:
    """Add the body to the part as it comes, never more than there should be."""
    limit = expected.max_bytes if total is None else total
    num_bytes = part.num_bytes
    meter.move_to(num_bytes, total)
    with part.append() as file:
        for chunk in response.iter_raw():
            num_bytes += len(chunk)
            if limit is not None and num_bytes > limit:
                raise _too_long(part, limit)
            file.write(chunk)
            meter.move_to(num_bytes, total)


def _client(transfer: Transfer) -> httpx2.Client:
    import httpx2

    timeout = httpx2.Timeout(transfer.read_timeout_s, connect=transfer.connect_timeout_s)
    headers = {"Accept-Encoding": "identity", "User-Agent": "weights-registry"}
    hooks = {"request": [_check_address]}
    return httpx2.Client(timeout=timeout, headers=headers, follow_redirects=True, event_hooks=hooks)


def _check_address(request: httpx2.Request) -> None:
    """The rules for a checkpoint's address hold for every address its server sends us on to."""
    try:
        check_url(str(request.url))
    except ValueError as error:
        raise FetchError(f"the server redirects to an address that is not allowed: {error}") from error


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Tell the client's errors as ours: what may pass is `Transient`."""
    import httpx2

    try:
        yield
    except httpx2.TimeoutException as error:
        raise Transient(f"no answer in time ({type(error).__name__})") from error
    except (httpx2.UnsupportedProtocol, httpx2.TooManyRedirects, httpx2.InvalidURL) as error:
        raise FetchError(str(error)) from error
    except httpx2.HTTPError as error:
        raise Transient(f"the connection failed: {str(error) or type(error).__name__}") from error


def _range_headers(held: Origin | None, part: PartialFile) -> dict[str, str]:
    if held is None or held.validator is None:
        return {}
    return {"Range": f"bytes={part.num_bytes}-", "If-Range": held.validator}


def _check_status(response: httpx2.Response, part: PartialFile) -> None:
    status = response.status_code
    answer = f"the server answered {status} {response.reason_phrase}".rstrip()
    if status in ABSENT_STATUSES:
        raise NotFoundError(answer)
    if status in (412, 416):
        part.discard()
        raise Transient(f"{answer}: its file is no longer the one begun with")
    if status in TRANSIENT_STATUSES or status >= 500:
        asked_s = retry_after_s(response.headers.get("Retry-After"), now_s=time.time())
        raise Transient(answer, retry_after_s=asked_s)
    if status not in (200, 206):
        raise FetchError(answer)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("the server sent the file compressed, though asked not to")


def _started(response: httpx2.Response, part: PartialFile, url: str) -> Origin:
    """Begin anew with a whole file: nothing was asked for but that, or the server's file is another one now."""
    length = response.headers.get("Content-Length", "")
    origin = Origin(
        url=url,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        total=int(length) if length.isdigit() else None,
    )
    part.start(origin)
    return origin


def _resumed(response: httpx2.Response, part: PartialFile, held: Origin | None) -> Origin:
    """Go on where the bytes end, if the server does so too; else throw them away and try again."""
    header = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", header.strip())
    etag = response.headers.get("ETag")
    if (
        held is None
        or match is None
        or int(match[1]) != part.num_bytes
        or (held.total is not None and match[3] not in ("*", str(held.total)))
        or (etag is not None and held.etag is not None and etag != held.etag)
    ):
        begun = part.num_bytes
        part.discard()
        raise Transient(f"asked for the bytes from {begun} on, the server sent others (`{header}`)")
    return held


def _check_total(total: int | None, part: PartialFile, expected: Expected) -> None:
    """Refuse before the first byte what has the wrong size or does not fit on the disk."""
    if total is None:
        return
    if not expected.allows_size(total):
        part.discard()
        raise DigestMismatch(f"the server's file has {total} bytes where {expected.num_bytes} are published")
    free = shutil.disk_usage(part.path.parent).free
    if total - part.num_bytes > free:
        part.discard()
        raise FetchError(f"{total} bytes do not fit on the disk of `{part.path.parent}`, where {free} are free")


def _check_complete(total: int | None, part: PartialFile, expected: Expected) -> None:
    """A connection that closed early is no finished file, even where the server named no length."""
    if total is not None and part.num_bytes < total:
        raise Transient(f"the connection closed after {part.num_bytes} of {total} bytes")
    if total is None and not expected.allows_size(part.num_bytes):
        raise Transient(f"the connection closed after {part.num_bytes} bytes; {expected.num_bytes} are published")


def _too_long(part: PartialFile, limit: int) -> DigestMismatch:
    part.discard()
    return DigestMismatch(f"the server sent more than the {limit} bytes there should be")
