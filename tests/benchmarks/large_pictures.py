"""Large JPEGs such as phones send, made from the sample photos and from nothing. The same ones each time.

Enlarging a small photo gives a smooth one, which says little about scaled decoding; so every picture gets what is lost
by that: fine detail, grain, and edges as sharp as pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFile

from tests.benchmarks.papers import ROOT

Levels: TypeAlias = NDArray[np.float32]

_ORIENTATION: Final = 0x0112


@dataclass(frozen=True, slots=True)
class LargePicture:
    """An encoded picture, and the kind of it."""

    kind: str
    content: bytes


def large_picture(number: int, width: int, height: int) -> LargePicture:
    """The picture of that number: kinds, qualities, colour resolutions and orientations alternate."""
    random = np.random.default_rng(number)
    kinds = list(_KINDS)
    kind = kinds[number % len(kinds)]
    levels_HWC = _KINDS[kind](random, width, height)
    file = BytesIO()
    # Pillow's buffer is too small for a noisy progressive picture of high quality.
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * width * height)
    exif = Image.Exif()
    exif[_ORIENTATION] = int(random.choice([1, 1, 3, 6, 8]))
    Image.fromarray(levels_HWC.clip(0, 255).astype(np.uint8)).save(
        file,
        "JPEG",
        quality=int(random.choice([75, 85, 92, 96])),
        subsampling=int(random.choice([0, 2, 2])),
        progressive=bool(random.random() < 0.2),
        exif=exif,
    )
    return LargePicture(kind, file.getvalue())


def _photo(random: np.random.Generator, width: int, height: int) -> Levels:
    """Part of a sample photo, enlarged, with detail and grain of the new size."""
    levels_HWC = _levels(_part_of_photo(random, random.uniform(0.7, 1.0), width, height))
    detail_HW = random.uniform(2, 20) * _rolled(random, width, height)
    brightness_HW = levels_HWC.mean(axis=2)
    return np.asarray(levels_HWC + (detail_HW * (0.3 + brightness_HW / 255))[:, :, None], dtype=np.float32)


def _mosaic(random: np.random.Generator, width: int, height: int) -> Levels:
    """One photo that fills most of the picture, among others at about their own size: detail of real photos."""
    picture = Image.new("RGB", (width, height))
    tile = int(random.integers(350, 700))
    for left in range(0, width, tile):
        for top in range(0, height, tile):
            picture.paste(_part_of_photo(random, 0.9, tile, tile), (left, top))
    inner = int(random.uniform(0.5, 0.8) * height)
    picture.paste(_part_of_photo(random, 0.9, inner, inner), ((width - inner) // 2, (height - inner) // 2))
    return _levels(picture) + random.uniform(1, 8) * _rolled(random, width, height)[:, :, None]


def _cloud(random: np.random.Generator, width: int, height: int) -> Levels:
    """Clouds of colour with equal strength at every scale."""
    planes = [128 + random.uniform(20, 60) * _rolled(random, width, height) for _ in range(3)]
    return np.stack(planes, axis=2).astype(np.float32)


def _shapes(random: np.random.Generator, width: int, height: int) -> Levels:
    """Overlapping shapes and thin lines: edges everywhere, and none of them smooth."""
    picture = Image.new("RGB", (width, height), _colour(random))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(random.integers(30, 300))):
        x, y = int(random.integers(width)), int(random.integers(height))
        size = int(height * random.uniform(0.005, 0.3))
        box = (x - size, y - size, x + size, y + size)
        match int(random.integers(3)):
            case 0:
                pen.ellipse(box, fill=_colour(random))
            case 1:
                pen.rectangle(box, fill=_colour(random))
            case _:
                pen.line(box, fill=_colour(random), width=int(random.integers(1, 20)))
    return _levels(picture) + random.uniform(0, 4) * _rolled(random, width, height)[:, :, None]


def _stripes(random: np.random.Generator, width: int, height: int) -> Levels:
    """Stripes of a few pixels, such as cloth and blinds have: the hardest case for anything that makes them smaller."""
    period = random.uniform(2.5, 40)
    angle = random.uniform(0, np.pi)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves_HW = np.sin(2 * np.pi / period * (x * np.cos(angle) + y * np.sin(angle)))
    photo_HWC = _levels(_part_of_photo(random, 0.9, width, height))
    return np.asarray(photo_HWC + random.uniform(10, 80) * waves_HW[:, :, None], dtype=np.float32)


_KINDS: Final[dict[str, Callable[[np.random.Generator, int, int], Levels]]] = {
    "photo, enlarged, with grain": _photo,
    "mosaic of photos": _mosaic,
    "clouds": _cloud,
    "shapes and lines": _shapes,
    "photo under fine stripes": _stripes,
}


@cache
def _photos() -> tuple[Image.Image, ...]:
    return tuple(Image.open(path).convert("RGB") for path in sorted((ROOT / "weights_registry/samples").glob("*.jpg")))


@cache
def _detail(size: int = 1024) -> Levels:
    """Noise (size, size) of equal strength in each octave, mean 0, standard deviation 1. Wraps around."""
    random = np.random.default_rng(0)
    frequency_HW = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij"))
    frequency_HW[0, 0] = np.inf
    noise_HW = np.fft.ifft2(np.fft.fft2(random.standard_normal((size, size))) / frequency_HW).real
    return np.asarray(noise_HW / noise_HW.std(), dtype=np.float32)


def _rolled(random: np.random.Generator, width: int, height: int) -> Levels:
    """Detail of that size (H, W), begun somewhere else each time."""
    noise = _detail()
    size = len(noise)
    rolled = np.roll(noise, random.integers(size, size=2).tolist(), axis=(0, 1))
    return np.tile(rolled, (-(-height // size), -(-width // size)))[:height, :width]


def _part_of_photo(random: np.random.Generator, share: float, width: int, height: int) -> Image.Image:
    photo = _photos()[int(random.integers(len(_photos())))]
    scale = share * min(photo.width / width, photo.height / height)
    left, top = random.uniform(0, photo.width - width * scale), random.uniform(0, photo.height - height * scale)
    box = (left, top, left + width * scale, top + height * scale)
    part = photo.resize((width, height), Image.Resampling.BICUBIC, box=box)
    if random.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return ImageEnhance.Color(ImageEnhance.Brightness(part).enhance(random.uniform(0.6, 1.4))).enhance(
        random.uniform(0.5, 1.5)
    )


def _levels(picture: Image.Image) -> Levels:
    return np.asarray(picture, dtype=np.float32)


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = random.integers(256, size=3).tolist()
    return red, green, blue
