"""`POST /crop`: the pixels that the network is fed, and the same refusals as of `/predict`."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from serve.models.model import Pixels
from serve.models.noop_model import NoopModel
from serve.routes.crop import encode as encode_crop
from serve.schemas import Problem
from tests.serve.conftest import WEIGHTS, Running, encode, running
from weights_registry import get_weights
from weights_registry.inference.images import open_image


def detail(response: httpx2.Response, status: int) -> str:
    assert response.status_code == status, response.content[:200]
    assert response.headers["content-type"] == "application/problem+json"
    return Problem.model_validate(response.json()).detail


def blank(size: tuple[int, int]) -> bytes:
    """A PNG of many pixels in few bytes."""
    file = BytesIO()
    Image.new("1", size).save(file, "PNG")
    return file.getvalue()


class SlowModel(NoopModel):
    """Stands still over the picture `slow` until its gate is open."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.gate = threading.Event()
        self.has_begun = threading.Event()

    def prepare(self, picture: bytes | Pixels) -> Any:
        self.has_begun.set()
        assert picture != b"slow" or self.gate.wait(30)
        return np.zeros((3, 2, 2), np.uint8)


Held = tuple[Running, SlowModel]


@pytest.fixture
def held() -> Iterator[Held]:
    """A server with one place for a crop, whose model can be held."""
    model = SlowModel(WEIGHTS)
    with running(lambda _: model, deadline_ms=500, decode_threads=1, queue=1) as found:
        yield found, model
        model.gate.set()


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "CMYK"])
def test_the_crop_is_what_the_transforms_make_of_the_picture(server: Running, mode: str) -> None:
    picture = encode((500, 333), "TIFF" if mode == "CMYK" else "PNG", mode)
    found = server.post(picture, "/crop")
    assert found.headers["content-type"] == "image/png"
    assert found.headers["cache-control"] == "no-store"
    fed_CHW = get_weights(WEIGHTS).transforms().to_uint8(open_image(picture)).numpy()
    shown_HWC = np.asarray(Image.open(BytesIO(found.content)))
    assert shown_HWC.shape == (224, 224, 3)
    assert (shown_HWC == fed_CHW.transpose(1, 2, 0)).all()


def test_a_crop_of_a_network_for_grey_pictures_is_grey() -> None:
    fed_CHW = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
    shown = Image.open(BytesIO(encode_crop(fed_CHW)))
    assert shown.mode == "L"
    assert (np.asarray(shown) == fed_CHW[0]).all()


@pytest.mark.parametrize(
    ("content", "headers", "query", "status", "told"),
    [
        (b"no picture", {}, "", 400, "no picture that we know"),
        (encode()[:500], {}, "", 400, "damaged"),
        (encode(), {}, "?weights=nobody", 404, "nobody"),
        (encode(), {}, f"?weights={'x' * 301}", 422, "weights"),
        (bytes(2_000_001), {}, "", 413, "2,000,000 bytes"),
        (blank((8000, 7000)), {}, "", 413, "50,000,000 allowed"),
        (b"{}", {"content-type": "application/json"}, "", 415, "send the picture itself"),
        (b"--b--", {"content-type": "multipart/form-data; boundary=b"}, "", 415, "send the picture itself"),
    ],
)
def test_what_predict_refuses_is_refused(
    server: Running, content: bytes, headers: dict[str, str], query: str, status: int, told: str
) -> None:
    assert told in detail(server.post(content, f"/crop{query}", **headers), status)


def test_the_key_is_needed() -> None:
    with running(api_key="sesame") as found:
        detail(found.post(encode(), "/crop"), 401)
        detail(found.post(encode(), "/crop", **{"x-api-key": "wrong"}), 403)


def test_a_model_that_is_not_fed_pixels_has_no_crop() -> None:
    with running() as found:
        assert "not fed pixels" in detail(found.post(encode(), "/crop"), 422)


def test_a_crop_that_takes_too_long_is_given_up_and_its_place_is_free_once_it_has_ended(held: Held) -> None:
    server, model = held
    assert "0.5 seconds" in detail(server.post(b"slow", "/crop"), 504)
    detail(server.post(b"next", "/crop"), 504)  # the only thread still stands
    model.gate.set()
    assert server.post(b"last", "/crop").status_code == 200


def test_when_as_many_wait_as_may_the_next_is_refused_at_once(held: Held) -> None:
    server, model = held
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(server.post, b"slow", "/crop")
        assert model.has_begun.wait(30)
        refused = server.post(b"next", "/crop")
        model.gate.set()
        assert "wait to be cropped" in detail(refused, 503)
        assert refused.headers["retry-after"] == "1"
        assert slow.result().status_code == 200
