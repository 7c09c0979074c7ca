"""A few hundred encoded pictures as unlike each other as people send them, made from the sample photos by a seed."""

import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from tests.small_checkpoints import SAMPLES

FORMATS: dict[str, dict[str, Any]] = {"JPEG": {"quality": 90}, "PNG": {}, "WEBP": {"quality": 90}, "BMP": {}, "GIF": {}}
MODES = ("RGB", "RGB", "RGB", "L", "RGBA", "P", "CMYK")
ORIENTATION_TAG = 0x0112


def varied_pictures(num_pictures: int, *, seed: int = 0) -> Iterator[bytes]:
    """Cut-outs of the samples at 40 to 1000 pixels, in every format, mode and orientation; equal for equal seeds."""
    draw = random.Random(seed)
    photos = [Image.open(path).convert("RGB") for path in sorted(SAMPLES.glob("*.jpg"))]
    for _ in range(num_pictures):
        yield _encode(_cut_out(draw.choice(photos), draw), draw)


def _cut_out(photo: Image.Image, draw: random.Random) -> Image.Image:
    """At least six tenths of each side of the photo, perhaps mirrored, at another size and aspect."""
    width, height = (round(side * draw.uniform(0.6, 1)) for side in photo.size)
    left, top = draw.randint(0, photo.width - width), draw.randint(0, photo.height - height)
    cut = photo.crop((left, top, left + width, top + height))
    size = (round(draw.uniform(40, 1000)), round(draw.uniform(40, 1000)))
    resized = ImageOps.contain(cut, size) if draw.random() < 0.8 else cut.resize(size)
    return ImageOps.mirror(resized) if draw.random() < 0.5 else resized


def _encode(picture: Image.Image, draw: random.Random) -> bytes:
    mode = draw.choice(MODES)
    formats = [each for each in FORMATS if _can_hold(each, mode)]
    file, form = BytesIO(), draw.choice(formats)
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = draw.randint(1, 8)
    extra = {"exif": exif} if form in ("JPEG", "PNG", "WEBP") else {}
    picture.convert(mode).save(file, form, **FORMATS[form], **extra)
    return file.getvalue()


def _can_hold(form: str, mode: str) -> bool:
    holds = {
        "JPEG": ("RGB", "L", "CMYK"),
        "PNG": ("RGB", "L", "RGBA", "P"),
        "WEBP": ("RGB", "RGBA"),
        "BMP": ("RGB", "L", "P"),
        "GIF": ("RGB", "L", "P", "RGBA"),
    }
    return mode in holds[form]
