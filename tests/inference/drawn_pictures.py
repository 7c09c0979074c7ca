"""Pictures drawn for tests, and how far two are apart. Knows nothing of files that are broken."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def picture(mode: str = "RGB", size: tuple[int, int] = (31, 20)) -> Image.Image:
    """Left half red, right half blue, a white top-left corner, a black bottom row: no turn leaves it the same."""
    image = Image.new("RGB", size, (255, 0, 0))
    image.paste((0, 0, 255), (size[0] // 2, 0, *size))
    image.paste((255, 255, 255), (0, 0, size[0] // 4, size[1] // 4))
    image.paste((0, 0, 0), (0, size[1] - 2, *size))
    return image.convert(mode)


def encoded(image: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def difference(a: Image.Image, b: Image.Image) -> NDArray[np.float64]:
    assert (a.mode, a.size) == (b.mode, b.size)
    return np.abs(np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64))


def largest(a: Image.Image, b: Image.Image) -> float:
    """Largest difference between two pictures, in levels."""
    return float(difference(a, b).max())


def mean(a: Image.Image, b: Image.Image) -> float:
    """Mean difference between two pictures, in levels."""
    return float(difference(a, b).mean())
