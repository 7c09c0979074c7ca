"""What a run ends with: a name that is never taken from another file in silence, and curves that tell what happened."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.tiny_runs import TINY, open_tiny, train_tiny
from training import RunError, get_recipe, learning_rates
from training.runs.curves import draw_curves, draw_learning_rate
from training.runs.ending import check_catalog_name, end_run
from training.runs.runlog import RunLog
from weights_registry import RegistrationError, get_weights
from weights_registry.user_catalog import CATALOG_VARIABLE, catalog_entries


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ending")
    train_tiny(write_data_folder(folder / "colours"), folder / "run", hold_out=6)
    return folder / "run"


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CATALOG_VARIABLE, str(tmp_path / "catalog"))
    return tmp_path / "catalog"


def test_two_runs_of_one_name_both_keep_their_file_and_the_second_is_told_how_to_be_added(
    finished: Path, tmp_path: Path
) -> None:
    other = shutil.copytree(finished, tmp_path / "other")
    first, second = end_run(finished), end_run(other)
    assert first.name == f"{TINY.id}-seed0"
    assert second.name is None
    (remark,) = second.remarks
    assert f"weights-registry add {second.export.path} --name NAME" in remark
    assert get_weights(first.name).url == first.export.path.as_uri()
    with pytest.raises(RegistrationError, match=r"has .* already"):
        check_catalog_name(first.name, output=other)
    check_catalog_name(first.name, output=finished)


def test_the_name_of_a_file_that_is_gone_is_free_and_that_is_said(finished: Path, tmp_path: Path) -> None:
    other = shutil.copytree(finished, tmp_path / "other")
    end_run(other, name="mine")
    shutil.rmtree(other)
    check_catalog_name("mine", output=finished)
    ended = end_run(finished, name="mine")
    assert get_weights("mine").url == ended.export.path.as_uri()
    assert "which is gone" in ended.remarks[0]


def test_a_catalog_that_cannot_be_written_costs_the_entry_and_not_the_run(finished: Path, catalog: Path) -> None:
    catalog.write_text("a file where a folder should be")
    ended = end_run(finished)
    assert (ended.name, ended.export.path.is_file()) == (None, True)
    assert ended.remarks[0].startswith("Not added to the catalog: ")


def test_out_of_the_catalog_means_out_of_it(finished: Path) -> None:
    assert end_run(finished, in_catalog=False).name is None
    assert catalog_entries() == []


def test_the_card_tells_what_was_measured_by_which_recipe_and_shows_the_curves(finished: Path) -> None:
    ended = end_run(finished)
    assert ended.card is not None
    card = ended.card.read_text()
    (measured,) = ended.export.checkpoint.metrics
    assert f"| {measured.num_images} | {measured.acc1:.3f} |" in card.partition("### As measured here")[2]
    assert f"| `lr` | {TINY.lr:g} |" in card
    assert "](evidence/training-curves.png)" in card
    assert 'Classifier("model.safetensors")' in card
    assert str(finished) not in card


def test_what_people_wrote_into_the_card_is_kept_and_a_broken_card_costs_no_run(finished: Path, tmp_path: Path) -> None:
    other = shutil.copytree(finished, tmp_path / "other")
    (other / "card.md").write_text("<!-- people: about -->\nOurs.\n<!-- end -->\n")
    ended = end_run(other, in_catalog=False)
    assert ended.card is not None
    assert "Ours." in ended.card.read_text()
    ended.card.write_text("<!-- people: about -->\nOurs.\n")
    ended = end_run(other, in_catalog=False)
    assert (ended.card, (other / "card.md").read_text()) == (None, "<!-- people: about -->\nOurs.\n")
    assert "`about` of line 1 is not closed" in ended.remarks[0]


def test_the_curves_hold_what_the_log_holds_and_say_it_in_words(finished: Path) -> None:
    path = draw_curves(finished)
    _, epochs = RunLog(finished).read()
    record = json.loads(path.with_suffix(".json").read_text())
    data = record["data"]
    assert set(data["acc1"]) == {
        f"{weights} on {split}" for weights in ("model", "average") for split in ("val", "held-out")
    }
    for number, epoch in enumerate(epochs):
        assert (data["epoch"][number], data["loss"][number], data["lr"][number]) == (
            epoch["epoch"] + 1,
            epoch["loss"],
            epoch["lr"],
        )
        scores = epoch["scores"]["val"]["average"]
        drawn = data["acc1"]["average on val"]
        assert [drawn["low"][number], drawn["high"][number]] == scores["interval1"]
        assert drawn["acc1"][number] == scores["acc1"]
    assert f"The best epoch, by {data['best_by']}, is {data['best_epoch']}." in record["alt"]
    before = path.read_bytes()
    assert draw_curves(finished).read_bytes() == before


def test_before_its_first_epoch_there_is_nothing_to_draw(tmp_path: Path) -> None:
    open_tiny(write_data_folder(tmp_path / "colours"), tmp_path / "run")
    with pytest.raises(RunError, match="has done no epoch yet"):
        draw_curves(tmp_path / "run")


def test_the_drawn_rates_are_the_schedules(tmp_path: Path) -> None:
    for recipe in (get_recipe("resnet50/v2"), replace(TINY, epochs=1, warmup_epochs=0, warmup_start_factor=None)):
        path = draw_learning_rate(recipe, tmp_path / "rate.png")
        record = json.loads(path.with_suffix(".json").read_text())
        assert record["data"]["lr"] == list(learning_rates(recipe))
        assert f"over {recipe.epochs} epochs" in record["alt"]
