"""A catalog of one's own: found in every process, never half written, never fatal, never over a shipped name."""

import json
import logging
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.small_checkpoints import record, write_colours
from weights_registry import (
    DigestMismatch,
    RecordError,
    RegistrationError,
    UnknownWeights,
    add_weights,
    get_weights,
    list_weights,
    load,
    register,
    remove_weights,
    unregister,
)
from weights_registry.adding import check_name
from weights_registry.record import to_record
from weights_registry.user_catalog import CATALOG_VARIABLE, catalog_entries, catalog_folders, write_entry


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CATALOG_VARIABLE, str(tmp_path / "catalog"))
    return tmp_path / "catalog"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "colours.safetensors")


def test_what_was_added_is_found_listed_and_loaded_by_its_name(catalog: Path, file: Path) -> None:
    added = add_weights(file, name="my-team/colours")
    assert get_weights("My-Team/Colours") == added
    assert list_weights("my-team/*") == [added]
    assert (added.url, added.num_bytes) == (file.as_uri(), file.stat().st_size)
    assert load("my-team/colours").categories == ("red", "green", "blue")
    assert [path.name for path in catalog.iterdir()] == ["my-team%2Fcolours.json"]


def test_another_process_finds_it_without_importing_torch(catalog: Path, file: Path) -> None:
    add_weights(file, name="my-team/colours")
    code = "import sys, weights_registry as w; print(w.get_weights('my-team/colours').url, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [file.as_uri(), "False"]


def test_a_file_that_changed_after_it_was_added_is_not_loaded(catalog: Path, file: Path) -> None:
    add_weights(file, name="colours")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(DigestMismatch):
        load("colours")


def test_the_name_is_the_files_own_unless_another_is_given(catalog: Path, file: Path) -> None:
    assert add_weights(file).id == "Colours.V1"
    assert get_weights("colours.v1").url == file.as_uri()


def test_the_same_file_again_is_brought_up_to_date(catalog: Path, file: Path) -> None:
    before = add_weights(file, name="colours")
    write_colours(file, description="trained a little longer")
    after = add_weights(file, name="COLOURS")
    assert after.sha256 != before.sha256
    assert list_weights("colours*") == [after]


def test_another_file_takes_a_name_only_if_that_is_asked_for(catalog: Path, file: Path, tmp_path: Path) -> None:
    add_weights(file, name="colours")
    other = write_colours(tmp_path / "other.safetensors", description="another")
    with pytest.raises(RegistrationError, match=r"has `colours` already, the file at `file://.*--replace"):
        add_weights(other, name="Colours")
    assert get_weights("colours").url == file.as_uri()
    add_weights(other, name="Colours", replace=True)
    assert get_weights("colours").url == other.as_uri()
    assert len(list_weights("colours")) == 1


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ResNet50_weights.imagenet1k_v2", "taken by `ResNet50_Weights.ImageNet1K_V2`"),
        ("ResNet50_Weights.DEFAULT", "taken"),
        ("efficientnet_lite0", "taken"),
        ("resnet50", "taken"),
        ("model.safetensors", "path of a file"),
        ("/models/a", "path of a file"),
        ("a,b", "no comma"),
        ("", "printable"),
        ("a\nb", "printable"),
        ("ä" * 50, "too long"),
    ],
)
def test_a_name_that_is_shipped_or_cannot_be_typed_is_refused(name: str, told: str, catalog: Path, file: Path) -> None:
    with pytest.raises(RegistrationError, match=told):
        add_weights(file, name=name)
    assert not catalog.exists()


def test_a_damaged_file_and_one_that_does_not_describe_itself_are_not_added(catalog: Path, file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with pytest.raises(DigestMismatch, match="was damaged or changed"):
        add_weights(file, name="colours")
    file.write_bytes(bytes(100))
    with pytest.raises(RecordError, match="is not a safetensors file"):
        add_weights(file, name="colours")
    assert not catalog.exists()


def test_what_was_removed_is_forgotten_and_its_file_stays(catalog: Path, file: Path) -> None:
    add_weights(file, name="colours")
    assert remove_weights("COLOURS").url == file.as_uri()
    assert file.exists()
    with pytest.raises(UnknownWeights):
        get_weights("colours")
    add_weights(file, name="other")
    with pytest.raises(UnknownWeights, match="are called `colours`; it has `other`"):
        remove_weights("colours")


BROKEN = {
    "no json": "{",
    "no record": "[]",
    "deep": "[" * 100_000,
    "later version": json.dumps({"record_version": 99}),
    "no such categories": json.dumps({**to_record(record()), "category_set": "never_shipped"}),
    "taken": json.dumps(to_record(record(id="ResNet50_Weights.ImageNet1K_V2"))),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_record_is_warned_of_once_and_the_others_are_found(
    content: str, catalog: Path, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = list_weights()
    add_weights(file, name="colours")
    (catalog / "broken.json").write_text(content)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert [weights.id for weights in list_weights()] == [*(each.id for each in before), "colours"]
    (warning,) = caplog.messages
    assert f"`{catalog / 'broken.json'}` of the catalog was left out" in warning


def test_a_folder_that_cannot_be_read_is_left_out(catalog: Path, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    catalog.write_text("a file where a folder should be")
    before = list_weights()
    assert before
    assert "left out: it cannot be read (Not a directory)" in caplog.text
    with pytest.raises(OSError, match=r"exists|directory"):
        add_weights(file, name="colours")


def test_of_several_folders_the_first_is_written_to_and_hides_the_others(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, teams = tmp_path / "mine", tmp_path / "teams"
    monkeypatch.setenv(CATALOG_VARIABLE, str(teams))
    theirs = add_weights(file, name="colours")
    monkeypatch.setenv(CATALOG_VARIABLE, os.pathsep.join(("", str(mine), f" {teams} ")))
    assert catalog_folders() == (mine, teams)
    assert get_weights("colours") == theirs
    other = write_colours(tmp_path / "other.safetensors", description="mine")
    added = add_weights(other, name="colours", replace=True)
    assert get_weights("colours") == added
    remove_weights("colours")
    assert get_weights("colours") == theirs


def test_a_file_that_describes_itself_is_an_entry_where_it_lies_and_is_never_deleted(catalog: Path) -> None:
    catalog.mkdir()
    path = write_colours(catalog / "colours.safetensors", id="colours")
    assert get_weights("colours").url == path.as_uri()
    assert add_weights(path).url == path.as_uri()
    with pytest.raises(RegistrationError, match="move it elsewhere"):
        remove_weights("colours")
    assert [each.name for each in catalog.iterdir()] == ["colours.safetensors"]


def test_one_that_is_registered_as_well_comes_once_as_it_was_given(catalog: Path, file: Path) -> None:
    add_weights(file, name="Colours.V1")
    given = record(description="given in this process")
    register(given)
    try:
        assert list_weights("colours*") == [given]
        assert get_weights("colours.v1") is given
    finally:
        unregister(given)


def test_many_that_add_under_one_name_leave_one_whole_entry(catalog: Path, tmp_path: Path) -> None:
    files = [write_colours(tmp_path / f"{number}.safetensors", description=f"{number}") for number in range(8)]
    refused: list[Exception] = []

    def add(path: Path) -> None:
        try:
            add_weights(path, name="colours")
        except RegistrationError as error:
            refused.append(error)

    threads = [threading.Thread(target=add, args=(path,)) for path in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 7
    (entry,) = catalog_entries()
    assert entry.checkpoint.url in {path.as_uri() for path in files}
    assert [path.name for path in catalog.iterdir()] == ["colours.json"]


@given(name=st.text(max_size=60))
@example(name=".hidden")
def test_any_name_that_passes_can_be_kept_and_found(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    try:
        check_name(name)
    except RegistrationError:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CATALOG_VARIABLE, str(tmp_path_factory.mktemp("catalog")))
        kept = replace(record(), id=name)
        write_entry(kept)
        assert get_weights(name) == kept
        remove_weights(name)


def test_without_the_variable_it_lies_in_the_users_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(CATALOG_VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert catalog_folders() == (tmp_path / "weights-registry" / "catalog",)
