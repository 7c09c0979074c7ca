"""Compressed bodies -> the bytes they stand for, up to a limit. Knows nothing of what is in them."""

import zlib
from typing import Final

from serve.errors import TooLarge, UnreadableBody, UnsupportedMediaType

# zlib's "window bits": 16 more say gzip's frame, plain ones say zlib's, which HTTP calls deflate (RFC 9110, 8.4.1.2).
_WINDOW_BITS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


def check_encoding(header: str | None) -> str | None:
    """The `Content-Encoding`, None for a plain body. Raises UnsupportedMediaType for one that is not taken."""
    encoding = (header or "identity").strip().lower()
    if encoding == "identity":
        return None
    if encoding not in _WINDOW_BITS:
        raise UnsupportedMediaType(f"`Content-Encoding: {encoding[:100]}` is not taken; gzip, deflate and none are")
    return encoding


def inflate(body: bytes, encoding: str, *, max_bytes: int) -> bytes:
    """The plain body. Raises TooLarge as soon as there is more than `max_bytes` of it, UnreadableBody if it is broken.

    A kilobyte can hold a megabyte of zeros, so what comes out is counted, not what goes in.
    """
    stream = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        plain = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise UnreadableBody(f"the body is not {encoding}, as its `Content-Encoding` says: {error}") from error
    if len(plain) > max_bytes:
        raise TooLarge(f"the body has more than the {max_bytes:,} bytes that this server takes, once decompressed")
    if not stream.eof or stream.unused_data:
        raise UnreadableBody(f"the {encoding} body {'ends too early' if not stream.eof else 'has bytes after its end'}")
    return plain
