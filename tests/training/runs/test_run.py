"""A run learns, can be stopped anywhere, goes on to the same bytes, and says what went wrong."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.data_folders import write_data_folder
from tests.training.full_disk import full_disk
from tests.training.partial_runs import log_of, same, stopped_after, weights
from tests.training.tiny_runs import TINY, open_tiny, train_tiny
from training import LossDiverged, RunError, TooManyUnreadable
from training.runs.progress import Silence
from training.runs.run import train
from training.runs.snapshots import read
from training.runs.stopping import StopWish


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def test_a_run_learns_to_tell_colours_apart(data: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, epochs=12, auto_augment=None, random_erasing=0.0, mixup_alpha=0.0, cutmix_alpha=0.0)
    train_tiny(data, tmp_path / "run", recipe=recipe)
    header, *epochs = log_of(tmp_path / "run")
    assert len(epochs) == 12
    assert epochs[-1]["loss"] < epochs[0]["loss"]
    assert max(epoch["scores"]["val"]["average"]["acc1"] for epoch in epochs) > 60
    assert header["recipe"]["id"] == recipe.id


@pytest.mark.parametrize("num_steps", [1, 2, 3, 4, 6, 8])
def test_stopped_after_any_step_and_resumed_it_ends_with_the_same_bytes(
    data: Path, tmp_path: Path, num_steps: int
) -> None:
    train_tiny(data, tmp_path / "whole")
    assert not stopped_after(open_tiny(data, tmp_path / "halted"), num_steps)
    torch.manual_seed(num_steps)  # whatever the process did in between
    train_tiny(data, tmp_path / "halted")
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "halted"))
    told = [
        [
            {name: each for name, each in epoch.items() if "second" not in name and name != "waiting_share"}
            for epoch in log
        ]
        for log in (log_of(tmp_path / "whole")[1:], log_of(tmp_path / "halted")[1:])
    ]
    assert told[0] == told[1]


def test_another_seed_is_another_run_and_the_same_seed_the_same(data: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        train_tiny(data, tmp_path / name, seed=seed)
    assert same(weights(tmp_path / "one"), weights(tmp_path / "again"))
    assert not same(weights(tmp_path / "one"), weights(tmp_path / "other"))


def test_the_number_of_workers_changes_nothing(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "none")
    train_tiny(data, tmp_path / "two", num_workers=2)
    assert same(weights(tmp_path / "none"), weights(tmp_path / "two"))


def test_deterministic_kernels_are_asked_for_during_the_run_and_no_longer(data: Path, tmp_path: Path) -> None:
    seen = []

    class Watching(Silence):
        def epoch_done(self, record: Mapping[str, Any]) -> None:
            seen.append(torch.are_deterministic_algorithms_enabled())

    run = open_tiny(data, tmp_path / "one", deterministic=True, recipe=replace(TINY, epochs=2))
    run.progress = Watching()
    assert train(run, StopWish())
    assert seen == [True, True]
    assert not torch.are_deterministic_algorithms_enabled()
    train_tiny(data, tmp_path / "two", deterministic=True, recipe=replace(TINY, epochs=2))
    assert same(weights(tmp_path / "one"), weights(tmp_path / "two"))


def test_a_finished_run_is_left_as_it_is(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run")
    before = weights(tmp_path / "run")
    train_tiny(data, tmp_path / "run")
    assert same(weights(tmp_path / "run"), before)
    assert len(log_of(tmp_path / "run")) == 1 + TINY.epochs


def test_another_run_in_the_same_folder_is_refused_and_what_differs_is_named(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run")
    with pytest.raises(RunError, match="has another recipe, seed: "):
        open_tiny(data, tmp_path / "run", recipe=replace(TINY, lr=0.1), seed=1)
    (data / "val" / "blue" / "000.png").unlink()
    with pytest.raises(RunError, match="has another data: "):
        open_tiny(data, tmp_path / "run")


def test_a_loss_that_is_no_number_stops_the_run_and_is_never_saved(data: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, lr=1e30, warmup_epochs=0, warmup_start_factor=None)
    run = open_tiny(data, tmp_path / "run", recipe=recipe, snapshot_every_steps=1)
    with pytest.raises(
        LossDiverged, match=r"the loss was `(nan|inf)` at step [23] of epoch 1, with learning rate 1e\+30"
    ):
        train(run, StopWish())
    last = tmp_path / "run" / "last.snapshot"
    assert not last.exists() or read(last)["totals"]["loss"] < float("inf")


def test_a_damaged_last_snapshot_costs_some_steps_and_no_byte(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny(data, tmp_path / "whole")
    assert not stopped_after(open_tiny(data, tmp_path / "halted", snapshot_every_steps=1), 5)
    last = tmp_path / "halted" / "last.snapshot"
    last.write_bytes(last.read_bytes()[:-100])
    capsys.readouterr()
    train_tiny(data, tmp_path / "halted")
    assert "was cut short or changed. The one before is used." in capsys.readouterr().err
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "halted"))


def test_a_full_disk_is_said_and_the_run_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = open_tiny(data, tmp_path / "run")
    with full_disk():
        assert train(run, StopWish())
    assert "The snapshot could not be saved" in capsys.readouterr().err
    assert not (tmp_path / "run" / "last.snapshot").exists()
    assert len(log_of(tmp_path / "run")) == 1 + TINY.epochs


def test_damaged_pictures_are_named_and_counted_until_the_limit(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in ("train/blue/000.png", "train/red/003.png", "val/green/001.png"):
        (data / place).write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    train_tiny(data, tmp_path / "run", recipe=replace(TINY, repeated_augmentations=1))
    told = capsys.readouterr().err
    assert told.count("Passed over: `blue/000.png`") == 1
    assert "1 pictures of val cannot be read: `green/001.png`" in told
    last = log_of(tmp_path / "run")[-1]
    assert last["num_unreadable"] == 2
    assert last["scores"]["val"]["model"]["num_images"] == 8
    with pytest.raises(TooManyUnreadable, match="and the limit is 1"):
        train_tiny(data, tmp_path / "other", recipe=replace(TINY, repeated_augmentations=1), max_unreadable=1)


def test_names_of_any_bytes_and_links_that_lead_nowhere_end_no_run(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "train" / "blue" / os.fsdecode(b"\xff.png")).symlink_to("nowhere")
    (data / "val" / "red" / os.fsdecode(b"\xfe.png")).symlink_to("nowhere")
    train_tiny(data, tmp_path / "run", recipe=replace(TINY, repeated_augmentations=1, epochs=4))
    told = capsys.readouterr().err
    assert r"Passed over: `blue/\udcff.png` cannot be used: there is no such file" in told
    assert r"1 pictures of val cannot be read: `red/\udcfe.png`" in told
    assert log_of(tmp_path / "run")[-1]["num_unreadable"] == 1
    train_tiny(data, tmp_path / "run", recipe=replace(TINY, repeated_augmentations=1, epochs=4))


def test_the_best_epoch_is_the_earliest_with_the_highest_accuracy_of_the_average(data: Path, tmp_path: Path) -> None:
    run = train_tiny(data, tmp_path / "run", recipe=replace(TINY, epochs=6))
    header, *epochs = log_of(tmp_path / "run")
    reached = [epoch["scores"]["val"]["average"]["acc1"] for epoch in epochs]
    best = reached.index(max(reached))
    assert read(tmp_path / "run" / "best.snapshot")["best"]["epoch"] == best
    assert run.memory.best is not None
    assert run.memory.best.epoch == best
    assert [epoch["epoch"] for epoch in epochs if epoch["is_best"]][-1] == best
    assert header["best_by"] == "acc@1 of the average on val, the earliest of several"


def test_with_pictures_held_out_the_best_is_chosen_by_those(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run", hold_out=6)
    header, *epochs = log_of(tmp_path / "run")
    assert header["data"]["num_train"] == 18
    assert header["best_by"].endswith("on held-out, the earliest of several")
    assert epochs[0]["scores"]["held-out"]["average"]["num_images"] == 6


def test_snapshots_of_every_so_many_epochs_stay(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run", keep_every_epochs=2)
    assert read(tmp_path / "run" / "epoch-0002.snapshot")["position"] == {"epoch": 2, "num_steps": 0}


@pytest.mark.parametrize("amp", ["bfloat16", "float16"])
def test_sixteen_bits_train_too_and_resume_to_the_same_bytes(data: Path, tmp_path: Path, amp: str) -> None:
    recipe = replace(TINY, amp=amp)  # type: ignore[arg-type]
    train_tiny(data, tmp_path / "whole", recipe=recipe)
    assert not stopped_after(open_tiny(data, tmp_path / "halted", recipe=recipe), 4)
    train_tiny(data, tmp_path / "halted", recipe=recipe)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "halted"))


def test_lamb_with_binary_cross_entropy_resumes_to_the_same_bytes(data: Path, tmp_path: Path) -> None:
    recipe = replace(
        TINY,
        optimizer="lamb",
        momentum=None,
        betas=(0.9, 0.999),
        eps=1e-6,
        lr=5e-3,
        grad_clip_norm=1.0,
        loss="bce",
        label_smoothing=0.1,
        bias_weight_decay=0.0,
        auto_augment="rand-m7-mstd0.5-inc1",
        zero_init_residual=True,
    )
    train_tiny(data, tmp_path / "whole", recipe=recipe)
    assert not stopped_after(open_tiny(data, tmp_path / "halted", recipe=recipe), 4)
    train_tiny(data, tmp_path / "halted", recipe=recipe)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "halted"))
