"""A recipe's table: every setting that shapes the run and is set, beside what the recipe came from."""

from dataclasses import replace

import pytest

from training import Recipe, UnknownRecipe, get_recipe, list_recipes, override, recipe_diff
from training.recipes.diff import format_value
from training.recipes.recipe_table import recipe_table, recipes_before, table_of
from weights_registry.card import find_recipe_table


def before(name: str) -> list[str]:
    return [recipe.id for recipe in recipes_before(get_recipe(name))]


def test_a_recipe_comes_from_the_rung_below_and_the_version_before() -> None:
    assert before("resnet50/v2") == ["resnet50/rung-12", "resnet50/v1"]
    assert before("resnet50/rung-02") == ["resnet50/v1"]
    assert before("resnet101/v2") == ["resnet101/v1"]
    assert before("resnet50/v1") == before("resnext101_64x4d/v1") == before("resnet50/a1") == []
    assert before("registry/resnet20-grey/fashion-mnist-v2") == ["registry/resnet20-grey/fashion-mnist-v1"]


def test_a_changed_recipe_comes_from_the_one_it_was_changed_from() -> None:
    changed = override(get_recipe("resnet50/v2"), lr=0.4)
    assert [recipe.id for recipe in recipes_before(changed)] == ["resnet50/v2"]
    assert recipes_before(replace(changed, of="theirs/v7")) == ()
    table = table_of(changed)
    assert [row.setting for row in table.rows if row.before[0] != row.value] == ["lr"]
    assert table.command == ""  # nobody has it under its name


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.id)
def test_the_rows_hold_all_that_differs(recipe: Recipe) -> None:
    table = table_of(recipe)
    assert table.before == tuple(other.id for other in recipes_before(recipe))
    for place, other in enumerate(recipes_before(recipe)):
        shown = {row.setting: (row.before[place], row.value) for row in table.rows if row.before[place] != row.value}
        assert shown == {
            change.field: (format_value(change.before), format_value(change.after))
            for change in recipe_diff(other, recipe)
        }


def test_a_setting_that_no_source_states_is_marked() -> None:
    meanings = {row.setting: row.meaning for row in recipe_table("wide_resnet50_2/v1").rows}
    assert meanings["lr"].endswith("(assumed: no source states it)")
    assert "assumed" not in meanings["epochs"]


def test_a_name_that_nobody_knows_is_a_lookup_error() -> None:
    with pytest.raises(UnknownRecipe):
        recipe_table("resnet50/v9")
    assert issubclass(UnknownRecipe, LookupError)  # which lets the registry ask the next package


def test_the_registry_finds_the_tables_by_their_entry_point() -> None:
    assert find_recipe_table("resnet50/v2") == recipe_table("resnet50/v2")
    assert find_recipe_table("resnet50/v9") is None
