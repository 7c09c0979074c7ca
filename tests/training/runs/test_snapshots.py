"""A snapshot is whole or not there; a damaged one is found out, and the one before it serves."""

import errno
import os
import random
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.full_disk import full_disk
from training import SnapshotDamaged
from training.runs.ending import CARD
from training.runs.export import FILE
from training.runs.runlog import NAME
from training.runs.snapshots import SnapshotFolder, read, remove_parts, write
from weights_registry.whole_file import write_draft


def content(number: int) -> dict[str, object]:
    return {"number": number, "tensor": torch.full((50,), float(number)), "generator": random.getstate()}


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "x.snapshot"
    write(path, content(3))
    found = read(path)
    assert found["number"] == 3
    assert torch.equal(found["tensor"], torch.full((50,), 3.0))
    assert found["generator"] == random.getstate()


def test_a_single_flipped_bit_anywhere_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "x.snapshot"
    write(path, content(3))
    whole = path.read_bytes()
    for place in np.random.default_rng(0).integers(len(whole), size=40):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(SnapshotDamaged):
            read(path)


def test_a_file_cut_short_or_of_another_kind_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "x.snapshot"
    write(path, content(3))
    for damaged in (path.read_bytes()[:-1], b"", b"PK\3\4 something else\n"):
        path.write_bytes(damaged)
        with pytest.raises(SnapshotDamaged):
            read(path)


def test_a_snapshot_runs_no_code_when_it_is_read(tmp_path: Path) -> None:
    write(tmp_path / "x.snapshot", {"args": Namespace(lr=1)})
    with pytest.raises(SnapshotDamaged, match="cannot be read"):
        read(tmp_path / "x.snapshot")


def test_the_last_and_the_one_before_are_kept_and_no_more(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    assert folder.latest() == (None, ())
    for number in range(5):
        folder.save(content(number))
    assert sorted(os.listdir(tmp_path)) == ["last.snapshot", "previous.snapshot"]
    assert read(tmp_path / "previous.snapshot")["number"] == 3
    last, damaged = folder.latest()
    assert last is not None
    assert (last["number"], damaged) == (4, ())


def test_when_the_last_is_damaged_the_one_before_serves_and_it_is_said(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    folder.save(content(2))
    (tmp_path / "last.snapshot").write_bytes(b"")
    found, damaged = folder.latest()
    assert found is not None
    assert found["number"] == 1
    assert len(damaged) == 1
    assert "last.snapshot" in damaged[0]
    (tmp_path / "previous.snapshot").write_bytes(b"")
    with pytest.raises(SnapshotDamaged, match="No sound snapshot is left"):
        folder.latest()


def test_the_best_and_those_of_chosen_epochs_stay(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    folder.keep(10)
    folder.save_best(content(1))
    for number in (2, 3):
        folder.save(content(number))
    assert folder.best()["number"] == 1
    assert read(tmp_path / "epoch-0010.snapshot")["number"] == 1


def test_on_a_full_disk_what_was_there_stays_and_nothing_is_left_over(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    with full_disk(100), pytest.raises(OSError, match="too large"):
        folder.save(content(2))
    found, _ = folder.latest()
    assert found is not None
    assert found["number"] == 1
    assert os.listdir(tmp_path) == ["last.snapshot"]


@pytest.fixture(params=[errno.EPERM, errno.ENOTSUP, errno.ENOSYS])
def no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on exFAT, SMB and FUSE."""

    def refuse(*paths: Path) -> None:
        raise OSError(request.param, os.strerror(request.param), *map(str, paths))

    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("no_links")
def test_where_files_cannot_be_linked_the_same_snapshots_are_there(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    for number in range(3):
        folder.save(content(number))
    folder.keep(3)
    assert sorted(os.listdir(tmp_path)) == ["epoch-0003.snapshot", "last.snapshot", "previous.snapshot"]
    found = [read(tmp_path / f"{name}.snapshot")["number"] for name in ("previous", "last", "epoch-0003")]
    assert found == [1, 2, 2]
    assert (tmp_path / "epoch-0003.snapshot").stat().st_nlink == 1


@pytest.mark.usefixtures("no_links")
def test_killed_between_two_moves_the_former_last_serves(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    (tmp_path / "last.snapshot").rename(tmp_path / "previous.snapshot")
    found, damaged = folder.latest()
    assert found is not None
    assert (found["number"], damaged) == (1, ())


@pytest.mark.usefixtures("no_links")
def test_a_copy_that_the_disk_does_not_take_leaves_nothing_over(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    with full_disk(100), pytest.raises(OSError, match="too large"):
        folder.keep(1)
    assert os.listdir(tmp_path) == ["last.snapshot"]


def test_whatever_keeps_a_snapshot_from_its_name_leaves_nothing_over(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    (tmp_path / "previous.snapshot").mkdir()
    (tmp_path / "best.snapshot").mkdir()
    for save in (folder.save, folder.save_best):
        with pytest.raises(IsADirectoryError):
            save(content(2))
    found, _ = folder.latest()
    assert found is not None
    assert found["number"] == 1
    assert sorted(os.listdir(tmp_path)) == ["best.snapshot", "last.snapshot", "previous.snapshot"]


def test_one_snapshot_kept_twice_under_a_name_leaves_nothing_over(tmp_path: Path) -> None:
    folder = SnapshotFolder(tmp_path)
    folder.save(content(1))
    folder.keep(1)
    folder.keep(1)
    assert sorted(os.listdir(tmp_path)) == ["epoch-0001.snapshot", "last.snapshot"]


def test_what_killed_writers_left_is_removed_and_what_others_left_is_not(tmp_path: Path) -> None:
    (tmp_path / ".last.snapshot.abc.part").write_bytes(b"half")
    (tmp_path / ".epoch-0010.snapshot.part").write_bytes(b"half")
    for name in (NAME, FILE, CARD):
        write_draft(tmp_path / name, "half")
    for name in ("notes.part", ".mydownload.part", ".labels.json.x.part"):
        (tmp_path / name).write_bytes(b"somebody's")
    remove_parts(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".labels.json.x.part", ".mydownload.part", "notes.part"]
