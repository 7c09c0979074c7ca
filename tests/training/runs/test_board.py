"""TensorBoard shows each step of a run once, also of one that was stopped and resumed, and is missed politely."""

import sys
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import stopped_after
from tests.training.tiny_runs import open_tiny
from tests.training.train_words import train_words
from training import RunError
from training.cli import main
from training.runs.board import require_tensorboard, shown_on_board
from training.runs.run import train
from training.runs.runlog import RunLog
from training.runs.stopping import StopWish

STEPS_PER_EPOCH = 3


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return {tag: [(each.step, each.value) for each in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def test_every_epoch_and_the_pace_within_are_written(data: Path, tmp_path: Path) -> None:
    run = open_tiny(data, tmp_path / "run", hold_out=0)
    with shown_on_board(run, tmp_path / "board"):
        assert train(run, StopWish())
    shown = scalars(tmp_path / "board")
    _, epochs = RunLog(tmp_path / "run").read()
    ends = [STEPS_PER_EPOCH * (epoch["epoch"] + 1) for epoch in epochs]
    for tag, values in {
        "epoch/loss": [epoch["loss"] for epoch in epochs],
        "epoch/lr": [epoch["lr"] for epoch in epochs],
        "val/acc1 of average": [epoch["scores"]["val"]["average"]["acc1"] for epoch in epochs],
    }.items():
        assert [step for step, _ in shown[tag]] == ends
        assert [value for _, value in shown[tag]] == pytest.approx(values)
    assert [step for step, _ in shown["pace/loss"]] == [2, 3, 5, 6, 8, 9]
    assert all(value > 0 for _, value in shown["pace/images_per_second"])


@pytest.mark.parametrize("num_steps", [1, 3, 4])
def test_a_run_that_was_stopped_killed_and_resumed_shows_each_step_once(
    data: Path, tmp_path: Path, num_steps: int
) -> None:
    whole, board = tmp_path / "whole board", tmp_path / "board"
    run = open_tiny(data, tmp_path / "whole")
    with shown_on_board(run, whole):
        train(run, StopWish())
    run = open_tiny(data, tmp_path / "run")
    with shown_on_board(run, board):
        assert not stopped_after(run, num_steps)
    saved = (tmp_path / "run" / "last.snapshot").read_bytes()
    run = open_tiny(data, tmp_path / "run")
    with shown_on_board(run, board):
        stopped_after(run, 3)
    # As after a kill: the board knows of steps that the last snapshot does not.
    (tmp_path / "run" / "last.snapshot").write_bytes(saved)
    run = open_tiny(data, tmp_path / "run")
    with shown_on_board(run, board):
        assert train(run, StopWish())
    found, expected = scalars(board), scalars(whole)
    for tag in ("epoch/loss", "val/acc1 of average", "val/acc5 of model"):
        assert found[tag] == expected[tag]
    steps = [step for step, _ in found["pace/loss"]]
    assert steps == sorted(set(steps))
    # Stopped at the very end of an epoch it takes back that step's pace together with what its evaluation gave.
    assert {step for step, _ in expected["pace/loss"]} - set(steps) <= {num_steps}


def test_without_a_folder_nothing_is_followed(data: Path, tmp_path: Path) -> None:
    run = open_tiny(data, tmp_path / "run")
    before = run.progress
    with shown_on_board(run, None):
        assert run.progress is before


def test_where_it_is_not_installed_it_is_told_how_to_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "tensorboard", raising=False)
    monkeypatch.setattr(sys, "path", [])  # what is imported already stays; nothing else is found
    with pytest.raises(RunError, match=r"pip install 'weights-registry\[tensorboard\]'"):
        require_tensorboard()
    assert main(["resnet50/v2", "--data", str(tmp_path), "--tensorboard", str(tmp_path / "board")]) == 1
    assert "pip install" in capsys.readouterr().err


def test_the_board_is_a_flag_of_the_command(data: Path, tmp_path: Path) -> None:
    words = train_words(data, "--output", str(tmp_path / "run"), "--tensorboard", str(tmp_path / "board"))
    assert main([*words, "--no-catalog"]) == 0
    assert len(scalars(tmp_path / "board")["epoch/loss"]) == 2
