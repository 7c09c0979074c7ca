"""The addresses of a checkpoint: which there are, in which order, and their file names. Opens none of them."""

import re
from hashlib import sha256
from urllib.parse import unquote, urlsplit

from weights_registry.checkpoint import Checkpoint
from weights_registry.sources.settings import mirror_prefixes

MAX_NAME_LENGTH = 100  # file systems stop at 255 bytes, and `.part.json` and the like are added


def is_http(url: str) -> bool:
    """Whether the address is downloaded from a server by ourselves."""
    return url.startswith(("https://", "http://"))


def addresses_of(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Every address to try, best first: for an https address the mirrors of the environment go before it."""
    found: list[str] = []
    for url in (checkpoint.url, *checkpoint.mirrors):
        if is_http(url):
            found += [f"{prefix}/{basename(url)}" for prefix in mirror_prefixes()]
        found.append(url)
    return tuple(dict.fromkeys(found))


def published_url(checkpoint: Checkpoint) -> str:
    """The address its file is downloaded from: the first https one, or `url` itself if there is none."""
    return next(filter(is_http, (checkpoint.url, *checkpoint.mirrors)), checkpoint.url)


def basename(url: str) -> str:
    """The file name an address ends in, fit for any file system: no query, no revision, no odd characters."""
    path = url.rpartition("@")[0] or url if url.startswith("hf://") else urlsplit(url).path
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", unquote(path).rpartition("/")[2])
    return name[-MAX_NAME_LENGTH:].lstrip(".") or "checkpoint"


def digits_in_name(url: str) -> str | None:
    """The leading SHA-256 digits that torch hub's convention puts into a file name, `-11ad3fa6.`; None without."""
    match = re.search(r"-([0-9a-f]{8,64})\.", basename(url))
    return match[1] if match else None


def cache_key(checkpoint: Checkpoint) -> str:
    """A folder name that no other file shares: 8 digits of the content's digest, 8 of the address's.

    Equal file names from different servers stay apart, and so do different contents under one address. The key does
    not change when more digits of a digest become known.
    """
    url = published_url(checkpoint)
    digits = checkpoint.sha256 or digits_in_name(url)
    return f"{digits[:8] if digits else 'unknown'}-{sha256(url.encode()).hexdigest()[:8]}"
