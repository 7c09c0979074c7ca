"""Every mode that a picture may have becomes the network's channels, transparency lying on white."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.inference.drawn_pictures import encoded, largest, mean, picture
from weights_registry.errors import InvalidImage
from weights_registry.inference.images import open_image, to_channels

LOSSLESS = ("PNG", "BMP", "TIFF")


def rgba() -> Image.Image:
    """Opaque red, half-transparent black, fully transparent green."""
    image = Image.new("RGBA", (3, 1))
    image.putdata([(255, 0, 0, 255), (0, 0, 0, 128), (0, 255, 0, 0)])
    return image


def premultiplied() -> Image.Image:
    return rgba().convert("RGBa")


def grey_alpha() -> Image.Image:
    image = Image.new("LA", (3, 1))
    image.putdata([(10, 255), (0, 128), (77, 0)])
    return image


def palette(alpha: bytes | int | None) -> Image.Image:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 0, 0, 0, 255, 0])
    image.putdata([0, 1, 2])
    if alpha is not None:
        image.info["transparency"] = alpha
    return image


def coloured(mode: str, pixels: list[Any], **info: Any) -> Image.Image:
    image = Image.new(mode, (len(pixels), 1))
    image.putdata(pixels)
    image.info.update(info)
    return image


def rgba_palette() -> Image.Image:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 255, 0, 0, 0, 128, 0, 255, 0, 0], "RGBA")
    image.putdata([0, 1, 2])
    return image


def sixteen(pixels: list[int], mode: str = "I;16") -> Image.Image:
    dtype = ">u2" if mode == "I;16B" else "<u2"
    return Image.frombytes(mode, (len(pixels), 1), np.array(pixels, dtype=dtype).tobytes())


RED, WHITE, BLACK, GREEN, HALF = (255, 0, 0), (255, 255, 255), (0, 0, 0), (0, 255, 0), (127, 127, 127)

COLOURS: list[tuple[str, Callable[[], Image.Image], list[tuple[int, int, int]]]] = [
    ("1", lambda: coloured("1", [0, 255]), [BLACK, WHITE]),
    ("1 with a key", lambda: coloured("1", [0, 255], transparency=0), [WHITE, WHITE]),
    ("L", lambda: coloured("L", [0, 100, 255]), [BLACK, (100,) * 3, WHITE]),
    ("L with a key", lambda: coloured("L", [0, 100, 255], transparency=100), [BLACK, WHITE, WHITE]),
    ("LA", grey_alpha, [(10,) * 3, HALF, WHITE]),
    ("La", lambda: grey_alpha().convert("La"), [(10,) * 3, HALF, WHITE]),
    ("P", lambda: palette(None), [RED, BLACK, GREEN]),
    ("P with a key", lambda: palette(2), [RED, BLACK, WHITE]),
    ("P with bytes", lambda: palette(b"\xff\x80\0"), [RED, HALF, WHITE]),
    ("P with too few bytes", lambda: palette(b"\0"), [WHITE, BLACK, GREEN]),
    ("P of RGBA", rgba_palette, [RED, HALF, WHITE]),
    ("PA", lambda: palette(b"\xff\x80\0").convert("PA"), [RED, HALF, WHITE]),
    ("RGB", lambda: coloured("RGB", [RED, GREEN]), [RED, GREEN]),
    ("RGB with a key", lambda: coloured("RGB", [RED, GREEN], transparency=GREEN), [RED, WHITE]),
    ("RGB with a 16-bit key", lambda: coloured("RGB", [RED, GREEN], transparency=(0, 65280, 17)), [RED, WHITE]),
    ("RGB with a text for key", lambda: coloured("RGB", [RED, GREEN], transparency="yes"), [RED, GREEN]),
    ("P with a text for key", lambda: coloured("P", [0, 0], transparency="yes"), [BLACK, BLACK]),
    ("RGBX", lambda: coloured("RGB", [RED, GREEN]).convert("RGBX"), [RED, GREEN]),
    ("RGBA", rgba, [RED, HALF, WHITE]),
    ("RGBa", premultiplied, [RED, HALF, WHITE]),
    ("CMYK", lambda: coloured("CMYK", [(0, 255, 255, 0), (0, 0, 0, 255)]), [RED, BLACK]),
    ("YCbCr", lambda: coloured("RGB", [RED, WHITE]).convert("YCbCr"), [(254, 0, 0), WHITE]),
    ("HSV", lambda: coloured("HSV", [(0, 255, 255), (85, 255, 255)]), [RED, GREEN]),
    ("LAB", lambda: coloured("LAB", [(255, 128, 128), (0, 128, 128)]), [WHITE, BLACK]),
    ("I;16", lambda: sixteen([0, 128, 129, 25700, 65535]), [BLACK, BLACK, (1,) * 3, (100,) * 3, WHITE]),
    ("I;16B", lambda: sixteen([0, 128, 129, 25700, 65535], "I;16B"), [BLACK, BLACK, (1,) * 3, (100,) * 3, WHITE]),
    ("I;16L", lambda: sixteen([0, 25700, 65535], "I;16L"), [BLACK, (100,) * 3, WHITE]),
    ("I", lambda: coloured("I", [0, 25700, 65535]), [BLACK, (100,) * 3, WHITE]),
    ("I all black", lambda: coloured("I", [0, 0]), [BLACK, BLACK]),
    ("F", lambda: coloured("F", [0.0, 0.4, 1.0]), [BLACK, (102,) * 3, WHITE]),
]


@pytest.mark.parametrize(("make", "expected"), [pytest.param(*row[1:], id=row[0]) for row in COLOURS])
def test_every_mode_is_converted_over_white(
    make: Callable[[], Image.Image], expected: list[tuple[int, int, int]]
) -> None:
    colour = np.asarray(to_channels(make(), 3))[0].astype(int)
    assert np.abs(colour - np.array(expected)).max() <= 1
    grey = to_channels(make(), 1)
    assert grey.mode == "L"
    assert largest(grey, to_channels(make(), 3).convert("L")) <= 1


def test_opaque_colours_pass_exactly_and_alpha_is_blended_by_the_formula() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (40, 50, 4), dtype=np.uint8)
    opaque = levels.copy()
    opaque[..., 3] = 255
    assert np.array_equal(np.asarray(to_channels(Image.fromarray(opaque), 3)), opaque[..., :3])
    alpha = levels[..., 3:] / 255
    formula = levels[..., :3] * alpha + 255 * (1 - alpha)
    assert np.abs(np.asarray(to_channels(Image.fromarray(levels), 3)) - formula).max() <= 1


def test_all_65536_levels_of_grey_are_divided_by_257_and_rounded() -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    image = open_image(encoded(Image.fromarray(levels), "PNG"), num_channels=1)
    assert np.array_equal(np.asarray(image), np.rint(levels / 257))


def test_the_transparent_level_of_a_16_bit_png_is_white() -> None:
    data = encoded(sixteen([0, 300, 65535]), "PNG", transparency=300)
    assert list(np.asarray(open_image(data, num_channels=1))[0]) == [0, 255, 255]


@pytest.mark.parametrize(
    ("mode", "pixels", "says"),
    [
        ("I", [0, 200], "8-bit values, or 16-bit"),
        ("I", [0, 70_000], "70000"),
        ("I", [-1, 5000], "-1"),
        ("F", [0.0, 255.0], r"0\.\.1"),
        ("F", [-0.5, 0.5], r"-0\.5"),
        ("F", [0.0, float("nan")], "nan"),
        ("F", [0.0, float("inf")], "inf"),
    ],
)
def test_a_32_bit_picture_of_unknown_scale_is_refused_not_guessed(mode: str, pixels: list[Any], says: str) -> None:
    with pytest.raises(InvalidImage, match=says):
        to_channels(coloured(mode, pixels), 3)
    with pytest.raises(InvalidImage, match="`scan.tif`.*" + says):
        open_image(encoded(coloured(mode, pixels), "TIFF"), name="scan.tif")


def test_the_callers_picture_is_left_as_it_was() -> None:
    for _, make, _ in COLOURS:
        image, again = make(), make()
        open_image(image)
        assert (image.mode, image.info, image.tobytes()) == (again.mode, again.info, again.tobytes())


STORED = [
    ("PNG", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"]),
    ("TIFF", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "I;16"]),
    ("BMP", ["1", "L", "P", "RGB", "RGBA"]),
    ("GIF", ["1", "L", "P", "RGB"]),
    ("JPEG", ["L", "RGB", "CMYK", "YCbCr"]),
    ("WebP", ["RGB", "RGBA"]),
    ("AVIF", ["RGB", "RGBA"]),
]


@pytest.mark.parametrize(("file_format", "mode"), [(name, mode) for name, modes in STORED for mode in modes])
def test_each_mode_that_a_format_stores_is_read_as_its_conversion(file_format: str, mode: str) -> None:
    image = sixteen([0, 300, 40_000, 65535]) if mode == "I;16" else picture(mode, (64, 48))
    data = encoded(image, file_format)
    assert largest(open_image(data), to_channels(Image.open(io.BytesIO(data)), 3)) == 0
    assert mean(open_image(data), to_channels(image, 3)) <= (0 if file_format in LOSSLESS else 12)


def test_an_adobe_cmyk_jpeg_is_not_inverted() -> None:
    cmyk = picture("CMYK", (64, 64))
    plain = encoded(cmyk, "JPEG", quality=100)
    assert b"Adobe" in plain  # Pillow writes the marker, and the inverted levels that go with it
    assert largest(open_image(plain), to_channels(cmyk, 3)) < 60
    red, blue = (open_image(plain).getpixel(at) for at in ((20, 40), (50, 40)))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 200 > 50 > red[2]
    assert blue[2] > 200 > 50 > blue[0]


def test_a_transparent_gif_lies_on_white() -> None:
    data = encoded(palette(2), "GIF", transparency=2)
    assert np.asarray(open_image(data))[0].tolist() == [list(RED), list(BLACK), list(WHITE)]
