"""Large JPEGs, decoded at a fraction of their size: the same picture, never smaller than asked."""

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.inference.drawn_pictures import encoded, largest, mean, picture
from weights_registry.errors import InvalidImage
from weights_registry.inference.images import FORMATS, ImageLimits, open_image


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
