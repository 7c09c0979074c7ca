"""A run on a GPU repeats itself to the byte where that is asked for, and is the same run under torchrun."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import weights_registry
from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import same, stopped_after, weights
from tests.training.tiny_runs import open_tiny, train_tiny
from tests.training.train_words import SMALL
from training.distributed import Process
from training.runs.export import FILE

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


@pytest.fixture
def options(gpu: torch.device) -> dict[str, Any]:
    return {"process": Process(device=gpu), "device": "cuda", "deterministic": True, "num_workers": 2}


def test_a_deterministic_run_repeats_itself_and_resumes_to_the_same_bytes(
    data: Path, tmp_path: Path, options: dict[str, Any]
) -> None:
    train_tiny(data, tmp_path / "one", **options)
    train_tiny(data, tmp_path / "two", **options)
    assert same(weights(tmp_path / "one"), weights(tmp_path / "two"))
    assert not stopped_after(open_tiny(data, tmp_path / "halted", **options), 4)
    torch.manual_seed(1)
    train_tiny(data, tmp_path / "halted", **options)
    assert same(weights(tmp_path / "one"), weights(tmp_path / "halted"))


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_the_command_ends_with_the_same_file_by_itself_and_under_torchrun(data: Path, tmp_path: Path) -> None:
    changes = [word for setting in (*SMALL, "amp=bfloat16") for word in ("--set", setting)]
    words = ["-m", "training.cli", "resnet50/v2", "--data", str(data), *changes, "--device", "cuda"]
    words += ["--deterministic", "--workers", "1", "--no-catalog", "--output"]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=1"]
    files = []
    for name, started_by in (("alone", []), ("torchrun", torchrun)):
        output = tmp_path / name
        done = subprocess.run(
            [sys.executable, *started_by, *words, str(output)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        files.append((output / FILE).read_bytes())
    assert files[0] == files[1]
    loaded = weights_registry.load(tmp_path / "alone" / FILE, device="cuda")
    assert next(loaded.model.parameters()).is_cuda
