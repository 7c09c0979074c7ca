"""Bytes, paths and files -> pictures, within limits; whatever is wrong with them is an InvalidImage.

Knows nothing of tensors, checkpoints or HTTP. Decodes with Pillow, by naming the plugin of each format rather than by
`PIL.Image.open`: no other format is ever tried, and the process's `PIL.Image.MAX_IMAGE_PIXELS` does not decide what
is too large - `ImageLimits` does. (Pillow's GIF, TIFF and WebP plugins still refuse more than twice that number.)
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from importlib import import_module
from io import BytesIO
from typing import BinaryIO, cast

from PIL import Image, ImageFile

from weights_registry.errors import ImageTooLarge, InvalidImage
from weights_registry.inference import pillow_warnings
from weights_registry.inference.channels import MODES, to_channels, upright

__all__ = ["FORMATS", "ImageLimits", "ImageSource", "open_image", "to_channels", "upright"]

ImageSource = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image

FORMATS = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF")
"""The formats that are decoded, where Pillow was built with them."""

_SIGNATURES = (
    ("Jpeg", 0, (b"\xff\xd8\xff",)),
    ("Png", 0, (b"\x89PNG\r\n\x1a\n",)),
    ("WebP", 8, (b"WEBPVP8",)),
    ("Gif", 0, (b"GIF87a", b"GIF89a")),
    ("Tiff", 0, (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    ("Bmp", 0, (b"BM",)),
)
_STRANGERS = (
    ("HEIC", 4, (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")),
    ("PDF", 0, (b"%PDF",)),
    ("Photoshop", 0, (b"8BPS",)),
    ("PostScript", 0, (b"%!PS",)),
    ("JPEG 2000", 0, (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")),
    ("JPEG XL", 0, (b"\xff\x0a", b"\0\0\0\x0cJXL ")),
    ("SVG, HTML or XML", 0, (b"<",)),
)
# Small files that take Pillow minutes; true pictures stay far below.
_MAX_EXIF_SEGMENTS = 100
_MAX_TILES = 2**18
_MAX_SCANS = 1000
_MAX_FULL_SCANS = 50  # of a picture of `max_pixels`; smaller ones may have more


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """What a picture may cost: `max_bytes` before decoding, `max_pixels` (width x height) after it.

    Decoding takes about 4 bytes of memory a pixel, a progressive JPEG up to 10. Raises ValueError below 1.
    """

    max_bytes: int = 50 * 2**20
    max_pixels: int = 100_000_000

    def __post_init__(self) -> None:
        for field in ("max_bytes", "max_pixels"):
            if getattr(self, field) < 1:
                raise ValueError(f"`{field}` must be above 0, not `{getattr(self, field)}`")


_DEFAULT_LIMITS = ImageLimits()


def open_image(
    source: ImageSource,
    *,
    num_channels: int = 3,
    limits: ImageLimits = _DEFAULT_LIMITS,
    min_side: int | None = None,
    name: str | None = None,
) -> Image.Image:
    """The picture in `source`, decoded and upright, in mode `RGB` (3 channels) or `L` (1).

    `source` is a path, the bytes of a file, a binary file (read from where it stands) or a Pillow picture, which comes
    back itself if nothing had to be done. Of several frames or pages the first is taken. `name` is what messages call
    it; left out, the path. Alpha is laid over white. Both limits are checked before anything is decoded.
    With `min_side`, a JPEG larger than that is decoded at 1/2, 1/4 or 1/8 of its size, several times faster, as long
    as no side falls below `min_side`; other formats, and Pillow pictures, come in full.
    Raises InvalidImage, and nothing else, if the source cannot be read or is no picture of the `FORMATS`; TypeError
    and ValueError only for an argument of the wrong kind.
    """
    _check_arguments(source, num_channels, min_side)
    try:
        with pillow_warnings.ignored():
            if isinstance(source, Image.Image):
                _check_pixels(source.size, limits)
                return _decode(source, num_channels)
            image = _parse(_read(source, limits), limits)
            if min_side is not None:
                # Does nothing to formats other than JPEG. `None`: the colours are converted as ever.
                image.draft(None, (min_side, min_side))
            return _detach(_decode(image, num_channels))
    except InvalidImage as error:
        raise type(error)(error.reason, source=name or _name_of(source)) from error.__cause__
    except MemoryError as error:
        raise InvalidImage("it needs more memory than there is", source=name or _name_of(source)) from error
    except Exception as error:  # Pillow's parsers raise nearly everything when bytes are hostile
        raise InvalidImage(f"it is damaged ({_say(error)})", source=name or _name_of(source)) from error


def _check_arguments(source: object, num_channels: int, min_side: int | None) -> None:
    if num_channels not in MODES:
        raise ValueError(f"`num_channels` must be 3 (RGB) or 1 (grey), not `{num_channels}`")
    if min_side is not None and min_side < 1:
        raise ValueError(f"`min_side` must be 1 or more pixels, not `{min_side}`")
    known = (str, os.PathLike, bytes, bytearray, memoryview, Image.Image)
    if not isinstance(source, known) and not hasattr(source, "read"):
        raise TypeError(
            f"a picture comes as a path, bytes, a binary file or a Pillow picture, not as `{type(source).__name__}`"
        )


def _read(source: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO, limits: ImageLimits) -> bytes:
    """All bytes of the source; of a file that is too large, never more than one byte above the limit is read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        _check_bytes(memoryview(source).nbytes, limits)
        return bytes(source)
    try:
        return _read_path(source, limits) if isinstance(source, (str, os.PathLike)) else _read_stream(source, limits)
    except InvalidImage:
        raise
    except FileNotFoundError as error:
        raise InvalidImage("there is no such file") from error
    except IsADirectoryError as error:
        raise InvalidImage("it is a directory; name the files in it") from error
    except Exception as error:  # a caller's file object may raise anything
        raise InvalidImage(f"it cannot be read ({_say(error)})") from error


def _read_path(path: str | os.PathLike[str], limits: ImageLimits) -> bytes:
    with open(path, "rb", opener=_open_at_once) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InvalidImage("it is not a regular file")
        _check_bytes(status.st_size, limits)
        return _read_stream(file, limits)


def _open_at_once(path: str, flags: int) -> int:
    # Without O_NONBLOCK, opening a FIFO waits for a writer, for ever if there is none. Regular files do not notice.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_stream(stream: BinaryIO, limits: ImageLimits) -> bytes:
    parts: list[bytes] = []
    left = limits.max_bytes + 1
    while left > 0:
        part: object = stream.read(min(left, 2**20))
        if not isinstance(part, bytes):
            raise InvalidImage(f"its file must give bytes, but gave `{type(part).__name__}`; open it in mode `rb`")
        if not part:
            break
        parts.append(part)
        left -= len(part)
    _check_bytes(limits.max_bytes + 1 - left, limits)
    return b"".join(parts)


def _check_bytes(num_bytes: int, limits: ImageLimits) -> None:
    if num_bytes > limits.max_bytes:
        raise ImageTooLarge(f"it has more than the {limits.max_bytes:,} bytes allowed")


def _parse(data: bytes, limits: ImageLimits) -> ImageFile.ImageFile:
    """The picture behind a header: its size is known, its pixels are not decoded yet."""
    if not data:
        raise InvalidImage("it is empty: 0 bytes")
    plugin = _sniff(data, _SIGNATURES) or ("Avif" if _is_avif(data) else None)
    if plugin is None:
        stranger = _sniff(data, _STRANGERS)
        found = f"it looks like {stranger}, which is not supported" if stranger else "it is no picture that we know"
        raise InvalidImage(f"{found}; use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")
    if plugin == "Jpeg" and data.count(b"Exif\0\0") > _MAX_EXIF_SEGMENTS:  # Pillow joins them in quadratic time
        raise InvalidImage(f"it has more than {_MAX_EXIF_SEGMENTS} EXIF segments")
    opener = getattr(import_module(f"PIL.{plugin}ImagePlugin"), f"{plugin}ImageFile")
    image = cast(ImageFile.ImageFile, opener(BytesIO(data)))
    _check_pixels(image.size, limits)
    if plugin == "Jpeg":
        _check_scans(data.count(b"\xff\xda"), image.width * image.height, limits)
    if len(image.tile) > _MAX_TILES:
        raise InvalidImage(f"it is cut into {len(image.tile):,} pieces, more than the {_MAX_TILES:,} allowed")
    return image


def _sniff(data: bytes, signatures: tuple[tuple[str, int, tuple[bytes, ...]], ...]) -> str | None:
    return next((name for name, offset, starts in signatures if data.startswith(starts, offset)), None)


def _is_avif(data: bytes) -> bool:
    # HEIC stands in the same container, under the same major brand `mif1`; AVIF says so among the compatible ones.
    return data[4:8] == b"ftyp" and any(brand in data[8:64] for brand in (b"avif", b"avis"))


def _check_pixels(size: tuple[int, int], limits: ImageLimits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise InvalidImage(f"it has no pixels: {width} x {height}")
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"its {width} x {height} pixels are more than the {limits.max_pixels:,} allowed")


def _check_scans(num_scans: int, num_pixels: int, limits: ImageLimits) -> None:
    """Refuse a JPEG whose scans would take minutes: each passes over all pixels, and an empty one costs 10 bytes.

    Ten scans are usual, and as many again for a thumbnail or a second picture in the file.
    """
    if num_scans > _MAX_SCANS or num_scans * num_pixels > _MAX_FULL_SCANS * limits.max_pixels:
        raise InvalidImage(f"its {num_scans} scans of {num_pixels:,} pixels would take too long to decode")


def _decode(image: Image.Image, num_channels: int) -> Image.Image:
    image.load()
    return to_channels(upright(image), num_channels)


def _detach(picture: Image.Image) -> Image.Image:
    """Let go of the file: its metadata, its bytes, and the decoder with the canvas that animated formats keep."""
    if isinstance(picture, ImageFile.ImageFile) and hasattr(picture, "is_animated"):
        picture = picture.copy()
    picture.info.clear()
    return picture


def _name_of(source: object) -> str:
    """What messages call the source: its path where it has one."""
    for name in (source, getattr(source, "filename", None), getattr(source, "name", None)):
        if isinstance(name, (str, os.PathLike)) and os.fsdecode(name):
            return os.fsdecode(name)
    return "image"


def _say(error: Exception) -> str:
    return str(error) or type(error).__name__
