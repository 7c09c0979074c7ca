"""Pictures to measure on that cannot be read are named, counted and limited; a network without answers has no epoch."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import log_of
from tests.training.tiny_runs import TINY, open_tiny, train_tiny
from training import LossDiverged, TooManyUnreadable
from training.runs.run import train
from training.runs.snapshots import SnapshotFolder
from training.runs.stopping import StopWish


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def damage(data: Path, *places: str) -> None:
    for place in places:
        (data / place).write_bytes(b"\x89PNG\r\n\x1a\n cut short")


def test_each_is_named_once_and_counted_in_every_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(data, "val/green/001.png", "val/red/000.png", "val/red/002.png")
    train_tiny(data, tmp_path / "run")
    told = capsys.readouterr().err
    assert told.count("3 pictures of val cannot be read: ") == 1
    for name in ("green/001.png", "red/000.png", "red/002.png"):
        assert told.count(f"`{name}`") == 1
    for record in log_of(tmp_path / "run")[1:]:
        for scores in record["scores"]["val"].values():
            assert (scores["num_images"], scores["num_unreadable"]) == (6, 3)


def test_more_than_the_limit_in_any_split_end_the_run_before_its_first_epoch_is_logged(
    data: Path, tmp_path: Path
) -> None:
    damage(data, "val/green/001.png", "val/red/000.png", "val/red/002.png")
    train_tiny(data, tmp_path / "borne", max_unreadable=3, recipe=replace(TINY, epochs=2))
    for limit in (0, 2):
        with pytest.raises(TooManyUnreadable, match=rf"3 pictures of val cannot be read, and the limit is {limit}: "):
            train_tiny(data, tmp_path / f"limit {limit}", max_unreadable=limit)
        assert len(log_of(tmp_path / f"limit {limit}")) == 1


def test_those_of_two_splits_are_not_counted_together(data: Path, tmp_path: Path) -> None:
    damage(data, "val/green/001.png", "train/red/000.png")
    train_tiny(data, tmp_path / "run", max_unreadable=1, hold_out=6, recipe=replace(TINY, repeated_augmentations=1))


def test_an_epoch_of_one_step_after_which_the_network_answers_nan_is_neither_logged_nor_saved(
    data: Path, tmp_path: Path
) -> None:
    recipe = replace(TINY, lr=1e30, epochs=1, warmup_epochs=0, warmup_start_factor=None, batch_size_per_gpu=12)
    run = open_tiny(data, tmp_path / "run", recipe=recipe)
    assert run.learner.steps_per_epoch == 1
    with pytest.raises(LossDiverged, match="of 9 pictures with NaN or infinity"):
        train(run, StopWish())
    assert len(log_of(tmp_path / "run")) == 1
    assert SnapshotFolder(tmp_path / "run").latest() == (None, ())
    assert not (tmp_path / "run" / "best.snapshot").exists()
