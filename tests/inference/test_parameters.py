"""Reading parameters: safetensors mapped, pickles of tensors converted once, anything else refused unread."""

import argparse
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from weights_registry import DigestMismatch, LoadError, UnsafeFile, Weights, save
from weights_registry.inference import parameters
from weights_registry.inference.parameters import is_safetensors, read_parameters, read_pickle, read_safetensors

CHECKPOINT = Weights.ImageNet1K_V2.checkpoint
TENSORS = {"weight": torch.arange(6.0).reshape(2, 3), "count": torch.tensor(7)}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


class Hostile:
    """Runs `os.mkdir(path)` if it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.path),)


def _torch_save(content: Any, path: Path, *, legacy: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.mark.parametrize("legacy", [False, True])
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(tmp_path: Path, legacy: bool) -> None:
    trace = tmp_path / "it ran"
    path = _torch_save({**TENSORS, "extra": Hostile(trace)}, tmp_path / "hostile.pth", legacy=legacy)
    with pytest.raises(UnsafeFile, match=r"hostile\.pth.*mkdir"):
        read_parameters(path, CHECKPOINT)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists()  # the file is hostile indeed


def test_a_bare_hostile_pickle_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    trace = tmp_path / "it ran"
    path = tmp_path / "bare.pth"
    path.write_bytes(pickle.dumps(Hostile(trace), protocol=2))
    with pytest.raises((UnsafeFile, LoadError)):
        read_pickle(path)
    assert not trace.exists()


def test_a_file_with_a_namespace_in_it_is_refused_by_name(tmp_path: Path) -> None:
    path = _torch_save({"model": TENSORS, "args": argparse.Namespace(lr=0.1)}, tmp_path / "run.pth")
    with pytest.raises(UnsafeFile, match=r"argparse\.Namespace"):
        read_pickle(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_tensors_are_read_from_both_of_torchs_formats(tmp_path: Path, legacy: bool) -> None:
    read = read_pickle(_torch_save(TENSORS, tmp_path / "fine.pth", legacy=legacy))
    assert all(torch.equal(read[key], TENSORS[key]) for key in TENSORS)


@pytest.mark.parametrize("wrap", [lambda t: {"state_dict": t, "epoch": 3}, lambda t: {"model": t}])
def test_what_training_scripts_wrap_is_unwrapped(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    parallel = {f"module.{key}": each for key, each in TENSORS.items()}
    assert set(read_pickle(_torch_save(wrap(parallel), tmp_path / "wrapped.pth"))) == set(TENSORS)


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, 7, {"state_dict": {"a": "b"}}, torch.zeros(2)])
def test_what_holds_no_parameters_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(LoadError, match="holds no parameters"):
        read_pickle(_torch_save(content, tmp_path / "other.pth"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.pth"
    path.write_bytes(content)
    with pytest.raises((LoadError, UnsafeFile)):
        read_pickle(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.booleans(), st.floats(min_value=0, max_value=0.999))
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, legacy: bool, share: float) -> None:
    path = _torch_save(TENSORS, tmp_path / "cut.pth", legacy=legacy)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises((LoadError, UnsafeFile)):
        read_pickle(path)


def test_a_missing_file_is_a_load_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"nowhere\.pth"):
        read_pickle(tmp_path / "nowhere.pth")


def test_a_pickle_is_converted_once_and_mapped_ever_after(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _torch_save(TENSORS, tmp_path / "fine.pth")
    read_parameters(path, CHECKPOINT)
    [copy] = own_cache.rglob("*.safetensors")
    monkeypatch.setattr(parameters, "read_pickle", lambda path: pytest.fail("the pickle was read again"))
    read = read_parameters(path, CHECKPOINT)
    assert all(torch.equal(read[key], TENSORS[key]) for key in TENSORS)
    mapped = Path("/proc/self/maps").read_text()
    assert str(copy.resolve()) in mapped


def test_a_damaged_copy_is_set_aside_and_made_again(tmp_path: Path, own_cache: Path) -> None:
    path = _torch_save(TENSORS, tmp_path / "fine.pth")
    read_parameters(path, CHECKPOINT)
    [copy] = own_cache.rglob("*.safetensors")
    damaged = bytearray(copy.read_bytes())
    damaged[-1] ^= 1
    copy.write_bytes(damaged)
    read = read_parameters(path, CHECKPOINT)
    assert all(torch.equal(read[key], TENSORS[key]) for key in TENSORS)
    assert [each.read_bytes() for each in own_cache.rglob("*bad*")] == [bytes(damaged)]


def test_another_file_of_the_same_name_gets_its_own_copy(tmp_path: Path) -> None:
    path = _torch_save(TENSORS, tmp_path / "fine.pth")
    read_parameters(path, CHECKPOINT)
    _torch_save({"weight": torch.zeros(1)}, path)
    assert set(read_parameters(path, CHECKPOINT)) == {"weight"}


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "a file"))
    read = read_parameters(_torch_save(TENSORS, tmp_path / "fine.pth"), CHECKPOINT)
    assert set(read) == set(TENSORS)
    assert "fine.pth" in caplog.text


def test_safetensors_are_told_by_their_content_not_their_name(tmp_path: Path) -> None:
    path = tmp_path / "misnamed.pth"
    save_file(TENSORS, path)
    assert is_safetensors(path)
    assert set(read_parameters(path, CHECKPOINT)) == set(TENSORS)
    assert not is_safetensors(_torch_save(TENSORS, tmp_path / "real.pth"))


def test_safetensors_that_belie_their_header_are_refused(tmp_path: Path) -> None:
    path = save(TENSORS, tmp_path / "belied.safetensors", CHECKPOINT)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(DigestMismatch):
        read_parameters(path, CHECKPOINT)
    path.write_bytes(content[:-1])
    with pytest.raises(LoadError, match=r"belied\.safetensors"):
        read_safetensors(path)


def test_a_zip_bomb_of_names_is_no_checkpoint(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
        archive.writestr("archive/data/0", b"\0" * 10_000_000)
    path = tmp_path / "zip.pth"
    path.write_bytes(buffer.getvalue())
    with pytest.raises((LoadError, UnsafeFile)):
        read_pickle(path)


def test_the_record_of_a_copy_is_of_the_file_it_was_made_from(tmp_path: Path, own_cache: Path) -> None:
    from weights_registry.header import read_checkpoint

    checkpoint = replace(CHECKPOINT, description="a special one")
    read_parameters(_torch_save(TENSORS, tmp_path / "fine.pth"), checkpoint)
    [copy] = own_cache.rglob("*.safetensors")
    assert read_checkpoint(copy).description == "a special one"
