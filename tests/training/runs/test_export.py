"""The file of a run describes itself, loads with the registry alone, and is the same for the same run."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import weights_registry
from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import stopped_after
from tests.training.tiny_runs import ARCHITECTURE, TINY, open_tiny, train_tiny
from training import Recipe, RunError, digest, get_recipe, override, parse_settings, recipe_diff
from training.data.dataset import open_data_set
from training.recipes.catalog import nearest_published
from training.runs.export import export
from training.runs.run import train
from training.runs.runlog import RunLog, fingerprint
from training.runs.snapshots import read, write
from training.runs.stopping import StopWish
from training.runs.verify_run import verify_run
from weights_registry.inference.network_facts import count_gmacs


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


@pytest.fixture
def finished(data: Path, tmp_path: Path) -> Path:
    train_tiny(data, tmp_path / "run")
    return tmp_path / "run"


def test_it_loads_with_everything_that_belongs_to_it(finished: Path) -> None:
    done = export(finished)
    loaded = weights_registry.load(done.path)
    average = read(finished / "last.snapshot")["average"]
    for name, tensor in loaded.model.state_dict().items():
        assert torch.equal(tensor, average[name]), name
    assert loaded.categories == ("blue", "green", "red")
    assert loaded.checkpoint.preprocessing == TINY.inference
    assert loaded.checkpoint.recipe == TINY.id
    assert any(digest(TINY) in line for line in loaded.checkpoint.lineage)
    header, _ = RunLog(finished).read()
    assert loaded.checkpoint.lineage[-1] == f"run fingerprint {fingerprint(header)}"
    # 3 x 3 kernels on 8 x 8 pixels from 3 to 4 channels are the first of them.
    assert loaded.checkpoint.gmacs == count_gmacs(ARCHITECTURE, 3, TINY.inference) > 8 * 8 * 27 * 4 / 1e9
    assert loaded.checkpoint.min_size == (1, 1)
    (measured,) = loaded.metrics
    last = RunLog(finished).read()[1][-1]["scores"]["val"]["average"]
    assert measured.acc1 == pytest.approx(last["acc1"], abs=1e-4)
    assert (measured.num_images, measured.dataset, measured.split) == (9, "colours", "val")
    assert (measured.kind, measured.preprocessing, measured.note) == ("measured", TINY.inference, "the last epoch")


def test_equal_runs_make_equal_files_wherever_they_are(data: Path, finished: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "elsewhere" / "again")
    one, other = export(finished).path, export(tmp_path / "elsewhere" / "again").path
    assert one.read_bytes() == other.read_bytes()
    assert str(tmp_path).encode() not in one.read_bytes()


def test_without_an_average_it_holds_the_weights_themselves(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "run", recipe=replace(TINY, ema_decay=None, ema_every_steps=None))
    loaded = weights_registry.load(export(tmp_path / "run").path)
    assert torch.equal(
        loaded.model.state_dict()["fc.weight"], read(tmp_path / "run" / "last.snapshot")["network"]["fc.weight"]
    )


def test_the_best_epoch_is_taken_if_asked_for_or_if_pictures_were_held_out(data: Path, tmp_path: Path) -> None:
    train_tiny(data, tmp_path / "plain")
    train_tiny(data, tmp_path / "held", hold_out=6)
    assert export(tmp_path / "plain", choice="best").chosen == "the best epoch, chosen on these same pictures"
    chosen = export(tmp_path / "held")
    assert chosen.chosen == "the best epoch, chosen on 6 held-out training pictures"
    best = read(tmp_path / "held" / "best.snapshot")
    loaded = weights_registry.load(chosen.path)
    assert torch.equal(loaded.model.state_dict()["fc.weight"], best["average"]["fc.weight"])


def test_a_changed_recipe_says_in_the_file_what_was_changed(data: Path, tmp_path: Path) -> None:
    changed = override(TINY, lr=0.02)
    train_tiny(data, tmp_path / "run", recipe=changed)
    checkpoint = export(tmp_path / "run").checkpoint
    assert checkpoint.recipe == changed.id
    assert any("lr 0.05 -> 0.02" in line for line in checkpoint.lineage)


@pytest.mark.parametrize(
    ("recipe", "nearest"),
    [
        (override(get_recipe("resnet50/v2"), lr=0.1, epochs=90, **{"inference.resize_size": 240}), "resnet50/v2"),
        (override(override(get_recipe("resnet50/a1"), epochs=7), mixup_alpha=0.0), "resnet50/a1"),
        (TINY, "resnet50/v2"),
        (get_recipe("resnet50/rung-05"), "resnet50/rung-05"),
    ],
    ids=["changed", "changed twice", "made otherwise", "published"],
)
def test_any_recipe_is_told_as_a_published_one_with_settings_that_make_it_again(recipe: Recipe, nearest: str) -> None:
    published = nearest_published(recipe)
    assert published.id == nearest
    settings = [change.setting for change in recipe_diff(published, recipe)]
    assert digest(override(published, **parse_settings(settings))) == digest(recipe)


def test_a_run_that_is_not_done_is_not_exported(data: Path, tmp_path: Path) -> None:
    open_tiny(data, tmp_path / "run")
    with pytest.raises(RunError, match="has done 0 of 3 epochs: give the command that began it once more"):
        export(tmp_path / "run")
    with pytest.raises(RunError, match="has no best epoch yet"):
        export(tmp_path / "run", choice="best")
    with pytest.raises(RunError, match="holds no run"):
        export(tmp_path / "nothing")


def test_the_best_is_of_the_epoch_that_the_log_calls_so_or_refused(data: Path, tmp_path: Path) -> None:
    run = open_tiny(data, tmp_path / "run", keep_every_epochs=1)
    assert train(run, StopWish())
    _, epochs = RunLog(tmp_path / "run").read()
    best = max(record["epoch"] for record in epochs if record["is_best"])
    other = next(epoch for epoch in range(TINY.epochs) if epoch != best)
    content = read(tmp_path / "run" / f"epoch-{other + 1:04}.snapshot")
    (tmp_path / "run" / "best.snapshot").unlink()
    write(tmp_path / "run" / "best.snapshot", {**content, "best": {"epoch": other, "acc1": 0.0}})
    # As if the disk had been full at the best epoch's end; the last must be another epoch's as well.
    write(tmp_path / "run" / "last.snapshot", read(tmp_path / "run" / f"epoch-{other + 1:04}.snapshot"))
    with pytest.raises(
        RunError, match=rf"best epoch of .* is {best + 1}, and its snapshot is not there.*--choose last"
    ):
        export(tmp_path / "run", choice="best")
    write(tmp_path / "run" / "last.snapshot", read(tmp_path / "run" / f"epoch-{best + 1:04}.snapshot"))
    taken = export(tmp_path / "run", choice="best")
    assert any(f"after epoch {best + 1} of 3" in line for line in taken.checkpoint.lineage)


def test_the_best_of_a_run_that_is_not_done_is_not_exported(data: Path, tmp_path: Path) -> None:
    assert not stopped_after(open_tiny(data, tmp_path / "run"), 4)
    assert read(tmp_path / "run" / "best.snapshot")["best"]["epoch"] == 0
    with pytest.raises(RunError, match="has done 1 of 3 epochs: give the command that began it once more"):
        export(tmp_path / "run", choice="best")


def test_pictures_that_could_not_be_measured_on_are_told_with_the_accuracy(data: Path, tmp_path: Path) -> None:
    for name in ("000", "002"):
        (data / "val" / "red" / f"{name}.png").write_bytes(b"damaged")
    train_tiny(data, tmp_path / "run")
    (measured,) = export(tmp_path / "run").checkpoint.metrics
    assert measured.num_images == 7
    assert measured.note == "the last epoch; 2 more pictures of val could not be read"


def test_measured_again_the_file_holds_and_another_does_not(data: Path, finished: Path) -> None:
    export(finished)
    verdict = verify_run(finished, str(data), device="cpu")
    assert verdict.holds
    assert verdict.found.num_correct1 == RunLog(finished).read()[1][-1]["scores"]["val"]["average"]["num_correct1"]
    header, epochs = RunLog(finished).read()
    log = RunLog(finished)
    log.begin(header)
    epochs[-1]["scores"]["val"]["average"]["num_correct1"] -= 1
    for epoch in epochs:
        log.add(epoch)
    export(finished)
    assert not verify_run(finished, str(data), device="cpu").holds


def test_pictures_of_another_set_are_refused(data: Path, finished: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"holds no `model\.safetensors`"):
        verify_run(finished, str(data), device="cpu")
    export(finished)
    shutil.copytree(data, tmp_path / "other")
    (tmp_path / "other" / "val" / "red" / "000.png").unlink()
    with pytest.raises(RunError, match="holds other pictures to measure on than the run saw"):
        verify_run(finished, str(tmp_path / "other"), device="cpu")


def test_the_registrys_own_evaluation_agrees(data: Path, finished: Path) -> None:
    loaded = weights_registry.load(export(finished).path)
    pictures = open_data_set(str(data)).eval
    transforms = loaded.transforms()
    with torch.inference_mode():
        hits = sum(
            int(loaded.model(transforms(picture)[None]).argmax()) == label
            for picture, label in (pictures.read(index, num_channels=3) for index in range(len(pictures)))
        )
    assert 100 * hits / len(pictures) == pytest.approx(loaded.metrics[0].acc1, abs=100 / 9 + 1e-6)
