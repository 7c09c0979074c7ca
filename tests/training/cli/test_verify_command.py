"""`reproduce-weights verify RUN`, as a user meets it: what it says where the file does not hold."""

import json
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.tiny_runs import train_tiny
from training.cli import main
from training.runs.export import export


def test_pictures_that_are_missing_from_the_measurement_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_data_folder(tmp_path / "colours")
    train_tiny(data, tmp_path / "run")
    export(tmp_path / "run")
    words = ["verify", str(tmp_path / "run"), "--data", str(data), "--device", "cpu", "--workers", "0"]
    assert main(words) == 0
    holds = capsys.readouterr().out
    assert "the file says 9; colours val" in holds
    assert "unreadable" not in holds
    picture = data / "val" / "green" / "001.png"
    picture.write_bytes(b"\x00" * picture.stat().st_size)  # as a failing disk leaves it: of the same name and size
    assert main(words) == 1
    verdict, *_, pictures, unreadable = capsys.readouterr().out.splitlines()
    assert verdict == "does not hold"
    assert pictures.split() == ["pictures", "8", "the", "file", "says", "9;", "colours", "val"]
    assert unreadable.split()[:2] == ["unreadable", "1"]
    assert "not counted, such as: `green/001.png`" in unreadable
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["stated"]["num_images"] == 9
    assert (found["found"]["num_images"], len(found["found"]["unreadable"])) == (8, 1)
