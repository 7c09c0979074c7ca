"""What every test of the sources stands on: a server, a folder of its own for each cache, a checkpoint to fetch."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.sources.server import FileServer
from tests.sources.toy import Make, toy_checkpoint
from weights_registry.sources import Transfer

VARIABLES = (
    *("WEIGHTS_REGISTRY_OFFLINE", "WEIGHTS_REGISTRY_MIRROR", "WEIGHTS_REGISTRY_TIMEOUT_S", "WEIGHTS_REGISTRY_ATTEMPTS"),
    *("HF_HUB_OFFLINE", "HF_ENDPOINT", "XDG_CACHE_HOME"),
    *("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, an empty torch home, and no variable from outside."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "cache"


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as running:
        yield running


@pytest.fixture
def body() -> bytes:
    """300 000 bytes that no two places of which are alike."""
    return random.Random(0).randbytes(300_000)


@pytest.fixture
def transfer() -> Transfer:
    """Short patience: three attempts, milliseconds between them."""
    return Transfer(connect_timeout_s=5, read_timeout_s=5, max_attempts=3, backoff_s=0.001, max_wait_s=0.01)


@pytest.fixture
def make(body: bytes) -> Make:
    """Make a checkpoint of `body` at some addresses; by default its digest and size are known in full."""
    return partial(toy_checkpoint, body)
