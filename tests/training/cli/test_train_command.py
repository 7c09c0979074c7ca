"""`reproduce-weights NAME --data DIR`, as a user meets it: from pictures to a file that the registry predicts with."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.tiny_runs import TINY, train_tiny
from tests.training.train_words import SMALL, train_words
from training.cli import main
from training.runs.ending import CARD
from training.runs.export import FILE
from training.runs.runlog import NAME, RunLog
from weights_registry.cli import main as registry
from weights_registry.user_catalog import CATALOG_VARIABLE, catalog_entries


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CATALOG_VARIABLE, str(tmp_path / "catalog"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def test_from_pictures_to_a_file_that_predicts_and_is_verified(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert main(train_words(data, "--output", str(run))) == 0
    told = capsys.readouterr()
    assert told.out.splitlines() == [str(run / FILE)]
    assert "epoch 2/2  loss" in told.err
    assert "pictures/s" in told.err
    (added,) = catalog_entries()
    name = added.checkpoint.id
    assert (name, added.checkpoint.url) == (f"{added.checkpoint.recipe}-seed0", (run / FILE).as_uri())
    assert f"weights-registry predict PHOTO --weights {name}" in told.err
    photo = str(data / "val" / "red" / "000.png")
    assert registry(["predict", photo, "--weights", name, "--device", "cpu", "--json"]) == 0
    assert "blue" in capsys.readouterr().out
    curves = json.loads((run / "evidence" / "training-curves.json").read_text())
    assert curves["data"]["epoch"] == [1, 2]
    assert (run / "evidence" / "training-curves.png").read_bytes().startswith(b"\x89PNG")
    assert main(["verify", str(run), "--data", str(data), "--device", "cpu", "--workers", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["holds"] is True


def test_the_same_command_once_more_resumes_and_finds_it_done(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = train_words(data, "--output", str(tmp_path / "run"))
    assert main(words) == 0
    before = (tmp_path / "run" / FILE).read_bytes()
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "Nothing is left to train: all epochs, 2, are done." in told
    assert "Resumed" not in told
    assert (tmp_path / "run" / FILE).read_bytes() == before
    assert len(catalog_entries()) == 1
    assert main([*words, "--seed", "1"]) == 1
    assert "another seed: give the settings it was begun with, or another `--output`" in capsys.readouterr().err


def test_a_run_whose_snapshots_were_removed_to_free_space_is_done_all_the_same(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    words = train_words(data, "--output", str(run))
    assert main(words) == 0
    kept = {name: (run / name).read_bytes() for name in (FILE, NAME, CARD)}
    for snapshot in run.glob("*.snapshot"):
        snapshot.unlink()
    assert main(words) == 0
    assert "epoch 1/2" not in capsys.readouterr().err.partition("Nothing is left to train")[2]
    for more, told in (
        (("--set", "lr=0.1"), "no snapshot to go on from. Give another `--output`"),
        (("--seed", "1"), "no snapshot to go on from. Give another `--output`"),
        (("--choose", "best"), "no snapshot is left to export its weights from; it has another `model.safetensors`"),
        (("--licence", "MIT"), "no snapshot is left to export its weights from; it has another `model.safetensors`"),
    ):
        assert main([*words, *more]) == 1
        assert told in capsys.readouterr().err
    assert {name: (run / name).read_bytes() for name in kept} == kept
    (run / FILE).unlink()
    assert main(words) == 1
    assert (run / NAME).read_bytes() == kept[NAME]


def test_the_size_of_a_world_without_a_place_in_it_is_no_size(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")  # as scripts for a scheduler export it
    assert main(train_words(data, "--output", str(tmp_path / "run"), "--no-catalog")) == 0
    header, _ = RunLog(tmp_path / "run").read()
    assert (header["batch"]["num_gpus"], header["batch"]["accumulation_steps"]) == (1, 2)


def test_without_an_output_the_run_has_a_folder_of_its_own(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(train_words(data, "--seed", "7")) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.startswith("registry-resnet8-w4-v2+")
    assert folder.name.endswith("-seed7")


def test_a_dry_run_plans_measures_and_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(train_words(data, "--dry-run")) == 0
    told = capsys.readouterr().out
    assert "on 24 pictures of colours" in told
    assert "1 x 4 x 2 accumulated" in told
    assert "training alone, at" in told
    assert [path.name for path in tmp_path.iterdir() if path.name != "catalog"] == ["colours"]
    assert catalog_entries() == []


def test_the_result_goes_into_the_catalog_under_the_name_that_is_asked_for_or_not_at_all(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = train_words(data, "--output", str(tmp_path / "run"))
    assert main([*words, "--no-catalog"]) == 0
    assert catalog_entries() == []
    assert f"--weights {tmp_path / 'run' / FILE}" in capsys.readouterr().err
    for _ in range(2):  # once more: the same file under the same name
        assert main([*words, "--catalog-name", "my-team/colours"]) == 0
    assert [entry.checkpoint.id for entry in catalog_entries()] == ["my-team/colours"]
    taken = [*words, "--seed", "1", "--output", str(tmp_path / "other"), "--catalog-name", "My-Team/Colours"]
    assert main(taken) == 1
    assert "the catalog has `My-Team/Colours` already, the file" in capsys.readouterr().err
    assert not (tmp_path / "other").exists(), "it is told before anything is trained"
    assert main([*words, "--catalog-name", "resnet50"]) == 1
    assert "comes with a package" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["resnet50/v3", "--data", "x"], 2, "the closest are `resnet50/v2`"),
        (["resnet50/v2"], 2, "--data"),
        (["train", "resnet50/v2", "--data", "nowhere"], 1, "`nowhere` is not a folder"),
        (["verify", "nowhere", "--data", "x"], 1, "holds no run"),
        (["resnet50/v2", "--data", "fashion-mnist:nowhere"], 1, "apt-get install dataset-fashion-mnist"),
        (["resnet50/v2", "--data", "x", "--set", "lrr=1"], 2, "did you mean `lr`?"),
        (["resnet50/v2", "--data", "x", "--batch-size-per-gpu", "100"], 2, "does not divide that"),
        (["resnet50/v2", "--data", "x", "--seed", "-1"], 2, "must be a whole number from 0 up, not `-1`"),
        (["resnet50/v2", "--data", "x", "--seed", "9" * 23], 2, "must be a whole number up to 9223372036854775807"),
    ],
)
def test_a_wrong_call_is_answered_with_its_status(
    words: list[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == status
    found = capsys.readouterr()
    assert told in found.err
    assert "Traceback" not in found.err


def test_a_set_that_does_not_fill_a_step_is_told_before_anything_is_written(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(train_words(data, "--set", "num_gpus=64", settings=SMALL[:3] + SMALL[4:])) == 1
    told = capsys.readouterr().err
    assert "a step takes 256 pictures and the training set has 24" in told
    assert "`--batch-size-per-gpu N --lr-rule linear`" in told
    assert not (tmp_path / "runs").exists()


def test_ctrl_c_while_the_data_set_is_opened_is_no_traceback(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*args: Any, **kwargs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("training.data.dataset.open_split", interrupted)
    assert main(train_words(data)) == 128 + signal.SIGINT
    assert capsys.readouterr().err == "reproduce-weights: interrupted\n"


def test_a_path_that_stdout_cannot_hold_is_printed_with_escapes(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "caf\xe9"
    train_tiny(data, run, recipe=replace(TINY, epochs=2))
    done = subprocess.run(
        [sys.executable, "-m", "training.cli", "curves", str(run)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert rb"caf\xe9/evidence/training-curves.png" in done.stdout


def test_its_help_is_a_tutorial(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    told = capsys.readouterr().out
    assert told.count("  reproduce-weights ") == 3
    for word in ("fashion-mnist", "torchvision:CIFAR10:DIR", "--shutdown-timeout", "--dry-run", "resumes"):
        assert word in told
    assert "torchrun --no-python --nproc_per_node=8 reproduce-weights resnet50/v2" in told
