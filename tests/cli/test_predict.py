"""`predict`, in this process: what goes in, what comes out in which format, and what is said of bad pictures."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.small_checkpoints import SAMPLES, write_picture


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of folders: b.png is red, a/c.png green, a/d.PNG blue; and some files that are no pictures."""
    folder = tmp_path / "pictures"
    (folder / "a").mkdir(parents=True)
    write_picture(folder / "b.png", "red")
    write_picture(folder / "a" / "c.png", "green")
    write_picture(folder / "a" / "d.PNG", "blue")
    (folder / "notes.txt").write_text("no picture")
    write_picture(folder / ".hidden.png", "red")
    return folder


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.jpg"
    path.write_bytes((SAMPLES / "tabby_cat.jpg").read_bytes()[:5000])
    return path


def best(ran: Ran) -> list[tuple[str, str]]:
    """File name and likeliest category of each line of JSON."""
    records = map(json.loads, ran.out.splitlines())
    return [(Path(each["source"]).name, each["categories"][0]["label"]) for each in records]


def test_the_weights_that_come_along_know_what_is_on_the_sample_photos(run: Run) -> None:
    ran = run("predict", "--json", SAMPLES)
    assert ran.status == 0
    assert best(ran) == [("espresso.jpg", "espresso"), ("tabby_cat.jpg", "tiger cat"), ("tripod.jpg", "tripod")]
    assert "3 images with EfficientNet_Lite0_Weights.ImageNet1K_V1, " in ran.err


def test_exact_and_fast_say_nearly_the_same(run: Run) -> None:
    fast, exact = (run("predict", "--json", SAMPLES, *option) for option in ([], ["--exact"]))
    assert fast.out != exact.out
    for one, other in zip(fast.out.splitlines(), exact.out.splitlines(), strict=True):
        first, second = (json.loads(each)["categories"][0] for each in (one, other))
        assert first["label"] == second["label"]
        assert first["probability"] == pytest.approx(second["probability"], abs=0.02)


def test_files_and_folders_come_in_the_order_given_and_folders_sorted(
    run: Run, colours_file: Path, pictures: Path
) -> None:
    other = write_picture(pictures.parent / "z.png", "blue")
    ran = run("predict", "--json", "--weights", colours_file, other, pictures, other)
    assert ran.status == 0
    assert best(ran) == [
        ("z.png", "blue"),
        *(("c.png", "green"), ("d.PNG", "blue"), ("b.png", "red")),
        ("z.png", "blue"),
    ]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_bad_pictures_are_listed_at_the_end_and_the_rest_is_classified(
    batch_size: int, run: Run, colours_file: Path, pictures: Path, broken: Path
) -> None:
    arguments = [broken, pictures, pictures / "none.png"]
    ran = run("predict", "--json", "--weights", colours_file, "--batch-size", batch_size, *arguments)
    assert ran.status == 1
    assert [name for name, _ in best(ran)] == ["c.png", "d.PNG", "b.png"]
    report, *bad = ran.err.splitlines()
    assert report.startswith("3 images with ")
    assert [line.startswith("bad picture: `") for line in bad] == [True, True]
    assert str(broken) in bad[0]
    assert str(pictures / "none.png") in bad[1]


@pytest.mark.timeout(60)
def test_a_pipe_a_device_and_a_folder_of_such_are_refused_without_a_wait(
    run: Run, colours_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd" / "pipe.jpg")
    ran = run("predict", "--weights", colours_file, tmp_path / "odd", "/dev/zero")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("it is not a regular file") == 2


@pytest.mark.timeout(60)
def test_an_endless_stdin_is_a_bad_picture(run: Run, colours_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/zero") as zeros:
        monkeypatch.setattr("sys.stdin", zeros)
        ran = run("predict", "--weights", colours_file, "-")
    assert (ran.status, ran.out) == (1, "")
    assert "bad picture: `-` cannot be used: it has more than the 52,428,800 bytes allowed" in ran.err


def test_a_closed_stdin_is_an_empty_picture(run: Run, colours_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)  # as Python has it after `<&-`
    ran = run("predict", "--weights", colours_file, "-")
    assert ran.status == 1
    assert "bad picture: `-` cannot be used: it is empty" in ran.err


def test_json_lines_hold_label_index_id_and_probability(run: Run, still_life_file: Path) -> None:
    ran = run("predict", "--format", "jsonl", "--weights", still_life_file, SAMPLES / "espresso.jpg")
    (line,) = ran.out.splitlines()
    prediction = json.loads(line)
    assert prediction["source"] == str(SAMPLES / "espresso.jpg")
    categories = prediction["categories"]
    assert categories[0].keys() == {"label", "index", "wordnet_id", "probability"}
    assert (categories[0]["label"], categories[0]["wordnet_id"]) == ("espresso", "n07920052")
    assert sorted(each["index"] for each in categories) == [0, 1, 2]
    probabilities = [each["probability"] for each in categories]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=1e-5)


def test_csv_has_a_row_a_category_and_quotes_what_it_must(run: Run, colours_file: Path, tmp_path: Path) -> None:
    path = write_picture(tmp_path / 'a "odd", name.png', "green")
    ran = run("predict", "--format", "csv", "--weights", colours_file, path)
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert [(row["source"], row["rank"]) for row in rows] == [(str(path), "1"), (str(path), "2"), (str(path), "3")]
    assert (rows[0]["label"], rows[0]["index"], rows[0]["wordnet_id"]) == ("green", "1", "")
    assert sum(float(row["probability"]) for row in rows) == pytest.approx(1, abs=1e-5)


def test_the_table_names_each_picture_once_and_lines_up(run: Run, colours_file: Path, pictures: Path) -> None:
    ran = run("predict", "--weights", colours_file, "--top-k", "2", pictures)
    lines = ran.out.splitlines()
    width = len(str(pictures / "a" / "d.PNG"))
    assert len(lines) == 6
    assert [line[:width].strip() for line in lines[::2]] == [
        *(str(pictures / "a" / "c.png"), str(pictures / "a" / "d.PNG"), str(pictures / "b.png"))
    ]
    assert [line[:width].strip() for line in lines[1::2]] == ["", "", ""]
    assert [line[width:].split()[1:] for line in lines[::2]] == [["%", "green"], ["%", "blue"], ["%", "red"]]


def test_a_name_cannot_break_a_line_or_steer_the_terminal(run: Run, colours_file: Path, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "a\n\x1b[2J.png", "red")
    bad = tmp_path / "b\n\x1b[2J.png"
    bad.write_bytes(b"")
    table = run("predict", "--weights", colours_file, path, bad)
    assert r"a\n\x1b[2J.png" in table.out
    assert "\x1b" not in table.out + table.err
    assert len(table.err.splitlines()) == 2
    lines = run("predict", "--json", "--weights", colours_file, path)
    assert json.loads(lines.out)["source"] == str(path)


def test_a_name_that_is_not_unicode_is_classified_and_reads_back(run: Run, colours_file: Path, tmp_path: Path) -> None:
    path = write_picture(tmp_path / "x.png", "red").rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png"))
    ran = run("predict", "--json", "--weights", colours_file, path)
    assert ran.status == 0
    assert os.fsencode(json.loads(ran.out)["source"]) == os.fsencode(path)


@pytest.mark.parametrize(("top_k", "shown"), [("1", 1), ("2", 2), ("3", 3), ("1000", 3)])
def test_top_k_is_at_most_all_categories(top_k: str, shown: int, run: Run, colours_file: Path, pictures: Path) -> None:
    ran = run("predict", "--json", "--top-k", top_k, "--weights", colours_file, pictures / "b.png")
    labels = [each["label"] for each in json.loads(ran.out)["categories"]]
    assert len(labels) == shown
    assert labels[0] == "red"


@pytest.mark.parametrize("option", ["--top-k", "--batch-size", "--threads"])
@pytest.mark.parametrize("number", ["0", "-1", "two", "1.5", "9" * 30, "9" * 5000])
def test_a_number_that_makes_no_sense_is_misuse(option: str, number: str, run: Run) -> None:
    ran = run("predict", f"{option}={number}", SAMPLES)
    assert (ran.status, ran.out) == (2, "")
    assert "is not a whole number from 1 to" in ran.err


def test_an_empty_folder_is_a_failure_but_not_beside_others(run: Run, colours_file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    alone = run("predict", "--weights", colours_file, tmp_path / "empty")
    assert (alone.status, alone.out) == (1, "")
    assert f"there are no pictures in `{tmp_path / 'empty'}`" in alone.err
    picture = write_picture(tmp_path / "red.png", "red")
    beside = run("predict", "--json", "--weights", colours_file, tmp_path / "empty", picture)
    assert (beside.status, best(beside)) == (0, [("red.png", "red")])
    assert f"there are no pictures in `{tmp_path / 'empty'}`" in beside.err


def test_where_no_file_is_there_the_network_is_not_even_loaded(run: Run, tmp_path: Path) -> None:
    absent = tmp_path / "absent.jpg"
    ran = run("predict", "--weights", "resnet152", absent)  # which nobody has fetched
    assert (ran.status, ran.out) == (1, "")
    assert ran.err == f"weights-registry: there is no file `{absent}`\n"


def test_no_speed_is_told_where_no_picture_was_classified(run: Run, colours_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    ran = run("predict", "--weights", colours_file, broken)
    assert ran.status == 1
    assert "0 images with" in ran.err
    assert "images/s" not in ran.err


def test_unknown_weights_are_misuse_and_a_missing_file_is_a_failure(run: Run, tmp_path: Path) -> None:
    unknown = run("predict", "--weights", "resnet5O", SAMPLES)
    assert (unknown.status, unknown.out) == (2, "")
    assert "`ResNet50_Weights.ImageNet1K_V2`" in unknown.err
    missing = run("predict", "--weights", tmp_path / "none.safetensors", SAMPLES)
    assert (missing.status, missing.out) == (1, "")


@pytest.mark.parametrize("device", ["cuda:99", "meta", "hpu", "no-such-device", ""])
def test_a_device_that_is_not_there_is_said_in_one_line(device: str, run: Run) -> None:
    ran = run("predict", "--device", device, SAMPLES)
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith(f"weights-registry: the device `{device}` cannot be used here: ")
    assert len(ran.err.splitlines()) == 1


def test_output_goes_into_the_file_and_not_to_stdout(
    run: Run, colours_file: Path, pictures: Path, broken: Path
) -> None:
    output = pictures.parent / "labels.csv"
    to_stdout = run("predict", "--format", "csv", "--weights", colours_file, pictures, broken)
    to_file = run("predict", "--format", "csv", "--weights", colours_file, pictures, broken, "--output", output)
    assert (to_file.status, to_file.out) == (1, "")
    assert output.read_text(encoding="utf-8") == to_stdout.out
    assert len(to_stdout.out.splitlines()) == 10


def test_a_place_for_the_output_that_cannot_be_is_misuse(run: Run, tmp_path: Path) -> None:
    for output in (tmp_path, tmp_path / "missing" / "labels.csv"):
        ran = run("predict", SAMPLES, "--output", output)
        assert (ran.status, ran.out) == (2, "")
        assert "--output" in ran.err
