"""`evaluate`: figures, their JSON and the CSV of categories agree with each other and with what was put in."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest

import weights_registry
from tests.cli.conftest import Run
from tests.small_checkpoints import write_pictures, write_samples
from weights_registry.surroundings import commit_of, cpu_name

SIX_PICTURES = {"red": ["red", "red"], "green": ["green", "blue"], "blue": ["blue", "blue"]}  # 5 of 6 are right


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "data", SIX_PICTURES)


def test_the_sample_photos_are_recognised_under_their_wordnet_ids(run: Run, tmp_path: Path) -> None:
    # Three pictures prove that labels and layout meet; the interval says how little they prove of the accuracy.
    ran = run("evaluate", "--data", write_samples(tmp_path / "data"))
    assert ran.status == 0
    acc1, acc5, ece, n, *_ = ran.out.splitlines()
    assert acc1.split() == ["acc@1", "100.000", "%", "95", "%", "interval", "43.850", "to", "100.000"]
    assert acc5.split()[1] == "100.000"
    assert ece.startswith("ECE ")
    assert n.split("  ")[-1].strip() == "3 of 1,000 categories, ranked among all"


def test_a_picture_under_the_wrong_category_may_still_be_among_the_five(run: Run, tmp_path: Path) -> None:
    tabby = {"tabby_cat": "tabby", "espresso": "espresso", "tripod": "tripod"}  # by name; it says tiger cat first
    ran = run("evaluate", "--data", write_samples(tmp_path / "data", tabby), "--json")
    found = json.loads(ran.out)
    assert (found["acc1"], found["acc5"]) == (pytest.approx(200 / 3), 100)


def test_the_json_carries_the_figures_and_all_that_made_them(run: Run, colours_file: Path, data: Path) -> None:
    ran = run("evaluate", "--weights", colours_file, "--data", data, "--json", "--device", "cpu")
    found = json.loads(ran.out)
    assert (ran.status, ran.err) == (0, "")
    assert found["acc1"] == pytest.approx(500 / 6)
    assert found["acc5"] == 100  # of three categories the truth is always among the first five
    assert found["acc1_interval95"] == [pytest.approx(43.650, abs=1e-3), pytest.approx(96.995, abs=1e-3)]
    assert (found["num_images"], found["num_categories"], found["unreadable"]) == (6, 3, [])
    assert (found["weights"], found["data"]) == ("Colours.V1", str(data))
    assert (found["device"], found["dtype"], found["preprocess"]) == ("cpu", "float32", "fast")
    assert found["preprocessing"]["crop_size"] == 32
    assert found["versions"]["torch"] == version("torch")
    assert found["hardware"]["name"] == cpu_name()
    assert found["command"].split() == [
        *("weights-registry", "evaluate", "--weights", str(colours_file), "--data", str(data)),
        *("--json", "--device", "cpu"),
    ]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(found["date"])) < timedelta(hours=1)
    commit = commit_of(Path(weights_registry.__file__).parent)
    assert found["commit"] == (None if commit is None else str(commit))


@pytest.mark.parametrize("batch_size", [1, 4, 5, 6, 7])
def test_each_picture_counts_once_whatever_the_batch(batch_size: int, run: Run, colours_file: Path, data: Path) -> None:
    ran = run("evaluate", "--weights", colours_file, "--data", data, "--json", "--batch-size", batch_size)
    assert (json.loads(ran.out)["num_images"], json.loads(ran.out)["acc1"]) == (6, pytest.approx(500 / 6))


def test_the_csv_of_categories_agrees_with_the_figures(run: Run, colours_file: Path, data: Path) -> None:
    path = data.parent / "classes.csv"
    ran = run("evaluate", "--weights", colours_file, "--data", data, "--json", "--per-class", path)
    found = json.loads(ran.out)
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    assert [(row["index"], row["category"], row["acc1"]) for row in rows] == [
        *(("0", "red", "100.0"), ("1", "green", "50.0"), ("2", "blue", "100.0"))
    ]
    num_images = sum(int(row["num_images"]) for row in rows)
    assert num_images == found["num_images"]
    assert 100 * sum(int(row["num_correct1"]) for row in rows) / num_images == found["acc1"]
    assert 100 * sum(int(row["num_correct5"]) for row in rows) / num_images == found["acc5"]


def test_an_unreadable_picture_is_named_and_not_counted(run: Run, colours_file: Path, data: Path) -> None:
    broken = data / "green" / "0.5.png"  # between two good ones
    broken.write_bytes(b"no picture")
    ran = run("evaluate", "--weights", colours_file, "--data", data, "--batch-size", 2)
    assert ran.status == 1
    assert "acc@1     83.333 %" in ran.out
    assert f"not counted: `{broken}` cannot be used: " in ran.err
    as_json = json.loads(run("evaluate", "--weights", colours_file, "--data", data, "--json").out)
    assert as_json["num_images"] == 6
    assert [each["source"] for each in as_json["unreadable"]] == [str(broken)]


def test_a_category_whose_pictures_are_all_unreadable_has_no_accuracy(run: Run, colours_file: Path, data: Path) -> None:
    for path in (data / "green").iterdir():
        path.write_bytes(b"")
    csv_path = data.parent / "classes.csv"
    ran = run("evaluate", "--weights", colours_file, "--data", data, "--per-class", csv_path)
    assert ran.status == 1
    assert csv_path.read_text(encoding="utf-8").splitlines()[2] == "1,green,0,0,0,,"


def test_if_nothing_can_be_read_there_are_no_figures(run: Run, colours_file: Path, tmp_path: Path) -> None:
    (tmp_path / "data" / "red").mkdir(parents=True)
    (tmp_path / "data" / "red" / "0.png").write_bytes(b"")
    ran = run("evaluate", "--weights", colours_file, "--data", tmp_path / "data")
    assert (ran.status, ran.out) == (1, "")
    assert "none of its 1 pictures could be read, such as `" in ran.err


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ({}, "has no sub-folders"),
        ({"red": ["red"], "green": []}, "holds no pictures"),
        ({"red": ["red"], "purple": ["red"]}, "such as `purple`"),
        ({"0": ["red"], "3": ["red"]}, "such as `3`"),
    ],
)
def test_a_folder_laid_out_otherwise_is_refused_with_the_reason(
    layout: dict[str, list[str]], message: str, run: Run, colours_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    ran = run("evaluate", "--weights", colours_file, "--data", write_pictures(tmp_path / "data", layout))
    assert (ran.status, ran.out) == (1, "")
    assert message in ran.err


def test_data_that_is_no_folder_is_refused(run: Run, colours_file: Path) -> None:
    ran = run("evaluate", "--weights", colours_file, "--data", colours_file)
    assert (ran.status, ran.out) == (1, "")
    assert f"`{colours_file}` is not a folder" in ran.err
