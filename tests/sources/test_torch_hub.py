"""torch hub's cache is read where it can be verified, and never touched."""

import hashlib
import logging
from pathlib import Path

import pytest

from tests.sources.server import FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.sources import Transfer, torch_hub


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where torch hub would keep `w.pth`."""
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder / "w.pth"


@pytest.mark.parametrize("num_digits", [64, 8])
def test_a_good_copy_is_used_in_place(
    server: FileServer, make: Make, body: bytes, copy: Path, num_digits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    copy.write_bytes(body)
    checkpoint = make(server.serve("/w.pth", body), sha256=hashlib.sha256(body).hexdigest()[:num_digits])
    assert sources.is_cached(checkpoint)
    assert sources.fetch(checkpoint) == copy
    assert sources.full_digest(checkpoint) == hashlib.sha256(body).hexdigest()
    assert server.seen == []


def test_a_bad_copy_is_ignored_with_a_warning_and_left_alone(
    server: FileServer, make: Make, body: bytes, copy: Path, transfer: Transfer, caplog: pytest.LogCaptureFixture
) -> None:
    bad = bytes(len(body))
    copy.write_bytes(bad)
    with caplog.at_level(logging.WARNING, logger="weights_registry"):
        path = sources.fetch(make(server.serve("/w.pth", body)), transfer=transfer)
    assert path.read_bytes() == body
    assert path != copy
    assert copy.read_bytes() == bad
    assert [file.name for file in copy.parent.iterdir()] == ["w.pth"]
    assert ["ignored" in record.message for record in caplog.records] == [True]


def test_a_copy_that_nothing_is_known_of_is_ignored(
    server: FileServer, make: Make, body: bytes, copy: Path, transfer: Transfer, caplog: pytest.LogCaptureFixture
) -> None:
    copy.write_bytes(body)
    checkpoint = make(server.serve("/w.pth", body), sha256=None)
    assert not sources.is_cached(checkpoint)
    assert sources.fetch(checkpoint, transfer=transfer) != copy
    assert "no digest is known" in caplog.text


def test_its_folder_is_found_as_torch_finds_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert torch_hub.checkpoints_dir() == tmp_path / "torch" / "hub" / "checkpoints"
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert torch_hub.checkpoints_dir() == tmp_path / "xdg" / "torch" / "hub" / "checkpoints"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert torch_hub.checkpoints_dir() == tmp_path / ".cache" / "torch" / "hub" / "checkpoints"
