"""Small files of every format and kind, and whether one is refused. Knows nothing of what makes a file hostile."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from weights_registry.errors import InvalidImage
from weights_registry.inference.images import FORMATS, ImageLimits, open_image

CORRUPT_EXIF = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0" + b"\xff" * 40


def encoded(file_format: str, mode: str = "RGB", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(buffer, file_format, **options)
    return buffer.getvalue()


def frames(file_format: str) -> bytes:
    pages = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    pages[0].save(buffer, file_format, save_all=True, append_images=pages[1:])
    return buffer.getvalue()


VALID = {
    **{name: encoded(name) for name in FORMATS},
    "progressive JPEG": encoded("JPEG", progressive=True),
    "CMYK JPEG": encoded("JPEG", "CMYK"),
    "JPEG with EXIF": encoded("JPEG", exif=CORRUPT_EXIF),
    "16-bit PNG": encoded("PNG", "I;16"),
    "palette PNG": encoded("PNG", "P", transparency=b"\0\x80\xff"),
    "deflated TIFF": encoded("TIFF", compression="tiff_adobe_deflate"),
    "JPEG in TIFF": encoded("TIFF", compression="jpeg"),
    "animated GIF": frames("GIF"),
    "animated PNG": frames("PNG"),
    "animated WebP": frames("WebP"),
    "pages of TIFF": frames("TIFF"),
}


def refusal(source: Any, **options: Any) -> str:
    """Why the source is refused."""
    with pytest.raises(InvalidImage) as caught:
        open_image(source, **options)
    return caught.value.reason


def picture_or_refusal(data: bytes) -> None:
    limits = ImageLimits(max_pixels=10_000)
    try:
        image = open_image(data, limits=limits)
    except InvalidImage:
        return
    assert image.mode == "RGB"
    assert 0 < image.width * image.height <= limits.max_pixels


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
