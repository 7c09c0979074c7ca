"""What comes in as a picture: formats, colour modes, orientation. Refusals are in test_images_hostile.py."""

import io
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from weights_registry.errors import InvalidImage
from weights_registry.inference.images import FORMATS, ImageLimits, open_image, to_channels, upright

LOSSLESS = ("PNG", "BMP", "TIFF")


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


# Where it comes from


@pytest.mark.parametrize("file_format", FORMATS)
def test_each_format_is_read_as_a_path_as_bytes_and_as_a_file(tmp_path: Path, file_format: str) -> None:
    data = encoded(picture(), file_format)
    path = tmp_path / "odd.name"
    path.write_bytes(data)
    expected = Image.open(io.BytesIO(data)).convert("RGB")
    for source in (path, str(path), data, bytearray(data), memoryview(data), io.BytesIO(data)):
        image = open_image(source)
        assert image.mode == "RGB"
        assert largest(image, expected) == 0
    with path.open("rb") as file:
        assert largest(open_image(file), expected) == 0


def test_a_file_is_read_from_where_it_stands() -> None:
    file = io.BytesIO(b"header" + encoded(picture(), "PNG"))
    file.seek(6)
    assert largest(open_image(file), picture()) == 0


def test_a_file_that_gives_few_bytes_at_a_time_is_read_whole() -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    assert largest(open_image(Trickle(encoded(picture(), "PNG"))), picture()) == 0


def test_a_plain_rgb_picture_comes_back_itself() -> None:
    image = picture()
    assert open_image(image) is image


def test_a_picture_opened_but_not_yet_decoded_is_decoded() -> None:
    lazy = Image.open(io.BytesIO(encoded(picture(), "PNG")))
    assert largest(open_image(lazy), picture()) == 0


def test_what_is_opened_carries_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    assert open_image(encoded(picture(), "JPEG", exif=exif, dpi=(72, 72))).info == {}


def test_grey_is_one_channel_in_mode_l() -> None:
    image = open_image(encoded(picture(), "PNG"), num_channels=1)
    assert image.mode == "L"
    assert largest(image, picture("L")) == 0


def test_a_wrong_argument_is_a_plain_error() -> None:
    with pytest.raises(ValueError, match="num_channels"):
        open_image(picture(), num_channels=4)
    for wrong in (None, 3, [b""], np.zeros((4, 4, 3), np.uint8)):
        with pytest.raises(TypeError, match=type(wrong).__name__):
            open_image(wrong)  # type: ignore[arg-type]


# Which way up


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WebP", "TIFF", "AVIF"])
def test_every_exif_orientation_is_undone(file_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    wanted = picture(size=(64, 96))
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # how a camera would have stored it, so that EXIF turns it back
    stored = wanted.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else wanted
    data = encoded(stored, file_format, exif=exif, **({} if file_format == "TIFF" else {"quality": 100}))
    image = open_image(data)
    assert image.size == wanted.size
    assert mean(image, wanted) < 10  # a wrong turn is off by 60 and more
    assert largest(image, ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")) == 0


def test_a_turned_picture_is_not_turned_again() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lazy = Image.open(io.BytesIO(encoded(picture(), "PNG", exif=exif)))
    once = upright(lazy)
    assert upright(once) is once
    assert largest(open_image(open_image(lazy)), once) == 0


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0",
        b"Exif\0\0garbage, not a TIFF header",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0" + b"\xff" * 40,
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x05\0\0\0\x99",
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x63\0\0\0\0\0\0",
    ],
)
@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WebP"])
def test_broken_exif_does_not_break_a_fine_picture(file_format: str, exif: bytes) -> None:
    image = open_image(encoded(picture(), file_format, exif=exif))
    assert image.size == picture().size


# Which colours


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


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 30}, {"subsampling": 2}, {"optimize": True}])
def test_every_kind_of_jpeg_is_decoded_as_pillow_decodes_it(options: dict[str, Any]) -> None:
    data = encoded(picture(size=(133, 77)), "JPEG", **options)
    assert largest(open_image(data), Image.open(io.BytesIO(data)).convert("RGB")) == 0


# Frames and pages


@pytest.mark.parametrize("file_format", ["GIF", "WebP", "TIFF", "AVIF", "PNG"])
def test_of_several_frames_the_first_is_taken(file_format: str) -> None:
    frames = [Image.new("RGB", (24, 16), colour) for colour in ((250, 10, 10), (10, 250, 10), (10, 10, 250))]
    data = encoded(frames[0], file_format, save_all=True, append_images=frames[1:])
    assert Image.open(io.BytesIO(data)).n_frames == 3  # type: ignore[attr-defined]
    assert largest(open_image(data), frames[0]) < 20


def test_a_transparent_gif_lies_on_white() -> None:
    data = encoded(palette(2), "GIF", transparency=2)
    assert np.asarray(open_image(data))[0].tolist() == [list(RED), list(BLACK), list(WHITE)]


def test_a_picture_of_many_phones_in_one_file_is_its_first() -> None:
    frames = [Image.new("RGB", (24, 16), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert largest(open_image(data), Image.open(io.BytesIO(data)).convert("RGB")) == 0


def test_limits_are_positive() -> None:
    for field in ("max_bytes", "max_pixels"):
        with pytest.raises(ValueError, match=field):
            ImageLimits(**{field: 0})


def test_many_threads_may_decode_at_once() -> None:
    from concurrent.futures import ThreadPoolExecutor

    exif = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0" + b"\xff" * 40
    files = [encoded(picture(), "JPEG", exif=exif), encoded(picture("P"), "GIF"), encoded(picture(), "TIFF")]
    jobs = [random.Random(seed).choice(files) for seed in range(60)]
    with ThreadPoolExecutor(8) as pool:
        assert {image.size for image in pool.map(open_image, jobs)} == {picture().size}


# Large JPEGs, decoded at a fraction of their size


@given(
    width=st.integers(1, 700),
    height=st.integers(1, 700),
    min_side=st.integers(1, 400),
    orientation=st.integers(1, 8),
)
@settings(max_examples=60, deadline=None)
def test_a_scaled_jpeg_is_never_smaller_than_asked_and_as_small_as_may_be(
    width: int, height: int, min_side: int, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(picture(size=(width, height)), "JPEG", exif=exif)
    whole, scaled = open_image(data), open_image(data, min_side=min_side)
    fraction = max(each for each in (1, 2, 4, 8) if each == 1 or each * min_side <= min(width, height))
    assert scaled.size == tuple(-(-side // fraction) for side in whole.size)
    assert min(scaled.size) >= min(min_side, width, height)


@pytest.mark.parametrize("options", [{"progressive": True}, {"quality": 30}, {"subsampling": 2}, {"subsampling": 0}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_scaled_jpeg_shows_the_same_picture(mode: str, options: dict[str, Any], orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    smooth = picture(size=(40, 30)).resize((1200, 900), Image.Resampling.BICUBIC).convert(mode)
    data = encoded(smooth, "JPEG", exif=exif, **options)
    whole, scaled = open_image(data), open_image(data, min_side=225)
    assert min(scaled.size) == 225
    assert scaled.mode == whole.mode
    assert mean(scaled, whole.resize(scaled.size, Image.Resampling.BOX)) < 1


@pytest.mark.parametrize("file_format", [each for each in FORMATS if each != "JPEG"])
def test_other_formats_come_in_full(file_format: str) -> None:
    data = encoded(picture(size=(640, 480)), file_format)
    assert largest(open_image(data, min_side=32), open_image(data)) == 0


def test_a_jpeg_that_is_small_enough_comes_as_ever() -> None:
    data = encoded(picture(size=(640, 480)), "JPEG")
    for min_side in (241, 480, 5000):
        assert largest(open_image(data, min_side=min_side), open_image(data)) == 0


def test_a_callers_picture_is_not_scaled() -> None:
    lazy = Image.open(io.BytesIO(encoded(picture(size=(640, 480)), "JPEG")))
    assert open_image(lazy, min_side=32).size == (640, 480)


def test_limits_hold_for_the_size_before_scaling() -> None:
    data = encoded(picture(size=(640, 480)), "JPEG")
    limits = ImageLimits(max_pixels=640 * 480 - 1)
    with pytest.raises(InvalidImage, match="640 x 480"):
        open_image(data, limits=limits, min_side=32)


def test_a_truncated_jpeg_is_refused_scaled_or_not() -> None:
    noise = Image.effect_noise((640, 480), 50).convert("RGB")
    data = encoded(noise, "JPEG")
    with pytest.raises(InvalidImage, match="truncated"):
        open_image(data[: len(data) // 2], min_side=32)


def test_a_side_must_have_pixels() -> None:
    with pytest.raises(ValueError, match="min_side"):
        open_image(b"", min_side=0)
