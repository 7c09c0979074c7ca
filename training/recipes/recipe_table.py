"""Recipe -> the rows that its checkpoint's card shows, beside the recipe it came from. Knows nothing of Markdown.

`weights-registry card` finds `recipe_table` under the entry-point group `weights_registry.recipe_tables`.
"""

import re
from dataclasses import MISSING, fields
from typing import Any

from training.errors import UnknownRecipe
from training.recipes.catalog import get_recipe, is_published
from training.recipes.diff import format_value, recipe_diff
from training.recipes.ladders import LADDERS
from training.recipes.recipe import Recipe
from training.recipes.recipe_fields import RUN_FIELDS
from training.recipes.record import digest
from weights_registry.card.recipe import RecipeRow, RecipeTable


def recipe_table(recipe_id: str) -> RecipeTable:
    """The table of a published recipe. Raises UnknownRecipe, which is a LookupError."""
    return table_of(get_recipe(recipe_id))


def table_of(recipe: Recipe) -> RecipeTable:
    """The table of any recipe, such as one that a run wrote down: the settings that are not at their default."""
    before = recipes_before(recipe)
    return RecipeTable(
        id=recipe.id,
        digest=digest(recipe),
        before=tuple(other.id for other in before),
        rows=tuple(_row(name, recipe, before) for name in _settings(recipe, before)),
        command=f"reproduce-weights {recipe.id} --data DIR" if is_published(recipe) else "",
        remarks=recipe.notes,
    )


def recipes_before(recipe: Recipe) -> tuple[Recipe, ...]:
    """What a recipe came from, the nearest first: the one it was changed from, else the rung below, then `v1` of `v2`.

    Empty for a recipe that came from none, and where the recipe it was changed from is not known here.
    """
    if recipe.of is not None:
        return _known(recipe.of)
    rungs = [rung for ladder in LADDERS.values() for rung in ladder if rung.recipe.id == recipe.id]
    below = [rung.before.recipe for rung in rungs if rung.before is not None]
    version = re.fullmatch(r"(.*v)(\d+)", recipe.variant)
    earlier = () if version is None else _known(f"{recipe.architecture}/{version[1]}{int(version[2]) - 1}")
    return (*below, *(other for other in earlier if other not in below))


def _known(name: str) -> tuple[Recipe, ...]:
    """The recipe of that name, or none."""
    try:
        return (get_recipe(name),)
    except UnknownRecipe:
        return ()


def _settings(recipe: Recipe, before: tuple[Recipe, ...]) -> list[str]:
    """The fields to show, in the recipe's order: what is set, and what differs; the feeding only where it differs."""
    defaults = {field.name: field.default for field in fields(recipe) if field.default is not MISSING}
    shown = {name for name in RUN_FIELDS if name not in defaults or getattr(recipe, name) != defaults[name]}
    shown -= {"inference"}
    shown |= {change.field for other in before for change in recipe_diff(other, recipe)}
    parts = sorted(name for name in shown if name.startswith("inference."))
    return [*(name for name in RUN_FIELDS if name in shown), *parts]


def _row(name: str, recipe: Recipe, before: tuple[Recipe, ...]) -> RecipeRow:
    field, _, part = name.partition(".")
    meaning = f"{part.replace('_', ' ')} at evaluation" if part else RUN_FIELDS[field].meaning
    if name in recipe.assumed:
        meaning += " (assumed: no source states it)"
    return RecipeRow(
        setting=name,
        value=format_value(_value(recipe, name)),
        before=tuple(format_value(_value(other, name)) for other in before),
        meaning=meaning,
    )


def _value(recipe: Recipe, name: str) -> Any:
    field, _, part = name.partition(".")
    value = getattr(recipe, field)
    return getattr(value, part) if part else value
