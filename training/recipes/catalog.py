"""Finds recipes by name. Knows nothing of what is in them."""

from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache

from training.errors import UnknownRecipe
from training.recipes.diff import recipe_diff
from training.recipes.ladders import LADDERS
from training.recipes.published import PUBLISHED
from training.recipes.recipe import Recipe
from training.recipes.record import digest


def get_recipe(name: str) -> Recipe:
    """The published recipe called `name`, whatever its letter case.

    `resnet50/rung-01` and `resnet50/rung-13` are other names of `resnet50/v1` and `resnet50/v2`, and the first rung of
    another ladder is one of its baseline.
    Raises UnknownRecipe, which suggests the closest names.
    """
    names = _names()
    found = names.get(name.strip().casefold())
    if found is None:
        raise UnknownRecipe(_not_found(name, names))
    return found


def list_recipes(pattern: str = "*") -> list[Recipe]:
    """The published recipes one of whose names fits the shell pattern, each once. Letter case does not matter."""
    fitting = (recipe for name, recipe in _names().items() if fnmatchcase(name, pattern.strip().casefold()))
    return list({recipe.id: recipe for recipe in fitting}.values())


def other_names(recipe: Recipe) -> tuple[str, ...]:
    """The names besides its id that `get_recipe` finds a recipe by: those of its rung of the ladder."""
    return tuple(name for name, known in _names().items() if known.id == recipe.id and name != recipe.id)


def is_published(recipe: Recipe) -> bool:
    """Whether a recipe is what its name says: a published one, with no field changed that shapes the run."""
    known = _names().get(recipe.id)
    return known is not None and digest(known) == digest(recipe)


def nearest_published(recipe: Recipe) -> Recipe:
    """The published recipe that a changed one came from; of one made otherwise, that which differs in fewest fields."""
    known = _names()
    if recipe.of is not None and recipe.of in known:
        return known[recipe.of]
    return min(known.values(), key=lambda each: len(recipe_diff(each, recipe)))


@cache
def _names() -> dict[str, Recipe]:
    names = {recipe.id: recipe for recipe in PUBLISHED}
    return names | {rung.id: rung.recipe for ladder in LADDERS.values() for rung in ladder}


def _not_found(name: str, names: dict[str, Recipe]) -> str:
    close = get_close_matches(name.strip().casefold(), names, n=3, cutoff=0.5)
    hint = f"the closest are {', '.join(f'`{each}`' for each in close)}" if close else "none is close to it"
    return f"no recipe is called `{name}`; {hint}. `reproduce-weights list` shows all of them"
