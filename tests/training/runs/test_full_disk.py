"""A disk that takes no snapshot: the run says what is true of it, keeps nothing under a false name, and trains on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.data_folders import write_data_folder
from tests.training.full_disk import full_disk
from tests.training.tiny_runs import open_tiny
from tests.training.train_words import train_words
from training import LossDiverged
from training.cli import main
from training.runs.epoch import LOOK_EVERY_S, steps_to_next_look
from training.runs.progress import Silence
from training.runs.run import train
from training.runs.snapshots import read
from training.runs.stopping import StopWish


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def test_that_there_is_no_snapshot_before_is_said_and_that_there_is_one_too(data: Path, tmp_path: Path) -> None:
    said = []

    class Full(Silence):
        def epoch_done(self, record: Mapping[str, Any]) -> None:
            fill(record["epoch"] != 1)  # of three, only the second epoch's end fits

        def say(self, sentence: str) -> None:
            said.append(sentence)

    run = open_tiny(data, tmp_path / "run")
    run.progress = Full()
    with full_disk() as fill:
        assert train(run, StopWish())
    told = [sentence for sentence in said if sentence.startswith("The snapshot could not be saved")]
    assert [sentence.rpartition("; ")[2] for sentence in told] == [
        "there is none before it.",
        "the one before it is kept.",
    ]
    assert said[0].startswith("The best snapshot could not be saved")
    assert said[0].endswith("; there is none before it.")
    assert not run.is_saved


def test_a_snapshot_that_is_kept_is_of_the_epoch_in_its_name(data: Path, tmp_path: Path) -> None:
    class Full(Silence):
        def epoch_done(self, record: Mapping[str, Any]) -> None:
            fill(record["epoch"] == 1)

    run = open_tiny(data, tmp_path / "run", keep_every_epochs=1)
    run.progress = Full()
    with full_disk() as fill:
        assert train(run, StopWish())
    kept = {path.name: read(path)["position"]["epoch"] for path in (tmp_path / "run").glob("epoch-*.snapshot")}
    assert kept == {"epoch-0001.snapshot": 1, "epoch-0003.snapshot": 3}


@pytest.mark.parametrize("is_full", [True, False])
def test_a_run_that_was_stopped_says_that_it_is_saved_only_if_it_is(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_full: bool
) -> None:
    @contextmanager
    def asked_at_once() -> Iterator[StopWish]:
        yield StopWish(signal=15)

    monkeypatch.setattr("training.runs.stopping.stop_wishes", asked_at_once)
    with full_disk() as fill:
        fill(is_full)
        assert main(train_words(data, "--output", str(tmp_path / "run"))) == 128 + 15
    told = capsys.readouterr().err
    assert ("could not be saved" in told) is is_full
    assert ("Stopped and saved in" in told) is not is_full
    assert ("Stopped, not saved; the same command goes on from the last snapshot" in told) is is_full
    assert (tmp_path / "run" / "last.snapshot").exists() is not is_full


def test_weights_that_are_no_numbers_are_not_saved_though_the_loss_was_one(data: Path, tmp_path: Path) -> None:
    run = open_tiny(data, tmp_path / "run", snapshot_every_steps=2)
    step, place = run.learner.step, next(iter(run.learner.network.parameters()))

    class Breaking:
        def __getattr__(self, name: str) -> Any:
            return getattr(learner, name)

        def step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            told = step(*args, **kwargs)
            if kwargs["step"] == 1:
                torch.nn.init.constant_(place, float("nan"))
            return told

    learner = run.learner
    run.learner = Breaking()  # type: ignore[assignment]
    with pytest.raises(LossDiverged, match="weights became NaN or infinity at step 2 of epoch 1, with learning rate"):
        train(run, StopWish())
    assert not (tmp_path / "run" / "last.snapshot").exists()


@pytest.mark.parametrize("seconds", [0.001, 0.2, 0.3, 2.0, 60.0])
def test_several_processes_ask_each_other_often_enough_to_stop_in_time(seconds: float) -> None:
    num_steps = steps_to_next_look(seconds, at_most=20)
    assert 1 <= num_steps <= 20
    assert num_steps * seconds <= LOOK_EVERY_S or num_steps == 1
    assert num_steps == 20 or (num_steps + 1) * seconds > LOOK_EVERY_S
    assert steps_to_next_look(0.0, at_most=20) == 1
