"""Pillow's warnings do not come out, in the thread that decodes and in no other, and nothing of Pillow is changed."""

import io
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image, ImageFile

from tests.inference.image_files import VALID
from weights_registry.inference import pillow_warnings
from weights_registry.inference.images import open_image


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
