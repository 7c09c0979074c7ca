"""`study compare` and `study calibrate`, on real files and folders: what they print, write, and go on from."""

import csv
import json
import os
import re
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.small_checkpoints import build_colours, colours, record, write_colours, write_pictures
from training.cli import main
from training.data.pictures import ArrayPictures
from training.errors import RunError
from training.studies.answering import first_answers, log_probabilities, name_of, weights_of
from training.studies.parts import open_parts
from training.studies.subjects import open_pictures
from weights_registry import Classifier, save
from weights_registry.categories import CategorySet

SHOWN = {"red": ["red", "red", "green"], "green": ["green", "green", "blue"], "blue": ["blue", "blue", "blue"]}


@dataclass(frozen=True, slots=True)
class Ran:
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a study in this process, on the CPU."""

    def run(*words: object) -> Ran:
        status = main(["study", *map(str, words), "--device", "cpu"])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_pictures(tmp_path / "photos" / "val", SHOWN).parent


@pytest.fixture
def sees_all(tmp_path: Path) -> Path:
    return write_colours(tmp_path / "sees-all.safetensors", id="Colours.SeesAll")


@pytest.fixture
def takes_green_for_blue(tmp_path: Path) -> Path:
    """Answers blue to green and to blue, each with its own confidence."""
    model = build_colours(3).eval()
    weight = 5 * torch.eye(3)
    weight[1], weight[2] = 0, torch.tensor([0.0, 4.0, 5.0])
    model.load_state_dict({"2.weight": weight, "2.bias": torch.zeros(3)})
    return save(model, tmp_path / "green-is-blue.safetensors", record(id="Colours.GreenIsBlue"))


def test_pictures_whose_names_are_any_bytes_are_compared_written_down_and_counted_as_unreadable(
    run: Run, data: Path, sees_all: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    green = data / "val" / "green"
    (green / "0.png").rename(green / os.fsdecode(b"gr\xfcn.png"))
    (green / os.fsdecode(b"weg\xe9.png")).symlink_to("nowhere")
    ran = run("compare", sees_all, takes_green_for_blue, "--data", data, "--output", tmp_path / "out")
    assert ran.status == 0
    assert r"such as: `green/weg\udce9.png` cannot be used: there is no such file" in ran.err
    found = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))["data"]
    assert found["num_images"] == 9
    assert r"green/gr\udcfcn.png" in [each["picture"] for each in found["differing"]]
    assert r"green/gr\udcfcn.png" in (tmp_path / "out" / "compare.csv").read_text(encoding="utf-8")
    ran = run("resize", sees_all, "--data", data, "--workers", "0", "--output", tmp_path / "out")
    assert ran.status == 0
    assert r"`green/weg\udce9.png` cannot be used" in ran.err


def test_compare_finds_what_was_planted(
    run: Run, data: Path, sees_all: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    ran = run("compare", sees_all, takes_green_for_blue, "--data", data, "--output", tmp_path / "out", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["a"], found["b"]) == (0, "Colours.SeesAll", "Colours.GreenIsBlue")
    assert (found["num_images"], found["num_only_a"], found["num_only_b"]) == (9, 2, 0)
    assert (found["gain1"]["difference"], found["agreement"]) == (pytest.approx(-200 / 9), pytest.approx(600 / 9))
    assert [(each["picture"], each["answer_a"], each["answer_b"], each["right"]) for each in found["differing"]] == [
        ("green/0.png", "green", "blue", "A"),
        ("green/1.png", "green", "blue", "A"),
        ("red/2.png", "green", "blue", "neither"),
    ]
    with (tmp_path / "out" / "compare.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["picture"], row["truth"], row["right"]) for row in rows] == [
        (each["picture"], each["truth"], each["right"]) for each in found["differing"]
    ]
    assert [float(row["confidence_b"]) for row in rows] == pytest.approx(
        [each["confidence_b"] for each in found["differing"]], abs=1e-6
    )
    written = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert written["data"] == found
    assert written["alt"].endswith(found["sentence"])
    assert [each["checkpoint"] for each in found["of"]] == [found["a"], found["b"]]
    assert all(each["pictures"].startswith("names-and-sizes:") for each in found["of"])
    with Image.open(tmp_path / "out" / "compare.png") as picture:
        assert picture.format == "PNG"


def test_compare_prints_a_table_and_says_what_it_means(
    run: Run, data: Path, sees_all: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    ran = run("compare", sees_all, takes_green_for_blue, "--data", data, "--output", tmp_path / "out")
    assert ran.out.splitlines()[1].split() == ["A", "Colours.SeesAll", "77.778", "100.000", "2"]
    assert "These pictures do not tell the two apart." in ran.err
    assert "The 3 pictures that they take for different things" in ran.err


def test_confidences_and_answers_are_the_classifiers_own(data: Path, sees_all: Path, tmp_path: Path) -> None:
    classifier = Classifier(colours(), device="cpu")
    measured = open_pictures(str(data), classifier.checkpoint.labels)
    found = first_answers(classifier, measured.pictures, open_parts(tmp_path / "parts", {"study": "one"}))
    paths = sorted((data / "val").rglob("*.png"))
    predictions = classifier.predict(paths)
    assert found.best_N.tolist() == [each.best.index for each in predictions]
    assert found.confidence_N.tolist() == [each.best.probability for each in predictions]


def test_pictures_in_memory_are_called_by_their_number_and_answered_alike(tmp_path: Path) -> None:
    classifier = Classifier(colours(), device="cpu")
    levels_NHWC = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), dtype=np.uint8)
    pictures = ArrayPictures(levels_NHWC, np.array([0, 1, 2, 0, 1, 2]))
    found = first_answers(classifier, pictures, open_parts(tmp_path / "one", {"study": "one"}))
    logs = log_probabilities(classifier, pictures, open_parts(tmp_path / "other", {"study": "other"}))
    predictions = classifier.predict(Image.fromarray(each) for each in levels_NHWC)
    assert found.best_N.tolist() == logs.logs_NK.argmax(dim=1).tolist() == [each.best.index for each in predictions]
    assert found.labels_N.tolist() == logs.labels_N.tolist() == [0, 1, 2, 0, 1, 2]
    assert name_of(pictures, 3) == "picture 3"


def test_a_run_is_meant_by_its_folder(run: Run, data: Path, sees_all: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    write_colours(folder / "model.safetensors", id="Colours.SeesAll")
    ran = run("compare", sees_all, folder, "--data", data / "val", "--output", tmp_path / "out", "--json")
    found = json.loads(ran.out)
    # One id stands for two files; what was typed tells them apart.
    assert (found["a"], found["b"]) == (str(sees_all), str(folder))
    assert (found["agreement"], found["gain1"]["p_value"]) == (100, 1)
    with pytest.raises(RunError, match=r"holds no `model.safetensors`: a run writes it once its last epoch is done"):
        weights_of(str(tmp_path))
    assert weights_of("resnet50") == "resnet50"


def test_other_categories_are_refused_before_a_picture_is_read(run: Run, sees_all: Path, tmp_path: Path) -> None:
    other = save(
        colours().model,
        tmp_path / "other.safetensors",
        replace(record(), category_set=CategorySet("shifted", ("green", "blue", "red"))),
    )
    ran = run("compare", sees_all, other, "--data", tmp_path / "nowhere", "--output", tmp_path / "out")
    assert (ran.status, ran.out) == (1, "")
    assert re.search(r"the 3 categories of `colours` and .* the 3 of `shifted`", ran.err)


def test_a_picture_that_cannot_be_read_is_told_and_not_counted(
    run: Run, data: Path, sees_all: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    (data / "val" / "red" / "0.png").write_bytes(b"no picture")
    for study, weights in (("compare", (sees_all, takes_green_for_blue)), ("calibrate", (takes_green_for_blue,))):
        ran = run(study, *weights, "--data", data, "--output", tmp_path / study, "--json")
        found: dict[str, Any] = json.loads(ran.out)
        assert found.get("num_images", found.get("num_fitted", 0) + found.get("num_measured", 0)) == 8
        (told,) = found["unreadable"]
        assert told.startswith("`red/0.png` cannot be used: ")


def test_calibrate_writes_its_figures_and_leaves_the_checkpoint_as_it_is(
    run: Run, data: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    before = takes_green_for_blue.read_bytes()
    ran = run("calibrate", takes_green_for_blue, "--data", data, "--output", tmp_path / "out", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["num_fitted"] + found["num_measured"], found["applied"]) == (0, 9, False)
    written = json.loads((tmp_path / "out" / "calibration.json").read_text(encoding="utf-8"))
    assert written["data"] == found
    assert (tmp_path / "out" / "calibration.png").is_file()
    assert found["of"]["checkpoint"] == "Colours.GreenIsBlue"
    assert takes_green_for_blue.read_bytes() == before
    assert list((tmp_path / "out").rglob("*.npy")) == []


def test_calibrate_measures_the_probabilities_that_the_classifier_gives(data: Path, tmp_path: Path) -> None:
    classifier = Classifier(colours(), device="cpu")
    measured = open_pictures(str(data), classifier.checkpoint.labels)
    found = log_probabilities(classifier, measured.pictures, open_parts(tmp_path / "parts", {"study": "one"}))
    probabilities = [each.probabilities_K for each in classifier.stream(sorted((data / "val").rglob("*.png")))]
    for row, expected in zip(found.logs_NK.exp(), probabilities, strict=True):
        assert expected is not None
        assert torch.allclose(row, expected, atol=1e-7)
    assert found.labels_N.tolist() == [2, 2, 2, 1, 1, 1, 0, 0, 0]


def test_pictures_in_a_tar_file_are_answered_as_those_in_the_folder(
    run: Run, data: Path, sees_all: Path, takes_green_for_blue: Path, tmp_path: Path
) -> None:
    (data / "val" / "red" / "0.png").write_bytes(b"no picture")
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "val.tar", "w") as tar:
        tar.add(data / "val", "val")
    found = [
        json.loads(run(*words, "--data", each, "--output", tmp_path / f"out-{each.name}-{words[0]}", "--json").out)
        for words in (("compare", sees_all, takes_green_for_blue), ("calibrate", takes_green_for_blue))
        for each in (data, packed)
    ]
    for in_folder, in_tar in (found[:2], found[2:]):
        for each in (in_folder, in_tar):
            del each["of"]
        assert in_tar == in_folder


class Killed(Exception):
    pass


@pytest.mark.parametrize("ask", [first_answers, log_probabilities])
def test_a_study_that_was_killed_goes_on_from_what_is_done(
    ask: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.studies.answering.NUM_IN_PART", 4)
    classifier = Classifier(colours(), device="cpu")
    pictures = open_pictures(str(data), classifier.checkpoint.labels).pictures
    whole = ask(classifier, pictures, open_parts(tmp_path / "whole", {"study": "one"}))
    done: list[int] = []

    def kill_in_the_second(num_images: int) -> None:
        done.append(num_images)
        if len(done) == 2:
            raise Killed

    parts = open_parts(tmp_path / "killed", {"study": "one"})
    with pytest.raises(Killed):
        ask(classifier, pictures, parts, on_progress=kill_in_the_second)
    # What is done is not asked again: those pictures are gone now.
    for path in sorted((data / "val").rglob("*.png"))[:8]:
        path.write_bytes(b"")
    resumed = ask(classifier, pictures, parts)
    assert resumed.labels_N.tolist() == whole.labels_N.tolist()
    assert resumed.unreadable == whole.unreadable == ()
