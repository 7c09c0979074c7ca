"""A run begins, goes on or is done by what its folder holds, alone in it, and replaces nothing of another's."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import log_of, same, stopped_after, weights
from tests.training.tiny_runs import TINY, open_tiny, tiny_settings, train_tiny
from training import RunError, fit
from training.data.dataset import open_data_set
from training.distributed import Process
from training.runs.export import export
from training.runs.locking import FolderLock
from training.runs.opening import open_run
from training.runs.run import train
from training.runs.runlog import NAME
from training.runs.stopping import StopWish

HOLD = """
import os, sys
from pathlib import Path
from training.runs.locking import FolderLock
lock = FolderLock(Path(sys.argv[1]))
assert lock.take()
if os.fork() == 0:  # as the workers that read pictures
    sys.stdin.read()
    os._exit(0)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the folder `run`, with a child."""
    (tmp_path / "run").mkdir()
    words = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_without_snapshots_a_run_that_did_epochs_is_never_begun_over(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run")
    export(tmp_path / "run")
    for snapshot in (tmp_path / "run").glob("*.snapshot"):
        snapshot.unlink()
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.name != "run.lock"}
    with pytest.raises(RunError, match=r"log of a run that did 3 epochs, and no snapshot .* remove `.*run\.jsonl`"):
        open_tiny(data, tmp_path / "run", recipe=replace(TINY, lr=0.1))
    assert {name: (tmp_path / "run" / name).read_bytes() for name in before} == before
    (tmp_path / "run" / NAME).unlink()
    train_tiny(data, tmp_path / "run", recipe=replace(TINY, lr=0.1))


def test_without_snapshots_a_run_that_is_done_is_not_trained_again_and_its_file_serves(
    data: Path, tmp_path: Path
) -> None:
    train_tiny(data, tmp_path / "run")
    before = export(tmp_path / "run")
    log = (tmp_path / "run" / NAME).read_bytes()
    for snapshot in (tmp_path / "run").glob("*.snapshot"):
        snapshot.unlink()
    content = before.path.read_bytes()
    train_tiny(data, tmp_path / "run")
    assert (tmp_path / "run" / NAME).read_bytes() == log
    assert export(tmp_path / "run") == before
    assert before.path.read_bytes() == content
    with pytest.raises(RunError, match="no snapshot is left to export its weights from; it has another"):
        export(tmp_path / "run", choice="best")


def test_killed_before_its_first_last_snapshot_it_goes_on_from_the_best(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny(data, tmp_path / "whole")
    assert not stopped_after(open_tiny(data, tmp_path / "run"), 4)
    for name in ("last", "previous"):
        (tmp_path / "run" / f"{name}.snapshot").unlink()
    assert len(log_of(tmp_path / "run")) == 2
    capsys.readouterr()
    train_tiny(data, tmp_path / "run")
    assert "Resumed at epoch 2, step 0." in capsys.readouterr().err
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "run"))
    assert len(log_of(tmp_path / "run")) == 4


def test_a_run_that_was_stopped_in_its_first_epoch_without_a_snapshot_begins_anew(data: Path, tmp_path: Path) -> None:
    open_tiny(data, tmp_path / "run")
    train_tiny(data, tmp_path / "run", seed=1)
    assert len(log_of(tmp_path / "run")) == 1 + TINY.epochs


def test_two_processes_never_train_in_one_folder_and_a_killed_one_frees_it_at_once(
    data: Path, tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    with pytest.raises(RunError, match=rf"run` is in use: process {holder.pid} on `.*` trains a run there\. Wait for"):
        open_tiny(data, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.lock"]
    holder.kill()
    holder.wait()
    run = open_tiny(data, tmp_path / "run")
    assert (tmp_path / "run" / "run.lock").read_text().startswith(f"process {os.getpid()} on ")
    assert train(run, StopWish())
    del run
    assert not (tmp_path / "run" / "run.lock").exists()


def test_where_there_are_no_locks_that_is_said_once_and_the_run_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*arguments: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.lockf", refuse)
    train_tiny(data, tmp_path / "run")
    assert capsys.readouterr().err.count("cannot be locked: see that no other run uses it") == 1
    assert not (tmp_path / "run" / "run.lock").exists()


def test_a_lock_whose_file_was_removed_in_between_is_taken_anew(tmp_path: Path) -> None:
    first, second = FolderLock(tmp_path), FolderLock(tmp_path)
    assert first.take()
    first.path.unlink()
    assert second.take()
    assert second.take(), "once more is the same"
    first.release()
    assert second.path.exists()
    second.release()
    assert not second.path.exists()


def test_a_recipe_that_was_fitted_to_other_processes_is_refused(data: Path, tmp_path: Path) -> None:
    fitted = fit(TINY, num_gpus=2, batch_size_per_gpu=4)
    alone = Process(device=torch.device("cpu"))
    with pytest.raises(RunError, match=r"fitted to 2 processes, and 1 are there: .* torchrun"):
        open_run(fitted, tiny_settings(data, tmp_path / "run"), open_data_set(str(data)), alone)
    assert not (tmp_path / "run").exists()
