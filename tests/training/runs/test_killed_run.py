"""Processes that are really killed, really told to stop and really several: the run ends with the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.training.data_folders import write_data_folder
from tests.training.processes import ENVIRONMENT, ROOT, TORCHRUN, ended
from tests.training.tiny_runs import TINY, train_tiny
from training.runs.runlog import RunLog
from training.runs.snapshots import SnapshotFolder, read

SCRIPT = ["-m", "tests.training.tiny_runs"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """The weights of a run in one process that nothing disturbed."""
    output = tmp_path_factory.mktemp("whole")
    torch.set_num_threads(1)
    train_tiny(data, output)
    return weights(output)


def weights(output: Path) -> dict[str, torch.Tensor]:
    content = read(output / "last.snapshot")
    assert content["position"] == {"epoch": TINY.epochs, "num_steps": 0}
    return {f"{part}.{name}": each for part in ("network", "average") for name, each in content[part].items()}


def assert_same_parameters(found: dict[str, torch.Tensor], whole: dict[str, torch.Tensor]) -> None:
    """Of two processes and of one that accumulates: parameters see the gradients of all batches.

    Batch statistics are those of the first process's batches.
    """
    for name in whole:
        if name.startswith("network.") and name.endswith(("weight", "bias")):
            assert torch.allclose(found[name].float(), whole[name].float(), atol=1e-5), name


def start(data: Path, output: Path, *, num_workers: int = 0) -> subprocess.Popen[str]:
    words = [sys.executable, *SCRIPT, str(data), str(output), str(num_workers)]
    # A group of its own, as a terminal or a scheduler makes one.
    return subprocess.Popen(words, env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)


def wait_for_snapshot(output: Path, process: subprocess.Popen[str], num_steps: int) -> None:
    """Return once a snapshot of so many steps is there, or the process has ended."""
    while process.poll() is None:
        content, _ = SnapshotFolder(output).latest() if output.exists() else (None, ())
        if content is not None and content["position"]["epoch"] * 3 + content["position"]["num_steps"] >= num_steps:
            return
        time.sleep(0.01)


def test_killed_three_times_mid_epoch_and_resumed_it_ends_with_the_same_bytes(
    data: Path, tmp_path: Path, whole: dict[str, torch.Tensor]
) -> None:
    num_killed = 0
    for num_steps in (1, 4, 6):
        process = start(data, tmp_path / "run", num_workers=num_steps % 2)
        wait_for_snapshot(tmp_path / "run", process, num_steps)
        process.kill()
        process.communicate()
        num_killed += process.returncode == -signal.SIGKILL
    assert num_killed >= 2, "the run was over before it could be killed"
    process = start(data, tmp_path / "run")
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    assert "Resumed at epoch" in told
    found = weights(tmp_path / "run")
    assert found.keys() == whole.keys()
    assert all(torch.equal(found[name], whole[name]) for name in whole)
    assert not list((tmp_path / "run").glob(".*"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_together_with_its_workers_it_saves_and_exits(
    data: Path, tmp_path: Path, whole: dict[str, torch.Tensor], number: signal.Signals
) -> None:
    process = start(data, tmp_path / "run", num_workers=1)
    wait_for_snapshot(tmp_path / "run", process, 1)
    os.killpg(process.pid, number)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 128 + number, told
    assert "Traceback" not in told
    train_tiny(data, tmp_path / "run")
    found = weights(tmp_path / "run")
    assert all(torch.equal(found[name], whole[name]) for name in whole)


@pytest.mark.parametrize("told", ["torchrun", "one process"])
def test_two_processes_asked_to_stop_agree_on_the_step_save_and_go_on(
    data: Path, tmp_path: Path, whole: dict[str, torch.Tensor], told: str
) -> None:
    words = [*TORCHRUN, *SCRIPT, str(data), str(tmp_path / "run"), "0"]
    started = subprocess.Popen(
        words, env=ENVIRONMENT, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for_snapshot(tmp_path / "run", started, 1)
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    os.kill(started.pid if told == "torchrun" else int(children[-1]), signal.SIGTERM)
    _, said = started.communicate(timeout=300)
    assert started.returncode != 0
    assert "epoch 3/3  loss" not in said, "the run was over before it could be stopped"
    for number in range(2):  # also the one that no signal reached: it does not wait for the other for ever, nor break
        assert f"process {number} stopped" in said
    content, damaged = SnapshotFolder(tmp_path / "run").latest()
    assert content is not None
    assert not damaged
    done = ended(words)
    assert done.returncode == 0, done.stderr
    assert "Resumed at epoch" in done.stderr
    assert_same_parameters(weights(tmp_path / "run"), whole)


def test_two_processes_train_on_the_batches_of_one_that_accumulates(
    data: Path, tmp_path: Path, whole: dict[str, torch.Tensor]
) -> None:
    done = ended([*TORCHRUN, *SCRIPT, str(data), str(tmp_path / "run"), "0"])
    assert done.returncode == 0, done.stderr
    assert_same_parameters(weights(tmp_path / "run"), whole)
    assert read(tmp_path / "run" / "best.snapshot")["best"] is not None
    assert done.stderr.count("epoch 3/3") == 1, "one process talks"
    for epoch in RunLog(tmp_path / "run").read()[1]:
        assert epoch["scores"]["val"]["model"]["num_images"] == 9, "an odd number of pictures, and none twice"
