"""What a request held is let go once it is answered, not when garbage is collected: bodies are of megabytes."""

import gc
import logging
from collections.abc import Callable
from io import BytesIO
from typing import Any

import httpx2
import pytest
from PIL import Image

from tests.serve.conftest import GatedModel, Running, running
from weights_registry.errors import InvalidImage


def png() -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    return file.getvalue()


def raw(server: Running) -> httpx2.Response:
    return server.post(png())


def multipart(server: Running) -> httpx2.Response:
    return server.client.post("/predict", files={"files": ("a.png", png(), "image/png")})


def wrong_type(server: Running) -> httpx2.Response:
    return server.post(png(), **{"content-type": "text/plain"})


def bad_picture(server: Running) -> httpx2.Response:
    return server.post(b"no picture")


def poison(server: Running) -> httpx2.Response:
    return server.post(b"poison")


class Picky(GatedModel):
    """Refuses a picture of ten bytes, and fails on one of six."""

    def prepare(self, picture: Any) -> int:
        """The picture's length."""
        if len(picture) == len(b"no picture"):
            raise InvalidImage("it is none")
        return super().prepare(picture)


def is_request(thing: object) -> bool:
    return type(thing) is dict and thing.get("type") == "http" and thing.get("path") == "/predict"


@pytest.mark.parametrize(
    ("ask", "status"), [(raw, 200), (multipart, 200), (wrong_type, 415), (bad_picture, 400), (poison, 500)]
)
def test_a_request_is_freed_when_it_is_answered(
    ask: Callable[[Running], httpx2.Response], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "serve")  # pytest would keep what is logged, and the errors with it
    with running(Picky) as server:
        assert ask(server).status_code == status
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):
                assert ask(server).status_code == status
            # A connection holds its last one until the next comes.
            assert sum(map(is_request, gc.get_objects())) <= 2
        finally:
            gc.enable()
