"""`evaluate` and `verify` on miniatures of the published sets, with pictures whose answers are planted."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.planted import IMAGENET, planted, wordnet_id, write_planted, write_shown
from tests.small_checkpoints import measured
from weights_registry import save
from weights_registry.evaluation_sets import IMAGENET_A, IMAGENET_R

# One of ImageNet-A's categories, and a neighbour by number and colour that is none of them.
INSIDE, OUTSIDE = next(
    (index, index + 1)
    for index in map(IMAGENET.wordnet_ids.index, IMAGENET_A.labels.wordnet_ids)
    if index % 10 < 9 and wordnet_id(index + 1) not in IMAGENET_A.labels.wordnet_ids
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_planted(tmp_path / "planted.safetensors")


@pytest.fixture
def imagenet_a(tmp_path: Path) -> Path:
    """All 200 folders, a picture each; that of one category is taken for one that is not in the set."""
    root = tmp_path / "imagenet-a"
    for each in IMAGENET_A.labels.wordnet_ids:
        index = IMAGENET.wordnet_ids.index(each)
        name = "0.000348_digital clock _ digital clock_0.865662.jpg"
        write_shown(root / each / name, index, towards=OUTSIDE if index == INSIDE else None)
    (root / "README.txt").write_text("ImageNet-A", encoding="utf-8")
    return root


def figures(run: Run, weights: Path, data: Path, *options: object) -> dict[str, Any]:
    ran = run("evaluate", "--weights", weights, "--data", data, "--json", "--device", "cpu", *options)
    assert ran.status == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_a_is_ranked_among_its_200_categories_and_says_why(run: Run, weights: Path, imagenet_a: Path) -> None:
    found = figures(run, weights, imagenet_a)
    assert (found["dataset"], found["split"], found["recognised_by"]) == ("ImageNet-A", "test", "its 200 sub-folders")
    assert (found["acc1"], found["num_images"], found["num_images_in_full"]) == (100, 200, 7_500)
    assert (found["ranked_among"], found["num_ranked"]) == ("set", 200)
    assert "published figures on ImageNet-A rank among its 200 categories alone" in found["why_ranked_so"]
    assert "confidences are those among these" in found["why_ranked_so"]


def test_among_all_categories_the_one_outside_of_the_set_comes_first(run: Run, weights: Path, imagenet_a: Path) -> None:
    found = figures(run, weights, imagenet_a, "--rank-among", "all")
    assert (found["acc1"], found["acc5"]) == (99.5, 100)
    assert (found["ranked_among"], found["num_ranked"]) == ("all", 1000)
    assert "not to be compared" in found["why_ranked_so"]


def test_a_guess_is_said_and_can_be_overruled(run: Run, weights: Path, imagenet_a: Path) -> None:
    ran = run("evaluate", "--weights", weights, "--data", imagenet_a)
    assert "taken for ImageNet-A, by its 200 sub-folders; `--dataset` says otherwise" in ran.err
    assert "200 of 1,000 categories, ranked among 200 alone" in ran.out
    assert "ranked   published figures on ImageNet-A rank among its 200 categories alone" in ran.out
    assert f"data     ImageNet-A test in {imagenet_a}, a part: 200 of 7,500" in ran.out
    plain = run("evaluate", "--weights", weights, "--data", imagenet_a, "--dataset", "folder")
    assert "200 of 1,000 categories, ranked among all" in plain.out
    assert (plain.err, "ranked  " in plain.out) == ("", False)
    assert f"data     {imagenet_a}" in plain.out


def test_any_folder_can_be_ranked_among_its_own_categories(run: Run, weights: Path, tmp_path: Path) -> None:
    write_shown(tmp_path / "data" / wordnet_id(121) / "a.jpg", 121, towards=122)
    write_shown(tmp_path / "data" / wordnet_id(500) / "b.jpg", 500)
    assert figures(run, weights, tmp_path / "data")["acc1"] == 50
    found = figures(run, weights, tmp_path / "data", "--rank-among", "set")
    assert (found["acc1"], found["num_ranked"], found["dataset"]) == (100, 2, None)


def test_v2_is_told_by_its_name_and_its_folders_are_numbers(run: Run, weights: Path, tmp_path: Path) -> None:
    root = tmp_path / "imagenetv2-matched-frequency-format-val"
    for index in (2, 10, 100, 11, 999):  # sorted as strings: 10, 100, 11, 2, 999
        write_shown(root / str(index) / "0af3f1b55de791c4144e2fb6d7dfe96dfc22d3fc.jpeg", index)
    found = figures(run, weights, root, "--dataset", "ImageNet-V2")
    assert (found["acc1"], found["num_images"], found["num_images_in_full"]) == (100, 5, 10_000)
    assert (found["dataset"], found["split"]) == ("ImageNet-V2", "matched-frequency")
    assert (found["ranked_among"], found["why_ranked_so"]) == ("all", None)


def test_r_is_read_by_wordnet_id_also_in_part(run: Run, weights: Path, tmp_path: Path) -> None:
    some = IMAGENET_R.labels.wordnet_ids[3:6]
    for each in some:
        write_shown(tmp_path / "imagenet-r" / each / "art_0.jpg", IMAGENET.wordnet_ids.index(each))
    found = figures(run, weights, tmp_path / "imagenet-r", "--dataset", "imagenet-r")
    assert (found["acc1"], found["num_images"], found["num_ranked"], found["num_categories"]) == (100, 3, 200, 3)


def test_sketch_is_recognised_and_ranked_among_all(run: Run, weights: Path, tmp_path: Path) -> None:
    write_shown(tmp_path / "sketch" / wordnet_id(7) / "sketch_0.JPEG", 7)
    write_shown(tmp_path / "sketch" / wordnet_id(8) / "sketch_1.JPEG", 7)
    found = figures(run, weights, tmp_path / "sketch")
    assert (found["dataset"], found["acc1"], found["ranked_among"]) == ("ImageNet-Sketch", 50, "all")


def test_real_counts_any_of_its_labels_and_leaves_out_pictures_without_one(
    run: Run, weights: Path, tmp_path: Path
) -> None:
    # ReaL begins with no label, then (970, 795), (230, 231), (809): right by the second label, right, wrong.
    for number, shown in ((1, 65), (2, 795), (3, 230), (4, 810)):
        write_shown(tmp_path / "val" / wordnet_id(65) / f"ILSVRC2012_val_{number:08d}.JPEG", shown)
    found = figures(run, weights, tmp_path / "val", "--dataset", "imagenet-real")
    assert (found["num_images"], found["num_unlabelled"]) == (3, 1)
    assert (found["num_images_in_full"], found["acc1"]) == (46_837, pytest.approx(200 / 3))
    ran = run("evaluate", "--weights", weights, "--data", tmp_path / "val", "--dataset", "imagenet-real")
    assert "a part: 3 of 46,837; 1 more have no label and are left out" in ran.out
    # By the folders they lie in, none of them is right but the first.
    assert figures(run, weights, tmp_path / "val")["acc1"] == 25


def test_reals_file_without_real_is_misuse(run: Run, weights: Path, tmp_path: Path) -> None:
    ran = run("evaluate", "--weights", weights, "--data", tmp_path, "--real-labels", tmp_path / "real.json")
    assert (ran.status, ran.out) == (2, "")
    assert "`--dataset imagenet-real`; add it" in ran.err


def test_a_set_whose_categories_the_checkpoint_lacks_is_refused(run: Run, colours_file: Path, imagenet_a: Path) -> None:
    ran = run("evaluate", "--weights", colours_file, "--data", imagenet_a, "--dataset", "imagenet-a")
    assert (ran.status, ran.out) == (1, "")
    assert "`colours` has no category for 200 of the 200 of ImageNet-A" in ran.err


@pytest.mark.parametrize(
    ("ranked_among", "published", "status"), [("set", 100.0, 0), ("all", 99.5, 0), ("all", 100.0, 1), ("set", 99.5, 1)]
)
def test_verify_ranks_as_the_published_figure_did(
    ranked_among: Any, published: float, status: int, run: Run, imagenet_a: Path, tmp_path: Path
) -> None:
    # On as many pictures the two must agree within 0.05 points; one picture of 200 is half a point.
    figure = measured(published, 200, dataset="ImageNet-A", ranked_among=ranked_among)
    loaded = planted()
    described = replace(loaded.checkpoint, metrics=(measured(1.0, 50_000), figure))
    path = save(loaded.model, tmp_path / "published.safetensors", described)
    ran = run("verify", path, "--data", imagenet_a, "--device", "cpu", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["evaluation"]["ranked_among"]) == (status, ranked_among)
    assert f"published {published:.3f} on ImageNet-A val by somebody" in found["checks"][-1]["found"]
    named = run("verify", path, "--data", imagenet_a, "--device", "cpu", "--json", "--dataset", "imagenet-a")
    assert (named.status, json.loads(named.out)["evaluation"]["acc1"]) == (status, found["evaluation"]["acc1"])


def test_verify_compares_with_no_figure_on_other_pictures(run: Run, imagenet_a: Path, tmp_path: Path) -> None:
    loaded = planted()
    path = save(loaded.model, tmp_path / "p.safetensors", replace(loaded.checkpoint, metrics=(measured(1.0, 50_000),)))
    ran = run("verify", path, "--data", imagenet_a)
    assert (ran.status, ran.out) == (2, "")
    assert "has no figure on `ImageNet-A`" in ran.err


@pytest.fixture
def four_pictures(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    write_shown(root / "tench" / "a.jpg", 0)
    write_shown(root / "tench" / "b, c.jpg", 0, towards=1)
    write_shown(root / "tabby" / "deep" / "d.jpg", 281)
    (root / "tabby" / "e.jpg").write_bytes(b"no picture")
    return root


def test_predictions_hold_a_row_for_each_picture(run: Run, weights: Path, four_pictures: Path, tmp_path: Path) -> None:
    for suffix in ("jsonl", "csv"):
        ran = run(
            *("evaluate", "--weights", weights, "--data", four_pictures, "--predictions", tmp_path / f"rows.{suffix}"),
            *("--json", "--batch-size", 2),
        )
        assert ran.status == 1  # one picture could not be read
        found = json.loads(ran.out)
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["path"] for row in rows] == ["tabby/deep/d.jpg", "tabby/e.jpg", "tench/a.jpg", "tench/b, c.jpg"]
    assert [row["hit1"] for row in rows] == [True, False, True, False]
    assert [row["hit5"] for row in rows] == [True, False, True, True]
    assert rows[0]["truth"] == [{"index": 281, "label": "tabby", "wordnet_id": "n02123045"}]
    assert [each["index"] for each in rows[3]["ranked"][:2]] == [1, 0]
    assert (rows[0]["error"], rows[1]["ranked"]) == (None, [])
    assert found["unreadable"] == [{"source": str(four_pictures / "tabby" / "e.jpg"), "reason": rows[1]["error"]}]
    read = [row for row in rows if not row["error"]]
    assert 100 * sum(row["hit1"] for row in read) / len(read) == pytest.approx(found["acc1"])

    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["path"] for row in table] == [row["path"] for row in rows]
    for row, cells in zip(rows, table, strict=True):
        assert cells["error"] == (row["error"] or "")
        assert cells["truth_index"] == str(row["truth"][0]["index"])
        for rank, each in enumerate(row["ranked"], start=1):
            assert (cells[f"index{rank}"], cells[f"label{rank}"]) == (str(each["index"]), each["label"])
            assert float(cells[f"probability{rank}"]) == pytest.approx(each["probability"], rel=1e-5, abs=1e-30)
    assert (table[1]["hit1"], table[1]["index1"]) == ("", "")


def test_predictions_say_every_true_category(run: Run, weights: Path, tmp_path: Path) -> None:
    write_shown(tmp_path / "val" / "ILSVRC2012_val_00000002.JPEG", 795)
    rows = tmp_path / "rows.csv"
    figures(run, weights, tmp_path / "val", "--dataset", "imagenet-real", "--predictions", rows)
    with rows.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["truth_index"], row["truth_label"]) == ("970; 795", f"{IMAGENET.names[970]}; {IMAGENET.names[795]}")
    assert row["hit1"] == "1"


def test_predictions_are_written_whole_or_not_at_all(run: Run, weights: Path, tmp_path: Path) -> None:
    (tmp_path / "photos" / "tench").mkdir(parents=True)
    (tmp_path / "photos" / "tench" / "a.jpg").write_bytes(b"")
    rows = tmp_path / "rows.csv"
    rows.write_text("of an earlier time", encoding="utf-8")
    ran = run("evaluate", "--weights", weights, "--data", tmp_path / "photos", "--predictions", rows)
    assert ran.status == 1
    assert rows.read_text(encoding="utf-8") == "of an earlier time"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["photos", "planted.safetensors", "rows.csv"]


def test_predictions_need_a_suffix_that_says_how_to_write_them(run: Run, tmp_path: Path) -> None:
    ran = run("evaluate", "--data", tmp_path, "--predictions", tmp_path / "rows.parquet")
    assert (ran.status, ran.out) == (2, "")
    assert "must end in .csv or .jsonl" in ran.err


def test_the_reliability_bins_hold_every_picture(run: Run, weights: Path, imagenet_a: Path) -> None:
    found = figures(run, weights, imagenet_a)
    assert sum(row["num_images"] for row in found["reliability"]) == 200
    gaps = [
        row["num_images"] * abs(row["mean_confidence"] - row["accuracy"])
        for row in found["reliability"]
        if row["num_images"]
    ]
    assert sum(gaps) / 200 == pytest.approx(found["calibration_error"])
