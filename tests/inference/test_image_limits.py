"""A picture beyond a limit, or one that unfolds beyond it, is refused before it costs anything."""

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from tests.inference.image_files import VALID, encoded, picture_or_refusal, refusal, write
from weights_registry.inference.images import ImageLimits, open_image


def test_bytes_above_the_limit_are_refused_before_they_are_read(tmp_path: Path) -> None:
    data = encoded("BMP", size=(200, 200))
    limits = ImageLimits(max_bytes=len(data) - 1)

    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1, /) -> bytes:
            self.given += size
            return bytes(size)

    endless = Endless()
    for source in (data, bytearray(data), io.BytesIO(data), write(tmp_path / "a.bmp", data), endless):
        assert refusal(source, limits=limits) == f"it has more than the {len(data) - 1:,} bytes allowed"
    assert endless.given == len(data)
    assert open_image(data, limits=ImageLimits(max_bytes=len(data))).size == (200, 200)


def promise(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes whose header promises that many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))

    header = struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(30_000, 30_000), (2**31 - 1, 2**31 - 1), (1, 2**30), (10_001, 10_000)])
def test_a_decompression_bomb_is_refused_by_its_header(monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]) -> None:
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: pytest.fail("its pixels were decoded"))
    assert f"{size[0]} x {size[1]} pixels are more than the 100,000,000 allowed" in refusal(promise(*size))


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    assert refusal(promise(*size))
    assert "no pixels" in refusal(Image.new("RGB", size))


@pytest.mark.parametrize("kind", sorted(VALID))
def test_pixels_above_the_limit_are_refused_in_every_format(kind: str) -> None:
    assert "pixels are more than the 399 allowed" in refusal(VALID[kind], limits=ImageLimits(max_pixels=399))


def test_a_pillow_picture_obeys_the_limit_on_pixels() -> None:
    assert "more than the 99 allowed" in refusal(Image.new("RGB", (10, 10)), limits=ImageLimits(max_pixels=99))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "AVIF"])
def test_pillows_own_limit_neither_counts_nor_changes(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    for own_limit in (1, 700, None):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", own_limit)
        assert open_image(VALID[kind]).size == (40, 30)
        assert own_limit == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WebP", "deflated TIFF"])
def test_pillows_own_limit_raises_no_other_error_and_no_warning(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    for own_limit in (1, 700):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", own_limit)
        picture_or_refusal(VALID[kind])


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    data = encoded("JPEG", "L", (64, 64), progressive=True)
    last_scan = data[data.rindex(b"\xff\xda") : -2]
    many, too_many = (data[:-2] + last_scan * num_scans + data[-2:] for num_scans in (90, 1000))
    assert open_image(many).size == (64, 64)
    assert "scans of 4,096 pixels" in refusal(too_many)
    assert "scans of 4,096 pixels" in refusal(many, limits=ImageLimits(max_pixels=4096))


def test_a_jpeg_of_very_many_exif_segments_is_refused() -> None:
    data = encoded("JPEG")
    segment = b"\xff\xe1\0\x0aExif\0\0ab"
    assert open_image(data[:2] + segment * 100 + data[2:]).size == (40, 30)
    assert "EXIF segments" in refusal(data[:2] + segment * 101 + data[2:])


def test_a_tiff_of_very_many_strips_is_refused() -> None:
    num_rows = 2**18 + 1
    tags = {256: 1, 257: num_rows, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 1, 279: 8}
    entries = b"".join(
        struct.pack("<HHLL", tag, 4, num_rows if tag in (273, 279) else 1, value) for tag, value in tags.items()
    )
    offsets = struct.pack("<L", 8) * num_rows
    header = b"II*\0" + struct.pack("<L", 8 + len(offsets)) + offsets + struct.pack("<H", len(tags))
    assert "262,145 pieces" in refusal(header + entries + bytes(4))


def text_chunks(num_chunks: int) -> bytes:
    data = encoded("PNG")
    body = b"comment\0\0" + zlib.compress(bytes(2**20 - 1))
    chunk = struct.pack(">L", len(body)) + b"zTXt" + body + struct.pack(">L", zlib.crc32(b"zTXt" + body))
    return data[:33] + chunk * num_chunks + data[33:]


def test_text_that_unfolds_to_gigabytes_is_refused() -> None:
    assert open_image(text_chunks(1)).size == (40, 30)
    assert "text" in refusal(text_chunks(80)).lower()
