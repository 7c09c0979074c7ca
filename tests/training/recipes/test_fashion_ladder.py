"""The ladder on Fashion-MNIST against the one it follows, and the two recipes against those they were scaled from."""

import json

import pytest

from training import LADDER, Recipe, UnknownRecipe, digest, get_recipe, recipe_diff
from training.cli import main
from training.recipes.ladders import get_ladder
from training.recipes.published.fashion_ladder import FASHION_LADDER
from training.recipes.published.fashion_mnist import FASHION_MNIST_V1, FASHION_MNIST_V2

# There rung 2 changes the batch too; here the baseline has it already.
SAME_HERE = {2: {"batch_size_per_gpu"}}
SCALE = {"architecture", "num_gpus", "batch_size_per_gpu", "epochs", "train_crop_size", "train_scale", "amp"}
SCALE |= {f"inference.{field}" for field in ("resize_size", "crop_size", "mean", "std")}


def test_each_rung_sets_the_fields_that_it_sets_there() -> None:
    assert [(rung.number, rung.name, rung.acc1) for rung in FASHION_LADDER] == [
        (rung.number, rung.name, rung.acc1) for rung in LADDER
    ]
    for here, there in zip(FASHION_LADDER, LADDER, strict=True):
        expected = {change.field for change in there.changes} - SAME_HERE.get(there.number, set())
        assert {change.field for change in here.changes} == expected
        assert here.retrains == there.retrains


def test_the_rungs_are_recipes_that_are_found_by_name_and_bear_no_figure_of_another_data_set() -> None:
    for rung in FASHION_LADDER:
        assert get_recipe(rung.id) is rung.recipe
        assert rung.recipe.published == ()
    assert get_recipe("registry/resnet20-grey/rung-01") is FASHION_MNIST_V1
    assert len({digest(rung.recipe) for rung in FASHION_LADDER}) == len(FASHION_LADDER)


@pytest.mark.parametrize(
    ("ours", "theirs", "beyond_the_scale"),
    [
        (FASHION_MNIST_V1, "resnet50/v1", {"lr_step_epochs"}),
        (
            FASHION_MNIST_V2,
            "resnet50/v2",
            {"lr", "weight_decay", "warmup_epochs", "schedule_unit", "auto_augment", "mixup_alpha", "cutmix_alpha"}
            | {"repeated_augmentations", "random_erasing", "ema_decay", "ema_every_steps", "train_ratio"},
        ),
    ],
    ids=["V1", "V2"],
)
def test_nothing_differs_from_the_recipe_it_was_scaled_from_but_what_the_file_gives_a_reason_for(
    ours: Recipe, theirs: str, beyond_the_scale: set[str]
) -> None:
    found = {change.field for change in recipe_diff(get_recipe(theirs), ours)}
    assert found - SCALE == beyond_the_scale


def test_both_are_of_one_network_and_fed_alike() -> None:
    assert FASHION_MNIST_V1.architecture == FASHION_MNIST_V2.architecture
    assert FASHION_MNIST_V1.inference == FASHION_MNIST_V2.inference


def test_a_ladder_is_asked_for_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert get_ladder(" ImageNet ") is LADDER
    assert get_ladder("fashion-mnist") is FASHION_LADDER
    with pytest.raises(UnknownRecipe, match="no ladder is called `cifar`; there are `imagenet`, `fashion-mnist`"):
        get_ladder("cifar")
    assert main(["ladder", "fashion-mnist"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) >= 1 + len(FASHION_LADDER)
    assert any("registry/resnet20-grey/rung-04" in line and "epochs=30" in line for line in shown)


def test_the_articles_figures_are_never_shown_as_those_of_another_network(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ladder", "fashion-mnist"]) == 0
    shown = capsys.readouterr()
    assert "published acc@1" in shown.out.splitlines()[0]
    assert "another network's on other data" in shown.err
    assert "ResNet-50 on ImageNet-1K" in shown.err
    assert main(["ladder", "fashion-mnist", "--json"]) == 0
    for rung in json.loads(capsys.readouterr().out):
        assert "ResNet-50 on ImageNet-1K" in rung["published"]["of"]
        assert "acc1" not in rung
