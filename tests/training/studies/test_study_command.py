"""`reproduce-weights study ...`, as a user meets it: real tiny runs, figures and charts in a folder, and resuming."""

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.training.data_folders import write_data_folder
from tests.training.tiny_runs import TINY, train_tiny
from training.cli import main
from training.cli.study import STUDIES
from training.data.pictures import FilePictures
from training.runs.export import FILE, export
from training.runs.runlog import RunLog
from training.studies.runs import read_result

SMALL = (
    "architecture=registry/resnet8-w4",
    "epochs=1",
    "warmup_epochs=0",
    "warmup_start_factor=none",
    "num_gpus=1",
    "batch_size_per_gpu=8",
    "train_crop_size=8",
    "inference.crop_size=8",
)
ON_CPU = ("--device", "cpu", "--workers", "0")


def settings(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="module")
def checkpoint(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a run that took a second."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    train_tiny(data, folder, recipe=replace(TINY, epochs=2))
    return export(folder).path


def study(*words: object, status: int = 0) -> None:
    assert main(["study", *map(str, words), *ON_CPU]) == status


def data_of(output: Path, name: str) -> dict[str, Any]:
    """What lies beside a chart; the chart itself is looked at too."""
    record = json.loads((output / f"{name}.json").read_text())
    assert record["title"]
    assert record["alt"]
    with Image.open(output / f"{name}.png") as picture:
        picture.load()
    found: dict[str, Any] = record["data"]
    return found


def test_resize_measures_once_and_is_analysed_again_from_what_lies_there(
    data: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("resize", checkpoint, "--data", data, "--sizes", "8..12:2", "--folds", "3", "--output", tmp_path / "out")
    study(*words, "--json")
    told = capsys.readouterr()
    printed = json.loads(told.out)
    assert printed == data_of(tmp_path / "out", "resize"), "what is printed is what is kept"
    assert told.err == ""
    assert [each["resize_size"] for each in printed["sizes"]] == [8, 10, 12]
    assert printed["num_images"] == 9
    assert printed["of"]["split"] == "val"
    own = next(each for each in printed["sizes"] if each["resize_size"] == 8)
    assert own["acc1"] == read_result(checkpoint.parent).acc1, "the study measures as the run did"

    def never(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("what is done was measured again")

    monkeypatch.setattr("training.data.pictures.FilePictures.read", never)
    study(*words, "--seed", "7")
    told = capsys.readouterr()
    assert "resize   acc@1" in told.out
    assert f"Written, with its figures as JSON beside it: `{tmp_path / 'out' / 'resize.png'}`" in told.err
    study(*words[:5], "8,9", *words[6:], status=1)
    assert "has another sizes" in capsys.readouterr().err


def test_fixres_knows_the_train_size_of_a_run_and_frames_the_best(
    data: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study("fixres", checkpoint, "--data", data / "val", "--sizes", "6,8,12", "--output", tmp_path)
    assert "registry/resnet8-w4/tiny" in capsys.readouterr().out
    found = data_of(tmp_path, "fixres")
    (row,) = found["rows"]
    assert (row["train_size"], row["own_size"]) == (8, 8)
    assert row["acc1"][1] == read_result(checkpoint.parent).acc1
    assert found == data_of(tmp_path, "fixres-curves")


@pytest.mark.parametrize("words", [("resize",), ("fixres",), ("kfold", "--preprocessing", "resize_size=12")])
def test_a_run_is_meant_by_its_folder(words: Sequence[str], data: Path, checkpoint: Path, tmp_path: Path) -> None:
    found = []
    for number, place in enumerate((checkpoint, checkpoint.parent)):
        study(words[0], place, *words[1:], "--data", data, "--output", tmp_path / str(number))
        found.append(data_of(tmp_path / str(number), words[0]))
    assert found[0] == found[1]


def test_kfold_of_two_preprocessings(
    data: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("kfold", checkpoint, "--data", data, "--folds", "3", "--output", tmp_path)
    study(*words, "--preprocessing", "resize_size=12", "interpolation=bicubic")
    assert "B: resize_size=12 interpolation=bicubic" in capsys.readouterr().out
    found = data_of(tmp_path, "kfold")
    assert [fold["num_images"] for fold in found["folds"]] == [3, 3, 3]
    assert found["a"] == "resize_size=8"
    changes = ("--preprocessing", "resize_size=12", "interpolation=bicubic")
    study("kfold", *changes, checkpoint, *words[2:])
    assert data_of(tmp_path, "kfold") == found, "the checkpoint may stand behind what changes"
    study(*words, "--preprocessing", status=2)
    capsys.readouterr()
    study(*words, "--preprocessing", "resize_size=8", status=2)
    assert "are the same: Convert to RGB" in capsys.readouterr().err
    study(*words, "--preprocessing", "resize_size=0", status=2)
    assert "`resize_size` must be a whole number of pixels" in capsys.readouterr().err


def test_kfold_of_two_recipes_trains_on_all_folds_but_one_and_resumes(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("kfold", "resnet50/rung-02", "resnet50/rung-06", "--data", data, "--folds", "2", *settings(*SMALL))
    study(*words, "--output", tmp_path)
    assert "epoch 1/1  loss" in capsys.readouterr().err
    found = data_of(tmp_path, "kfold")
    assert [fold["num_images"] for fold in found["folds"]] == [12, 12]
    header, _ = RunLog(tmp_path / "kfold-runs" / "b-fold2of2").read()
    assert (header["data"]["num_train"], header["data"]["eval_split"]) == (12, "fold 2 of 2")
    study(*words, "--output", tmp_path)
    assert "epoch 1/1  loss" not in capsys.readouterr().err
    assert data_of(tmp_path, "kfold") == found
    study("kfold", "resnet50/v1", "resnet50/v1", "--data", data, status=2)
    assert "describe the same run" in capsys.readouterr().err


def test_seeds_are_trained_stopped_resumed_and_read_from_runs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("seeds", "resnet50/v2", "--data", data, "--seeds", "3,4", *settings(*SMALL, "repeated_augmentations=1"))
    read, num_read = FilePictures.read, 0

    def read_until_told_to_stop(*args: Any, **kwargs: Any) -> Any:
        nonlocal num_read
        num_read += 1
        if num_read == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return read(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(FilePictures, "read", read_until_told_to_stop)
        study(*words, "--output", tmp_path / "out", status=128 + signal.SIGTERM)
    assert "What is done is kept; the same command goes on from there." in capsys.readouterr().err
    study(*words, "--output", tmp_path / "out", "--difference", "5")
    assert "Resumed at epoch 1, step 2." in capsys.readouterr().err
    trained = data_of(tmp_path / "out", "seeds")
    assert trained["seeds"] == [3, 4]
    assert [need["difference"] for need in trained["needs"]] == [5]
    capsys.readouterr()
    runs = [tmp_path / "out" / "seeds-runs" / f"seed{seed}" for seed in (3, 4)]
    study("seeds", *runs, "--difference", "5", "--output", tmp_path / "again")
    assert data_of(tmp_path / "again", "seeds") == trained
    assert "noncentral t" in capsys.readouterr().err
    study("seeds", runs[0], status=1)
    assert "two runs or more" in capsys.readouterr().err


def test_the_ladder_runs_its_rungs_measures_one_that_retrains_nothing_and_skips_what_is_done(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ladder", "--data", data, "--seeds", "0,1", *settings(*SMALL), "--output", tmp_path)
    study(*words, "--recipes", "resnet50/rung-12")
    alone = data_of(tmp_path, "ladder")
    assert sorted(each.name for each in (tmp_path / "ladder-runs").glob("rung-11-*")) == [
        "rung-11-seed0",
        "rung-11-seed1",
    ]
    assert [step["incremental"] for step in alone["steps"]] == [None]
    assert alone["changed"] == ", ".join(SMALL)
    capsys.readouterr()
    study(*words, "--recipes", "resnet50/rung-1[12]", "--json")
    told = capsys.readouterr()
    assert "epoch 1/1  loss" not in told.err, "what is done was trained again"
    found = json.loads(told.out)
    eleven, twelve = found["steps"]
    assert (eleven["retrains"], twelve["retrains"]) == (True, False)
    assert (eleven["published_acc1"], twelve["published_acc1"]) == (80.450, 80.674)
    assert [each["acc1"] for each in eleven["reached"]] == [
        read_result(tmp_path / "ladder-runs" / f"rung-11-seed{seed}").acc1 for seed in (0, 1)
    ]
    # Measured by the study of another kind: the weights of rung 11, fed as rung 12 is.
    file = tmp_path / "ladder-runs" / "rung-11-seed1" / FILE
    study("resize", file, "--data", data, "--sizes", "232", "--output", tmp_path / "resize")
    sizes = data_of(tmp_path / "resize", "resize")["sizes"]
    assert [each["resize_size"] for each in sizes] == [232, 256]
    assert sizes[0]["acc1"] == twelve["reached"][1]["acc1"]
    assert sizes[1]["acc1"] == eleven["reached"][1]["acc1"]
    assert alone["steps"][0]["reached"] == twelve["reached"]
    study(*words[:-2], "--set", "lr=0.3", *words[-2:], "--recipes", "resnet50/rung-11", status=1)
    assert "has another recipe" in capsys.readouterr().err


# Under the linear rule 8 pictures a step instead of 32, so a fourth of the rate.
BY_RULE = (*SMALL[:5], "batch_size_per_gpu=32", *SMALL[6:])
RULE = ("--lr-rule", "linear", "--batch-size-per-gpu", "8")


def test_a_ladder_under_a_rule_for_the_rate_names_the_recipes_that_ran(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ladder", "--data", data, *settings(*BY_RULE), *RULE, "--output", tmp_path)
    study(*words, "--recipes", "resnet50/rung-1[12]")
    found = data_of(tmp_path, "ladder")
    header, _ = RunLog(tmp_path / "ladder-runs" / "rung-11-seed0").read()
    assert (header["recipe"]["lr"], header["recipe"]["batch_size_per_gpu"]) == (0.125, 8)
    eleven, twelve = (step["recipe"] for step in found["steps"])
    assert eleven == header["recipe"]["id"]
    assert twelve != eleven
    assert found["changed"] == ", ".join((*BY_RULE, "lr by the linear rule", "8 pictures a GPU at once"))
    assert f"In every rung: {found['changed']}." in capsys.readouterr().err


def test_kfold_under_a_rule_for_the_rate_names_the_recipes_that_ran(data: Path, tmp_path: Path) -> None:
    words = ("resnet50/rung-02", "resnet50/rung-06", "--data", data, "--folds", "2", *settings(*BY_RULE), *RULE)
    study("kfold", *words, "--output", tmp_path)
    found = data_of(tmp_path, "kfold")
    for name in ("a", "b"):
        header, _ = RunLog(tmp_path / "kfold-runs" / f"{name}-fold1of2").read()
        assert found[name] == header["recipe"]["id"]
        assert header["recipe"]["lr"] == 0.125
    assert found["of"]["changed"].endswith("lr by the linear rule, 8 pictures a GPU at once")


def test_runs_of_a_study_say_what_is_not_as_in_the_recipe(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ladder", "--data", data, "--recipes", "resnet50/rung-01", *settings(*SMALL), "--batch-size-per-gpu", "4")
    study(*words, "--output", tmp_path)
    assert "Not as in the recipe: batch norm looks at 4 pictures at a time, in the recipe at 8." in (
        capsys.readouterr().err
    )


def test_a_recipe_that_cannot_be_is_told_before_any_is_trained(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("ladder", "--ladder", "fashion-mnist", "--data", data, "--recipes", "*-0[12]", "--output", tmp_path)
    study(*words, "--epochs-factor", "0.03", status=2)
    told = capsys.readouterr().err
    assert "cannot have 0.03 times its 15 epochs" in told
    assert "`warmup_epochs` 1 must be less than `epochs` 1" in told
    study("ladder", "--data", data, "--recipes", "*-0[12]", *settings(*SMALL[:5]), "--output", tmp_path, status=1)
    assert "the training set has 24" in capsys.readouterr().err
    study("kfold", "resnet50/v1", "resnet50/v2", "--data", data, *settings(*SMALL[:5]), "--output", tmp_path, status=1)
    assert "the training set has 19" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        ((), 2, "three studies to begin with"),
        (("nothing",), 2, "invalid choice"),
        (("resize", "nowhere", "--data", "x"), 1, "`nowhere`"),
        (("resize", "resnet50", "--data", "x", "--sizes", "9..8"), 2, "such as 0,1,2 or 224..256:8"),
        (("resize", "resnet50", "--data", "x", "--sizes", "0"), 2, "sizes start from 1 pixel"),
        (("kfold", "resnet50/v1", "--data", "x"), 2, "give two recipes, or one checkpoint"),
        (("kfold", "resnet50/v1", "resnet50/v2", "--data", "x", "--folds", "1"), 2, "two folds or more"),
        (("resize", "resnet50", "--data", "x", "--folds", "1"), 2, "two folds or more"),
        (
            ("resize", "resnet50", "--data", "x", "--seed", "9" * 23),
            2,
            "must be a whole number up to 9223372036854775807",
        ),
        (
            ("seeds", "resnet50/v2", "--data", "x", "--seeds", f"0,{2**63}"),
            2,
            "whole numbers up to 9223372036854775807",
        ),
        (("kfold", "a", "b", "--data", "x", "--preprocessing", "resize_size=1"), 2, "goes with one checkpoint"),
        (("seeds", "resnet50/v2", "--data", "x", "--seeds", "0"), 2, "two seeds or more"),
        (("seeds", "nowhere"), 1, "holds no run"),
        (("seeds", "nowhere", "--set", "lr=1"), 2, "runs are read as they are"),
        (
            ("kfold", "a", "--set", "lr=1", "--data", "x", "--preprocessing", "resize_size=1"),
            2,
            "`--set` changes recipes",
        ),
        (("ladder", "--ladder", "cifar", "--data", "x"), 2, "no ladder is called `cifar`"),
        (("ladder", "--recipes", "x", "--data", "x"), 2, "no rung is called like `x`"),
    ],
)
def test_a_wrong_call_is_answered_with_its_status(
    words: Sequence[str], status: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *words]) == status
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("resize", "--folds", "50"),
        ("kfold", "--folds", "500", "--preprocessing", "resize_size=12"),
    ],
    ids=lambda words: words[0],
)
def test_more_folds_than_pictures_are_told_before_anything_is_measured(
    words: Sequence[str], data: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study(words[0], checkpoint, *words[1:], "--data", data, "--output", tmp_path / "out", status=1)
    assert f"9 pictures can be split into 2 to 9 folds, not {words[2]}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_more_folds_than_training_pictures_are_told_before_anything_is_trained(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("kfold", "resnet50/rung-02", "resnet50/rung-06", "--data", data, "--folds", "500", *settings(*SMALL))
    study(*words, "--output", tmp_path / "out", status=1)
    assert "24 pictures can be split into 2 to 24 folds, not 500" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_of_other_categories_is_refused(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "val" / "yellow").mkdir(parents=True)
    study("resize", checkpoint, "--data", tmp_path, "--output", tmp_path / "out", status=1)
    assert "are no categories of `folders`, such as `yellow`" in capsys.readouterr().err


def test_every_study_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "--help"]) == 0
    told = capsys.readouterr().out
    for each in STUDIES:
        assert each.help[:30] in told
