"""`add` and `remove`: a file of one's own is found by name in every command, until it is removed."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from weights_registry.user_catalog import CATALOG_VARIABLE


@pytest.fixture(autouse=True)
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CATALOG_VARIABLE, str(tmp_path / "catalog"))
    return tmp_path / "catalog"


def test_what_was_added_is_shown_listed_and_removed(run: Run, colours_file: Path, catalog: Path) -> None:
    added = run("add", colours_file, "--name", "my-team/colours")
    assert (added.status, added.out) == (0, "my-team/colours\n")
    assert added.err.splitlines() == [
        f"added to {catalog}",
        "try it: weights-registry predict --weights my-team/colours PHOTO",
    ]
    assert run("show", "My-Team/Colours").out.startswith("my-team/colours\n")
    assert "my-team/colours" in run("list", "my-team/*").out
    removed = run("remove", "My-Team/Colours")
    assert (removed.status, removed.out) == (0, "")
    assert removed.err == f"removed `my-team/colours`; its file stays: {colours_file.as_uri()}\n"
    assert run("show", "my-team/colours").status == 2


def test_a_taken_name_fails_and_says_what_to_do(run: Run, colours_file: Path, tmp_path: Path) -> None:
    ran = run("add", colours_file, "--name", "resnet50")
    assert (ran.status, ran.out) == (1, "")
    assert "is taken by `ResNet50_Weights.ImageNet1K_V2`" in ran.err
    assert run("add", colours_file).out == "Colours.V1\n"
    other = tmp_path / "other.safetensors"
    other.write_bytes(colours_file.read_bytes())
    assert "--replace" in run("add", other).err
    assert run("add", other, "--replace").status == 0


def test_a_broken_entry_is_warned_of_and_the_list_is_whole(
    run: Run, catalog: Path, caplog: pytest.LogCaptureFixture
) -> None:
    catalog.mkdir()
    (catalog / "half.json").write_text("{")
    assert run("list", "resnet50*").status == 0
    assert f"`{catalog / 'half.json'}` of the catalog was left out: it is no JSON" in caplog.text


def test_what_is_not_there_is_told(run: Run, tmp_path: Path) -> None:
    assert "none.safetensors" in run("add", tmp_path / "none.safetensors").err
    ran = run("remove", "nothing")
    assert (ran.status, ran.out) == (2, "")
    assert "it has none" in ran.err
