"""Whatever comes in, out comes a picture or an InvalidImage: no other error, no warning, no endless wait."""

import io
import os
import pickle
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from weights_registry.errors import InvalidImage
from weights_registry.inference import pillow_warnings
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


# Any bytes


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_picture_or_a_refusal(data: bytes) -> None:
    picture_or_refusal(data)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(VALID)), st.binary(max_size=300), st.integers(2, 60))
def test_any_bytes_behind_a_true_signature_give_a_picture_or_a_refusal(kind: str, tail: bytes, kept: int) -> None:
    picture_or_refusal(VALID[kind][:kept] + tail)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(VALID)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6),
    st.booleans(),
)
def test_overwritten_bytes_give_a_picture_or_a_refusal(
    kind: str, strokes: list[tuple[float, int]], in_header: bool
) -> None:
    data = bytearray(VALID[kind])
    for where, value in strokes:
        data[int(where * min(len(data), 200 if in_header else len(data)))] = value
    picture_or_refusal(bytes(data))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["TIFF", "deflated TIFF", "pages of TIFF"]), st.data())
def test_damaged_tiff_tags_give_a_picture_or_a_refusal(kind: str, draw: st.DataObject) -> None:
    data = bytearray(VALID[kind])
    (directory,) = struct.unpack_from("<L", data, 4)
    (num_tags,) = struct.unpack_from("<H", data, directory)
    for _ in range(draw.draw(st.integers(1, 3))):
        at = directory + 2 + 12 * draw.draw(st.integers(0, num_tags - 1)) + draw.draw(st.integers(2, 11))
        data[at] = draw.draw(st.integers(0, 255))
    picture_or_refusal(bytes(data))


@pytest.mark.parametrize("kind", sorted(VALID))
def test_a_file_cut_short_is_refused_or_shows_its_first_frame(kind: str) -> None:
    data = VALID[kind]
    for tenth in range(10):
        picture_or_refusal(data[: len(data) * tenth // 10])
    assert refusal(data[: len(data) // 10])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF"])
def test_a_refusal_says_that_a_file_is_cut_short(kind: str) -> None:
    data = encoded(kind, size=(300, 200))
    assert "damaged" in refusal(data[: len(data) // 2])


# Other sources


def test_what_is_no_picture_is_refused_by_name() -> None:
    assert refusal(b"") == "it is empty: 0 bytes"
    assert "JPEG, PNG, WebP, BMP, GIF, TIFF or AVIF" in refusal(b"Hello, world")
    with pytest.raises(InvalidImage, match=r"`notes\.txt` cannot be used"):
        open_image(b"Hello, world", name="notes.txt")


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"%PDF-1.7", "PDF"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "PostScript"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_a_known_stranger_is_called_by_its_name(start: bytes, what: str) -> None:
    assert f"it looks like {what}" in refusal(start + bytes(100))


@pytest.mark.parametrize("file_format", ["ICO", "PPM", "PCX", "TGA", "EPS", "PDF", "JPEG2000", "ICNS", "SGI"])
def test_formats_that_nobody_asked_for_are_not_even_tried(file_format: str) -> None:
    assert "use JPEG" in refusal(encoded(file_format, size=(32, 32)))


def test_a_missing_file_a_directory_and_an_odd_name_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.jpg") == "there is no such file"
    assert "directory" in refusal(tmp_path)
    assert "cannot be read" in refusal("a\0b")
    assert "cannot be read" in refusal("x" * 5000)
    assert "empty" in refusal(write(tmp_path / "empty.png", b""))
    with pytest.raises(InvalidImage, match=r"nothing\.jpg"):
        open_image(tmp_path / "nothing.jpg")


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "secret.png", encoded("PNG"))
    path.chmod(0)
    assert "cannot be read" in refusal(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.jpg")
    assert refusal(tmp_path / "fifo.jpg") == "it is not a regular file"


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_a_device_is_refused() -> None:
    assert refusal("/dev/zero") == "it is not a regular file"


def test_a_file_object_that_fails_is_refused() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise RuntimeError("the line is dead")

    assert refusal(Broken()) == "it cannot be read (the line is dead)"
    assert "mode `rb`" in refusal(io.StringIO("text"))
    closed = io.BytesIO(encoded("PNG"))
    closed.close()
    assert "cannot be read" in refusal(closed)


def test_a_pillow_picture_whose_file_is_gone_is_refused() -> None:
    lazy = Image.open(io.BytesIO(encoded("PNG")))
    lazy.close()
    assert refusal(lazy)


# Limits


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


# Warnings and threads


def noisy_files() -> list[bytes]:
    """Files about which Pillow warns."""
    tiff = bytearray(VALID["TIFF"])
    (directory,) = struct.unpack_from("<L", tiff, 4)
    (num_tags,) = struct.unpack_from("<H", tiff, directory)
    struct.pack_into("<HHLL", tiff, directory + 2 + 12 * (num_tags - 1), 65000, 7, 2**30, 0)
    return [VALID["JPEG with EXIF"], bytes(tiff)]


@pytest.mark.parametrize("data", noisy_files(), ids=["JPEG", "TIFF"])
@pytest.mark.parametrize("action", ["error", "always"])
def test_pillows_warnings_do_not_come_out(data: bytes, action: Any) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter(action)
        assert open_image(data).size == (40, 30)
    assert caught == []
    with pytest.warns(UserWarning, match=r"."):
        Image.open(io.BytesIO(data)).getexif()


def test_only_the_thread_that_decodes_is_silenced() -> None:
    inside, done = threading.Event(), threading.Event()

    def silent() -> None:
        with pillow_warnings.ignored():
            warnings.warn("unheard", stacklevel=1)
            inside.set()
            done.wait(10)

    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(1) as pool:
        warnings.simplefilter("always")
        job = pool.submit(silent)
        inside.wait(10)
        warnings.warn("heard", stacklevel=1)
        done.set()
        job.result()
    assert [str(warning.message) for warning in caught] == ["heard"]


def test_silence_nests_and_ends_and_leaves_one_filter() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pillow_warnings.ignored():
            before = len(warnings.filters)
        for _ in range(3):
            with pillow_warnings.ignored():
                with pillow_warnings.ignored():
                    pass
                warnings.warn("unheard", stacklevel=1)
            warnings.warn("heard", stacklevel=1)
            warnings.filterwarnings("always", message="another filter in front of it")
        assert len(warnings.filters) == before + 1
    assert [str(warning.message) for warning in caught] == ["heard"] * 3


def test_nothing_of_pillow_is_changed() -> None:
    def state() -> list[object]:
        return [Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, ImageFile.MAXBLOCK]

    before = state()
    for data in VALID.values():
        open_image(data)
    assert state() == before


# The error itself


@pytest.mark.parametrize(
    "raised", [OverflowError("a"), struct.error("b"), SyntaxError("c"), MemoryError(), RecursionError(), OSError("d")]
)
def test_whatever_pillow_raises_becomes_a_refusal(monkeypatch: pytest.MonkeyPatch, raised: Exception) -> None:
    def fail(self: ImageFile.ImageFile) -> None:
        raise raised

    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)
    with pytest.raises(InvalidImage) as caught:
        open_image(VALID["JPEG"], name="cat.jpg")
    assert caught.value.source == "cat.jpg"
    assert caught.value.__cause__ is raised


@pytest.mark.parametrize("make", [lambda: open_image("nothing.jpg"), lambda: open_image(b"x", name="x")])
def test_a_refusal_survives_the_way_between_processes(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidImage) as caught:
        make()
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.source, again.reason, str(again)) == (caught.value.source, caught.value.reason, str(caught.value))


def test_interruptions_pass_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: ImageFile.ImageFile) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ImageFile.ImageFile, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        open_image(VALID["JPEG"])
