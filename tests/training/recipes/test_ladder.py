"""The ladder against the article's table, and against the recipes at its two ends."""

from dataclasses import replace

import pytest

from training import LADDER, Rung, digest, get_recipe

# The article: ingredient, acc@1, acc@5, incremental, absolute. The last row came later, from pytorch/vision#3995.
ARTICLE = [
    ("Baseline", 76.130, 92.862, 0.000, 0.000),
    ("LR optimisations", 76.494, 93.198, 0.364, 0.364),
    ("TrivialAugment", 76.806, 93.272, 0.312, 0.676),
    ("Long training", 78.606, 94.052, 1.800, 2.476),
    ("Random erasing", 78.796, 94.094, 0.190, 2.666),
    ("Label smoothing", 79.114, 94.374, 0.318, 2.984),
    ("Mixup", 79.232, 94.536, 0.118, 3.102),
    ("CutMix", 79.510, 94.642, 0.278, 3.380),
    ("Weight-decay tuning", 80.036, 94.746, 0.526, 3.906),
    ("FixRes mitigations", 80.196, 94.672, 0.160, 4.066),
    ("EMA", 80.450, 94.908, 0.254, 4.320),
    ("Inference resize tuning", 80.674, 95.166, 0.224, 4.544),
    ("Repeated augmentation", 80.858, 95.434, 0.184, 4.728),
]
CHANGED = [
    set(),
    {
        "batch_size_per_gpu",
        "lr",
        "lr_schedule",
        "lr_step_epochs",
        "lr_gamma",
        "warmup_epochs",
        "warmup_start_factor",
    },
    {"auto_augment"},
    {"epochs"},
    {"random_erasing"},
    {"label_smoothing"},
    {"mixup_alpha"},
    {"cutmix_alpha"},
    {"weight_decay", "norm_weight_decay"},
    {"train_crop_size"},
    {"ema_decay", "ema_every_steps"},
    {"inference.resize_size"},
    {"repeated_augmentations"},
]


def test_figures_and_the_gains_derived_from_them_are_the_articles() -> None:
    assert [(rung.name, rung.acc1, rung.acc5, rung.incremental, rung.absolute) for rung in LADDER] == ARTICLE


def test_each_rung_sets_its_own_ingredient_and_keeps_all_before() -> None:
    assert [{change.field for change in rung.changes} for rung in LADDER] == CHANGED


def test_rungs_are_numbered_and_each_knows_the_one_before() -> None:
    assert [rung.number for rung in LADDER] == list(range(1, 14))
    assert [rung.before for rung in LADDER] == [None, *LADDER[:-1]]


def test_the_first_rung_is_v1_and_the_last_is_v2() -> None:
    assert LADDER[0].recipe is get_recipe("resnet50/v1") is get_recipe("resnet50/rung-01")
    assert LADDER[-1].recipe is get_recipe("resnet50/v2") is get_recipe("resnet50/rung-13")


def test_climbing_step_by_step_arrives_at_the_shipped_recipe() -> None:
    arrived = replace(LADDER[11].recipe, repeated_augmentations=4)
    assert digest(arrived) == digest(get_recipe("resnet50/v2"))


def test_only_the_inference_rung_retrains_nothing() -> None:
    assert [rung.number for rung in LADDER if not rung.retrains] == [12]


@pytest.mark.parametrize("rung", LADDER, ids=lambda rung: rung.id)
def test_every_rung_is_found_by_name_and_bears_its_figure(rung: Rung) -> None:
    assert get_recipe(rung.id) is rung.recipe
    assert rung.recipe.headline is not None
    assert (rung.recipe.headline.acc1, rung.recipe.headline.acc5) == (rung.acc1, rung.acc5)
    assert rung.recipe.headline.preprocessing == rung.recipe.inference
