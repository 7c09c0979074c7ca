"""The same recipe in fewer epochs, or more: what it counts in epochs keeps its share. Data, no torch."""

from training.errors import RecipeError
from training.recipes.overrides import override
from training.recipes.recipe import Recipe


def times_epochs(recipe: Recipe, factor: float) -> Recipe:
    """The recipe with `factor` times its epochs: warm-up and steps of the learning rate with them, in whole epochs.

    None of them becomes less than one, so in a very short run the warm-up is a larger share. A changed recipe has
    another id; given back as it is if nothing changes. Raises RecipeError, which names the factor, as `override` does.
    """
    counted = {"epochs": recipe.epochs, "lr_step_epochs": recipe.lr_step_epochs, "warmup_epochs": recipe.warmup_epochs}
    try:
        return override(recipe, **{name: max(1, round(count * factor)) for name, count in counted.items() if count})
    except RecipeError as error:
        raise RecipeError(
            f"`{recipe.id}` cannot have {factor:g} times its {recipe.epochs} epochs: {error}. Take a larger factor"
        ) from error
