"""What comes in as a picture: formats, orientation, frames. Modes are in test_channels.py."""

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.inference.drawn_pictures import encoded, largest, mean, picture
from weights_registry.inference.images import FORMATS, ImageLimits, open_image, upright

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
