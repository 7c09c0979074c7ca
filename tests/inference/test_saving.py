"""Saving: one file that describes itself, whole or not at all."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from weights_registry import Weights, save
from weights_registry.header import read_checkpoint, verify_data

RECORD = replace(Weights.ImageNet1K_V1.checkpoint, num_params=6)


class Tied(nn.Module):
    """Two names for one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 3, bias=False)
        self.second = nn.Linear(2, 3, bias=False)
        self.second.weight = self.first.weight


def test_a_model_is_saved_with_its_record(tmp_path: Path) -> None:
    model = nn.Linear(2, 3, bias=False)
    path = save(model, tmp_path / "linear.safetensors", RECORD)
    assert torch.equal(load_file(path)["weight"], model.weight)
    assert read_checkpoint(path).id == RECORD.id
    assert verify_data(path) is not None


def test_tied_and_strided_tensors_are_saved_in_full(tmp_path: Path) -> None:
    model = Tied()
    saved = load_file(save(model, tmp_path / "tied.safetensors", RECORD))
    assert torch.equal(saved["first.weight"], saved["second.weight"])
    strided = {"weight": torch.arange(6.0).reshape(2, 3).t()}
    assert torch.equal(load_file(save(strided, tmp_path / "t.safetensors", RECORD))["weight"], strided["weight"])


def test_a_record_of_another_model_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="8 parameters but its record says 6"):
        save(nn.Linear(2, 4, bias=False), tmp_path / "linear.safetensors", RECORD)
    assert not list(tmp_path.iterdir())


def test_saving_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    tensors = {"weight": torch.arange(6.0), "bias": torch.ones(2)}
    record = replace(RECORD, description="\u00fcml\u00e4ut \u4e2d \u007f \x01 \n \U0001f408")
    files = {save(tensors, tmp_path / f"{index}.safetensors", record).read_bytes() for index in range(8)}
    assert len(files) == 1
    assert read_checkpoint(tmp_path / "0.safetensors").description == record.description


def test_the_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    path = save({"weight": torch.zeros(6)}, tmp_path / "a.safetensors", RECORD)
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_is_not_there_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        save({"weight": torch.zeros(6)}, tmp_path / "nowhere" / "a.safetensors", RECORD)


KILLED = """
import os, signal, sys, torch
from pathlib import Path
from weights_registry import Weights, save
from weights_registry.inference import saving
saving._enter_digest = lambda part: os.kill(os.getpid(), signal.SIGKILL)
save({"weight": torch.ones(6)}, sys.argv[1], Weights.ImageNet1K_V1.checkpoint)
"""


def test_a_process_killed_while_saving_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = save({"weight": torch.zeros(6)}, tmp_path / "a.safetensors", RECORD)
    before = path.read_bytes()
    run = subprocess.run([sys.executable, "-c", KILLED, os.fspath(path)], check=False)
    assert run.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
