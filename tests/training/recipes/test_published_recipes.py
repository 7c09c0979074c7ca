"""The published recipes against the commands and tables that they come from."""

import re
from dataclasses import replace

import pytest

from training import Recipe, UnknownRecipe, get_recipe, is_published, list_recipes, override, recipe_diff
from training.recipes.catalog import other_names
from training.recipes.published import PUBLISHED
from training.recipes.published.timm_a import TIMM_A

WITHOUT_FIXRES = ("resnet101/v2", "resnet152/v2", "resnext50_32x4d/v2", "wide_resnet101_2/v2")
WITH_FIXRES = ("resnext101_32x8d/v2", "wide_resnet50_2/v2")
WITH_REPEATED_AUGMENTATION = ("resnet50/v2", "resnext101_64x4d/v1")


def fields_apart(a: str, b: str) -> set[str]:
    return {change.field for change in recipe_diff(get_recipe(a), get_recipe(b))}


def test_every_recipe_has_a_name_of_its_own_and_those_of_others_a_published_figure() -> None:
    recipes = list_recipes()
    assert len({recipe.id for recipe in recipes}) == len(recipes)
    ours = [recipe for recipe in recipes if recipe.architecture.startswith("registry/")]
    assert [recipe.headline for recipe in ours] == [None] * 14
    others = [recipe for recipe in recipes if recipe not in ours]
    assert len(others) == 46
    for recipe in others:
        assert recipe.headline is not None
        assert recipe.headline.preprocessing == recipe.inference
        assert recipe.of is None


def test_v1_is_the_defaults_of_the_references() -> None:
    v1 = get_recipe("resnet50/v1")
    assert (v1.epochs, v1.num_gpus, v1.batch_size_per_gpu) == (90, 8, 32)
    assert (v1.optimizer, v1.lr, v1.momentum, v1.weight_decay) == ("sgd", 0.1, 0.9, 1e-4)
    assert (v1.lr_schedule, v1.lr_step_epochs, v1.lr_gamma, v1.warmup_epochs) == ("step", 30, 0.1, 0)
    assert v1.norm_weight_decay is None, "weight decay acts on norm layers too"
    assert v1.ema_decay is None
    assert (v1.train_crop_size, v1.train_interpolation, v1.auto_augment) == (224, "bilinear", None)
    assert (v1.inference.resize_size, v1.inference.crop_size) == (256, 224)


@pytest.mark.parametrize("architecture", ["resnet18", "resnet34", "resnet101", "resnet152"])
def test_the_plain_resnets_share_one_recipe(architecture: str) -> None:
    assert fields_apart("resnet50/v1", f"{architecture}/v1") == {"architecture"}


def test_resnext_v1_trained_for_100_epochs_and_the_large_one_on_64_gpus() -> None:
    assert fields_apart("resnet50/v1", "resnext50_32x4d/v1") == {"architecture", "epochs"}
    large = get_recipe("resnext101_32x8d/v1")
    assert (large.num_gpus, large.batch_size_per_gpu, large.lr, large.epochs) == (64, 16, 0.4, 100)


def test_v2_is_the_command_of_the_article() -> None:
    v2 = get_recipe("resnet50/v2")
    assert (v2.epochs, v2.num_gpus, v2.batch_size_per_gpu, v2.lr) == (600, 8, 128, 0.5)
    assert (v2.lr_schedule, v2.warmup_epochs, v2.warmup_start_factor) == ("cosine", 5, 0.01)
    assert (v2.auto_augment, v2.random_erasing, v2.label_smoothing) == ("ta_wide", 0.1, 0.1)
    assert (v2.weight_decay, v2.norm_weight_decay, v2.bias_weight_decay) == (2e-5, 0.0, None)
    assert (v2.mixup_alpha, v2.cutmix_alpha) == (0.2, 1.0)
    assert (v2.ema_decay, v2.ema_every_steps) == (0.99998, 32)
    assert (v2.train_crop_size, v2.inference.resize_size, v2.inference.crop_size) == (176, 232, 224)
    assert v2.repeated_augmentations == 4


def test_v2_is_three_recipes() -> None:
    for name in WITHOUT_FIXRES:
        assert fields_apart("resnet101/v2", name) <= {"architecture"}
    for name in WITH_FIXRES:
        assert fields_apart("resnet101/v2", name) == {"architecture", "train_crop_size"}
    for name in WITH_REPEATED_AUGMENTATION:
        assert fields_apart("resnet101/v2", name) == {"architecture", "train_crop_size", "repeated_augmentations"}


@pytest.mark.parametrize("architecture", ["wide_resnet50_2", "wide_resnet101_2"])
def test_what_is_not_known_of_the_wide_networks_is_said(architecture: str) -> None:
    recipe = get_recipe(f"{architecture}/v1")
    assert (recipe.epochs, recipe.lr_schedule, recipe.amp) == (256, "cosine", "float16")
    assert {"lr", "num_gpus", "batch_size_per_gpu", "lr_schedule"} <= set(recipe.assumed)
    assert any("restart" in note for note in recipe.notes)


# Paper's table 2: epochs, rate, decay, smoothing, stochastic depth, views, mixup, crop, magnitude.
@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("resnet50/a1", (600, 5e-3, 0.01, 0.1, 0.05, 3, 0.2, 224, "rand-m7-mstd0.5-inc1")),
        ("resnet50/a2", (300, 5e-3, 0.02, 0.0, 0.05, 3, 0.1, 224, "rand-m7-mstd0.5-inc1")),
        ("resnet50/a3", (100, 8e-3, 0.02, 0.0, 0.0, 1, 0.1, 160, "rand-m6-mstd0.5-inc1")),
    ],
)
def test_timms_recipes_are_the_papers_table(name: str, row: tuple[object, ...]) -> None:
    a = get_recipe(name)
    assert row == (
        a.epochs,
        a.lr,
        a.weight_decay,
        a.label_smoothing,
        a.stochastic_depth,
        a.repeated_augmentations,
        a.mixup_alpha,
        a.train_crop_size,
        a.auto_augment,
    )


@pytest.mark.parametrize("recipe", TIMM_A, ids=lambda recipe: recipe.id)
def test_timms_recipes_have_in_common_what_the_paper_keeps(recipe: Recipe) -> None:
    assert recipe.global_batch_size == 2048
    assert (recipe.optimizer, recipe.loss, recipe.cutmix_alpha) == ("lamb", "bce", 1.0)
    assert (recipe.norm_weight_decay, recipe.bias_weight_decay) == (0.0, 0.0)
    assert (recipe.random_erasing, recipe.ema_decay) == (0.0, None)
    assert (recipe.warmup_epochs, recipe.warmup_start_lr, recipe.lr_min) == (5, 1e-4, 1e-6)
    assert recipe.zero_init_residual
    assert recipe.grad_clip_norm == 1.0, "timm's LAMB clips by itself"
    assert (recipe.train_interpolation, recipe.inference.interpolation) == ("bicubic", "bicubic")
    assert recipe.inference.resize_size == int(224 / 0.95)


def test_a1_smooths_soft_targets_and_the_others_cut_hard_ones() -> None:
    for recipe in TIMM_A:
        expected = (0.1, None) if recipe.variant == "a1" else (0.0, 0.2)
        assert (recipe.label_smoothing, recipe.bce_target_threshold) == expected
        assert "bce_target_threshold" in recipe.assumed
        assert any("threshold" in note for note in recipe.notes)


def test_figures_of_others_stand_beside_the_recipe_they_are_of_and_name_its_network() -> None:
    for recipe in TIMM_A:
        notes = " ".join(recipe.notes)
        assert ("80.12" in notes, "79.55" in notes) == (recipe.variant == "a1", recipe.variant == "a2")
        for note in recipe.notes:
            assert "ResNet-50" in note or not re.search(r"\d\d\.\d\d", note), note
        assert "warmup_start_lr" in recipe.assumed
        assert any("warm-up starts with, 1e-4," in note for note in recipe.notes)


def test_names_are_found_whatever_their_letter_case() -> None:
    assert get_recipe(" ResNet50/V2 ") is get_recipe("resnet50/v2")


def test_an_unknown_name_is_answered_with_the_closest_and_where_to_look() -> None:
    with pytest.raises(UnknownRecipe, match=r"`resnet50/v3`; the closest are `resnet50/v") as caught:
        get_recipe("resnet50/v3")
    assert "`reproduce-weights list`" in str(caught.value)
    with pytest.raises(UnknownRecipe, match="none is close to it"):
        get_recipe("zzzzzz")


def test_a_pattern_chooses_by_any_name() -> None:
    assert [recipe.id for recipe in list_recipes("resnet50/A?")] == ["resnet50/a1", "resnet50/a2", "resnet50/a3"]
    assert len(list_recipes("resnet50/rung-*")) == 13
    assert list_recipes("vgg*") == []
    assert other_names(get_recipe("resnet50/v2")) == ("resnet50/rung-13",)


def test_only_an_unchanged_recipe_counts_as_published() -> None:
    v2 = get_recipe("resnet50/v2")
    assert is_published(v2)
    assert is_published(replace(v2, notes=("seen by many",)))
    assert not is_published(override(v2, lr=0.4))
    assert not is_published(replace(v2, lr=0.4)), "the name alone does not make it so"
    assert all(is_published(recipe) for recipe in PUBLISHED)
