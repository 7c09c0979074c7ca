"""The checkpoints this project trained and ships: files, records, recipes and run logs say the same."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from training import get_recipe, is_published
from training.data.dataset import FASHION_MNIST_FOLDER
from training.recipes.record import from_dict
from training.runs.runlog import fingerprint
from weights_registry import ResNet20_Grey_Weights, WeightsEnum, sources
from weights_registry.header import read_checkpoint

MEMBERS = list(ResNet20_Grey_Weights)
EVIDENCE = Path(__file__).parent.parent / "cards" / "evidence"


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_file_says_of_itself_what_the_family_says(member: WeightsEnum) -> None:
    path = sources.fetch(member.checkpoint)
    stated = read_checkpoint(path)
    assert stated.labels == member.checkpoint.labels
    expected = replace(member.checkpoint, category_set=stated.category_set, url=stated.url, sha256=None)
    assert stated == expected


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_run_trained_the_recipe_that_is_named_and_found_the_figure_that_is_stated(member: WeightsEnum) -> None:
    header, *epochs = map(json.loads, (EVIDENCE / member.id / "run.jsonl").read_text(encoding="utf-8").splitlines())
    trained = from_dict(header["recipe"])
    assert member.recipe is not None
    assert trained == get_recipe(member.recipe)
    assert is_published(trained)
    assert len(epochs) == trained.epochs
    assert f"run fingerprint {fingerprint(header)}" in member.checkpoint.lineage
    scores = epochs[-1]["scores"]["test"]
    found = scores["model" if trained.ema_decay is None else "average"]
    assert member.headline is not None
    assert (member.headline.num_images, member.headline.acc1) == (10_000, found["num_correct1"] / 100)


@pytest.mark.skipif(not FASHION_MNIST_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_a_thousand_pictures_are_named_about_as_well_as_all(member: WeightsEnum) -> None:
    from training.data.dataset import open_data_set
    from weights_registry import Classifier
    from weights_registry.inference.evaluation import wilson_interval

    data = open_data_set("fashion-mnist").eval
    pictures, labels = zip(*(data.read(index, num_channels=1) for index in range(1000)), strict=True)
    answers = Classifier(member, device="cpu").predict(list(pictures), top_k=1)
    num_correct = sum(answer.best.index == label for answer, label in zip(answers, labels, strict=True))
    low, high = wilson_interval(num_correct, 1000, confidence=0.999)
    assert member.headline is not None
    assert low <= member.headline.acc1 <= high
