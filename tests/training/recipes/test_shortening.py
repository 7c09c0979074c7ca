"""A recipe in fewer epochs, or more."""

import pytest

from training import RecipeError, get_recipe, recipe_diff
from training.recipes.published.fashion_ladder import FASHION_LADDER
from training.recipes.shortening import times_epochs


def test_what_is_counted_in_epochs_keeps_its_share_and_nothing_else_changes() -> None:
    stepwise = times_epochs(get_recipe("resnet50/v1"), 1 / 3)
    assert (stepwise.epochs, stepwise.lr_step_epochs, stepwise.warmup_epochs) == (30, 10, 0)
    cosine = get_recipe("resnet50/v2")
    shorter = times_epochs(cosine, 0.2)
    assert (shorter.epochs, shorter.lr_step_epochs, shorter.warmup_epochs) == (120, None, 1)
    assert {change.field for change in recipe_diff(cosine, shorter)} == {"epochs", "warmup_epochs"}
    assert times_epochs(cosine, 2).epochs == 1200


def test_a_shorter_recipe_has_another_id_and_tells_where_it_comes_from() -> None:
    shorter = times_epochs(get_recipe("resnet50/v2"), 0.5)
    assert shorter.id.startswith("resnet50/v2+")
    assert shorter.of == "resnet50/v2"
    assert shorter.published == ()


def test_nothing_becomes_less_than_one_epoch() -> None:
    for rung in FASHION_LADDER:
        shorter = times_epochs(rung.recipe, 0.1)
        assert shorter.epochs == (2 if rung.number < 4 else 3)
        assert shorter.warmup_epochs == min(1, rung.recipe.warmup_epochs)


def test_the_same_epochs_are_the_same_recipe() -> None:
    recipe = get_recipe("resnet50/v2")
    assert times_epochs(recipe, 1.0) is recipe


def test_a_warm_up_that_would_last_the_whole_run_is_said() -> None:
    recipe = get_recipe("resnet50/v2")
    with pytest.raises(RecipeError, match="`warmup_epochs` 1 must be less than `epochs` 1") as told:
        times_epochs(recipe, 1e-9)
    assert "cannot have 1e-09 times its 600 epochs" in str(told.value)
