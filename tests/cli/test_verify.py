"""`verify`: every way in which a checkpoint may not be what its record says has a test here that finds it."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.conftest import Ran, Register, Run
from tests.small_checkpoints import (
    WORDNET_IDS,
    describe_file,
    measured,
    registered_colours,
    write_colours,
    write_pictures,
    write_samples,
)
from weights_registry import EfficientNet_Lite0_Weights, Preprocessing
from weights_registry.categories import CategorySet

LITE0 = EfficientNet_Lite0_Weights.ImageNet1K_V1
SIX_PICTURES = {"red": ["red", "red"], "green": ["green", "blue"], "blue": ["blue", "blue"]}  # 5 of 6 are right
FIVE_OF_SIX = 100 * 5 / 6


def verdicts(ran: Ran) -> list[tuple[str, str]]:
    """The check's name and `ok` or `FAIL`, line by line."""
    return [(line[6:18].strip(), line[:4].strip()) for line in ran.out.splitlines() if line[0] != " "]


def test_the_weights_that_come_along_are_what_their_record_says(run: Run) -> None:
    ran = run("verify", LITE0.id.upper())
    assert ran.status == 0
    assert verdicts(ran) == [("digest", "ok"), ("categories", "ok"), ("strict load", "ok"), ("parameters", "ok")]
    assert f"{LITE0.sha256}`, in full as published" in ran.out
    assert f"verify {LITE0.id.upper()} --data DIR" in ran.err


def test_the_json_holds_every_check(run: Run, registered: Register, tmp_path: Path) -> None:
    registered(registered_colours(tmp_path / "colours.safetensors", num_params=13))
    ran = run("verify", "colours.v1", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["weights"], found["holds"]) == (1, "Colours.V1", False)
    assert [(check["name"], check["holds"]) for check in found["checks"]] == [
        ("digest", True),
        ("categories", True),
        ("strict load", True),
        ("parameters", False),
    ]


def test_a_changed_file_fails_the_digest(run: Run, registered: Register, colours_file: Path) -> None:
    registered(describe_file(colours_file))
    content = bytearray(colours_file.read_bytes())
    content[-1] ^= 1
    colours_file.write_bytes(content)
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)) == (1, [("digest", "FAIL")])


def test_a_missing_file_fails_to_be_fetched(run: Run, registered: Register, colours_file: Path) -> None:
    registered(describe_file(colours_file))
    colours_file.unlink()
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)) == (1, [("fetch", "FAIL")])


def test_what_takes_several_lines_is_shown_below_its_first(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_OFFLINE", "1")
    ran = run("verify", "resnet18")
    first, *others = ran.out.splitlines()
    assert first == "FAIL  fetch         `ResNet18_Weights.ImageNet1K_V1` could not be fetched."
    assert others
    assert all(line.startswith(" " * 20) for line in others)
    assert "\\n" not in ran.out


def test_a_file_that_describes_itself_is_held_against_its_own_digest(run: Run, colours_file: Path) -> None:
    ran = run("verify", colours_file)
    assert ran.status == 0
    assert "as in the file's own header" in ran.out
    content = bytearray(colours_file.read_bytes())
    content[-1] ^= 1  # in the tensors
    colours_file.write_bytes(content)
    ran = run("verify", colours_file)
    assert (ran.status, verdicts(ran)) == (1, [("digest", "FAIL")])


def test_a_file_whose_digest_nobody_knows_is_not_called_published(
    run: Run, registered: Register, tmp_path: Path
) -> None:
    path = tmp_path / "colours.pth"
    torch.save({"2.weight": torch.eye(3), "2.bias": torch.zeros(3)}, path)
    registered(describe_file(path, sha256=None))
    ran = run("verify", "Colours.V1")
    assert ran.status == 0
    assert "none is published to hold it against" in ran.out


class Hostile:
    """Unpickling it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.folder),)


def test_a_pickle_with_code_in_it_is_refused_and_runs_nothing(run: Run, registered: Register, tmp_path: Path) -> None:
    path, made = tmp_path / "hostile.pth", tmp_path / "made"
    torch.save({"2.weight": torch.eye(3), "2.bias": Hostile(made)}, path)
    registered(describe_file(path))  # its digest is right: whoever published it meant this
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)) == (1, [("digest", "ok"), ("safety", "FAIL")])
    assert not made.exists()


def test_a_wrong_number_of_categories_is_found(run: Run, registered: Register, tmp_path: Path) -> None:
    labels = CategorySet("four", ("red", "green", "blue", "grey"))
    registered(registered_colours(tmp_path / "colours.safetensors", category_set=labels))
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)) == (1, [("digest", "ok"), ("categories", "FAIL")])
    assert "the head tells 3 apart, the record names 4" in ran.out


def test_parameters_of_another_network_fail_the_strict_load(run: Run, registered: Register, tmp_path: Path) -> None:
    registered(registered_colours(tmp_path / "colours.safetensors", architecture="resnet18"))
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)) == (1, [("digest", "ok"), ("strict load", "FAIL")])


def test_a_wrong_number_of_parameters_is_found(run: Run, registered: Register, tmp_path: Path) -> None:
    registered(registered_colours(tmp_path / "colours.safetensors", num_params=13))
    ran = run("verify", "Colours.V1")
    assert (ran.status, verdicts(ran)[-1]) == (1, ("parameters", "FAIL"))
    assert "the network has 12, the record says 13" in ran.out


def test_the_accuracy_on_the_sample_photos_agrees_with_the_published_one_as_far_as_three_pictures_tell(
    run: Run, tmp_path: Path
) -> None:
    ran = run("verify", LITE0.id, "--data", write_samples(tmp_path / "data"))
    assert (ran.status, verdicts(ran)[-1]) == (0, ("acc@1", "ok"))
    line = ran.out.splitlines()[-1]
    assert "measured 100.000 on 3 pictures, published 74.846 on ImageNet-1K val by timm, on a sibling file" in line
    assert "95 % interval 43.850 to 100.000, widened by 0.05 points" in line


def test_an_accuracy_that_cannot_be_the_published_one_fails(run: Run, tmp_path: Path) -> None:
    swapped = dict(zip(WORDNET_IDS, [*list(WORDNET_IDS.values())[1:], "n07920052"], strict=True))
    ran = run("verify", LITE0.id, "--data", write_samples(tmp_path / "data", swapped))
    assert (ran.status, verdicts(ran)[-1]) == (1, ("acc@1", "FAIL"))
    assert "measured 0.000 on 3 pictures" in ran.out


@pytest.mark.parametrize(
    ("published", "tolerance", "status"),
    [(FIVE_OF_SIX + 0.04, [], 0), (FIVE_OF_SIX - 0.06, [], 1), (50.0, ["--tolerance", "34"], 0)],
)
def test_on_as_many_pictures_the_two_must_agree_within_the_tolerance(
    published: float, tolerance: list[str], status: int, run: Run, tmp_path: Path
) -> None:
    path = write_colours(tmp_path / "colours.safetensors", metrics=(measured(published, 6),))
    ran = run("verify", path, "--data", write_pictures(tmp_path / "data", SIX_PICTURES), *tolerance)
    assert ran.status == status
    assert "as many pictures: within" in ran.out


@pytest.mark.parametrize(("published", "status"), [(45.0, 0), (20.0, 1)])
def test_on_other_pictures_the_published_one_must_lie_in_the_interval(
    published: float, status: int, run: Run, tmp_path: Path
) -> None:
    path = write_colours(tmp_path / "colours.safetensors", metrics=(measured(published, 50_000),))
    ran = run("verify", path, "--data", write_pictures(tmp_path / "data", SIX_PICTURES))
    assert ran.status == status
    assert "other pictures: within the 95 % interval 43.650 to 96.995" in ran.out


def test_the_figure_to_compare_with_can_be_chosen_and_is_fed_as_it_was_measured(run: Run, tmp_path: Path) -> None:
    fed = Preprocessing(resize_size=20, crop_size=16, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    metrics = (measured(1.0, 6), measured(FIVE_OF_SIX, 6, dataset="Other", preprocessing=fed))
    path = write_colours(tmp_path / "colours.safetensors", metrics=metrics)
    data = write_pictures(tmp_path / "data", SIX_PICTURES)
    assert run("verify", path, "--data", data).status == 1
    ran = run("verify", path, "--data", data, "--dataset", "other", "--json")
    evaluation = json.loads(ran.out)["evaluation"]
    assert ran.status == 0
    assert (evaluation["acc1"], evaluation["preprocess"]) == (FIVE_OF_SIX, "exact")
    assert evaluation["preprocessing"]["resize_size"] == 20


def test_a_picture_that_cannot_be_read_fails_it_even_if_the_accuracy_agrees(run: Run, tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors", metrics=(measured(100.0, 1),))
    data = write_pictures(tmp_path / "data", {"red": ["red"]})
    (data / "red" / "broken.png").write_bytes(b"")
    ran = run("verify", path, "--data", data)
    assert (ran.status, verdicts(ran)[-2:]) == (1, [("acc@1", "ok"), ("pictures", "FAIL")])
    assert "broken.png" in ran.err


def test_nothing_is_measured_once_a_check_has_failed(run: Run, registered: Register, tmp_path: Path) -> None:
    metrics = (measured(100.0, 1),)
    registered(registered_colours(tmp_path / "colours.safetensors", num_params=13, metrics=metrics))
    ran = run("verify", "Colours.V1", "--data", write_pictures(tmp_path / "data", {"red": ["red"]}))
    assert (ran.status, verdicts(ran)[-1]) == (1, ("parameters", "FAIL"))


def test_a_folder_or_figure_that_is_not_there_is_found_out_first(run: Run, tmp_path: Path, colours_file: Path) -> None:
    missing = run("verify", LITE0.id, "--data", tmp_path / "missing")
    assert (missing.status, missing.out) == (1, "")
    no_figure = run("verify", colours_file, "--data", tmp_path)
    assert (no_figure.status, no_figure.out) == (2, "")
    assert "no published accuracy" in no_figure.err
    unknown = run("verify", LITE0.id, "--data", tmp_path, "--dataset", "CIFAR-10")
    assert (unknown.status, unknown.out) == (2, "")
    assert "ImageNet-V2" in unknown.err


@pytest.mark.parametrize("option", [["--dataset", "ImageNet-V2"], ["--tolerance", "1"]])
def test_an_option_that_would_have_no_effect_is_misuse(option: list[str], run: Run) -> None:
    ran = run("verify", LITE0.id, *option)
    assert (ran.status, ran.out) == (2, "")
    assert "--data" in ran.err


@pytest.mark.parametrize("tolerance", ["nan", "inf", "-1", "little"])
def test_a_tolerance_that_would_always_or_never_hold_is_misuse(tolerance: str, run: Run, tmp_path: Path) -> None:
    ran = run("verify", LITE0.id, "--data", tmp_path, f"--tolerance={tolerance}")
    assert (ran.status, ran.out) == (2, "")
