"""Real servers on loopback ports, in threads; the real checkpoint is loaded once a session."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from PIL import Image

from serve.assembly import build_app, checkpoint_opener
from serve.batching.batcher import Batcher
from serve.cli.run import listen
from serve.cli.server import Server
from serve.models.model import Model
from serve.models.noop_model import NoopModel
from serve.serving import Serving
from serve.settings import Settings

WEIGHTS = "EfficientNet_Lite0_Weights.ImageNet1K_V1"


def run_on_batcher(scenario: Callable[[Batcher], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Play the scenario on a batcher that works, and close it; fails after a minute."""

    async def play() -> None:
        batcher = Batcher(**options)
        batcher.start()
        try:
            await scenario(batcher)
        finally:
            await batcher.close()

    asyncio.run(asyncio.wait_for(play(), 60))


@dataclass
class Running:
    """A server that listens, with a client for it."""

    url: str
    port: int
    app: FastAPI
    client: httpx2.Client

    @property
    def serving(self) -> Serving:
        found: Serving = self.app.state.serving
        return found

    def post(self, content: Any, path: str = "/predict", **headers: str) -> httpx2.Response:
        return self.client.post(path, content=content, headers={"content-type": "image/png"} | headers)


@contextmanager
def running(
    open_model: Callable[[str], Model] = NoopModel, *, until_ready: bool = True, **options: Any
) -> Iterator[Running]:
    """A server that is ready, or at least listens, until the block ends."""
    settings = Settings(port=0, **({"access_log": "off"} | options))
    listener = listen(settings)
    app = build_app(settings, open_model=open_model)
    server = Server(settings, app, app.state.serving)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server")
    thread.start()
    port = listener.getsockname()[1]
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            wait_until(lambda: not (until_ready and app.state.serving.is_loading))
            yield Running(f"http://127.0.0.1:{port}", port, app, client)
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


def wait_until(is_so: Callable[[], bool], *, timeout_s: float = 60) -> None:
    """Look often until it is so; fails when it never is."""

    async def wait() -> None:
        async with asyncio.timeout(timeout_s):
            while not is_so():
                await asyncio.sleep(0.01)

    asyncio.run(wait())


class GatedModel(NoopModel):
    """A no-op model that stands still while its gate is shut, and cannot bear the picture `poison`."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.gate = threading.Event()
        self.gate.set()
        self.has_begun = threading.Event()
        self.batch_sizes: list[int] = []

    def run(self, items: list[int], num_inside: int) -> list[Any]:
        self.batch_sizes.append(len(items))
        self.has_begun.set()
        assert self.gate.wait(30)
        if len(b"poison") in items:
            raise ArithmeticError("poisoned")
        return super().run(items, num_inside)

    def shut(self) -> None:
        """Stand still at the next batch, and remember that none has begun."""
        self.batch_sizes.clear()
        self.has_begun.clear()
        self.gate.clear()


def encode(size: tuple[int, int] = (320, 240), form: str = "PNG", mode: str = "RGB", seed: int = 0) -> bytes:
    """An encoded picture of soft colours."""
    noise = Image.effect_noise((16, 12), 80 + seed % 40).resize(size)
    picture = Image.merge("RGB", [noise, noise.rotate(90 + seed), noise.transpose(Image.Transpose.FLIP_TOP_BOTTOM)])
    file = BytesIO()
    picture.convert(mode).save(file, form)
    return file.getvalue()


@pytest.fixture(scope="session")
def checkpoint_model() -> Model:
    return checkpoint_opener(Settings(torch_threads=1))(WEIGHTS)


@pytest.fixture(scope="session")
def server(checkpoint_model: Model) -> Iterator[Running]:
    """The real checkpoint behind a real port."""
    with running(lambda _: checkpoint_model, max_bytes=2_000_000, max_pixels=1_000_000, max_pictures=4) as found:
        yield found


@pytest.fixture
def gated() -> Iterator[tuple[Running, GatedModel]]:
    """A server whose engine can be held; three may wait."""
    model = GatedModel(WEIGHTS)
    with running(lambda _: model, queue=3, max_batch=2, deadline_ms=20_000) as found:
        yield found, model
        model.gate.set()
