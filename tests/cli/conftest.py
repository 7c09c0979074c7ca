"""What every test of the command line stands on: running it in this process or in its own, on a cache of the tests."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.small_checkpoints import write_colours, write_still_life
from weights_registry import Checkpoint, register, unregister
from weights_registry.cli import main

VARIABLES = ("OFFLINE", "MIRROR", "TIMEOUT_S", "ATTEMPTS")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: its exit status and what it wrote."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]
Start = Callable[..., "subprocess.Popen[bytes]"]
Register = Callable[[Checkpoint], Checkpoint]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests here: what is converted once stays."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def environment(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(f"WEIGHTS_REGISTRY_{variable}", raising=False)
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(cache))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process."""

    def run(*arguments: object) -> Ran:
        status = main([str(each) for each in arguments])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a command line in a process of its own; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: object, **options: Any) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "weights_registry", *map(str, arguments)]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        started.append(subprocess.Popen(command, env=dict(os.environ), **streams))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def registered() -> Iterator[Register]:
    """Register a checkpoint until the test ends."""
    known: list[Checkpoint] = []

    def registered(checkpoint: Checkpoint) -> Checkpoint:
        register(checkpoint)
        known.append(checkpoint)
        return checkpoint

    yield registered
    for checkpoint in known:
        unregister(checkpoint)


@pytest.fixture
def colours_file(tmp_path: Path) -> Path:
    """A self-describing file whose network tells red, green and blue apart; known to this process only."""
    return write_colours(tmp_path / "colours.safetensors")


@pytest.fixture(scope="session")
def still_life_file(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A self-describing file with a real network that any process can build: three categories, the sample photos'."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WEIGHTS_REGISTRY_CACHE", str(cache))
        return write_still_life(tmp_path_factory.mktemp("weights") / "still_life.safetensors")
