"""Whatever comes in, out comes a picture or an InvalidImage: no other error and no endless wait."""

import io
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from tests.inference.image_files import VALID, encoded, picture_or_refusal, refusal, write
from weights_registry.errors import InvalidImage
from weights_registry.inference.images import open_image

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
