"""Makes checkpoints again from their recipes; this page names all that is public.

Importing it costs milliseconds and brings no torch: a recipe is data, and so are its schedules and its plan.
"""

from training.errors import (
    BatchMismatch,
    DataSetError,
    DataSetTooSmall,
    LossDiverged,
    RecipeError,
    RunError,
    SettingError,
    SnapshotDamaged,
    TooManyUnreadable,
    TrainingError,
    UnknownRecipe,
)
from training.recipes.catalog import get_recipe, is_published, list_recipes
from training.recipes.diff import Change, recipe_diff, retrains
from training.recipes.hardware import Fit, fit
from training.recipes.overrides import override, parse_settings
from training.recipes.plan import Plan, make_plan
from training.recipes.published.ladder import LADDER, Rung
from training.recipes.recipe import Recipe
from training.recipes.record import digest, from_json, to_json
from training.recipes.schedule import (
    ema_decay,
    learning_rate,
    learning_rate_at_step,
    learning_rates,
    stochastic_depth_rates,
)

__all__ = [
    "LADDER",
    "BatchMismatch",
    "Change",
    "DataSetError",
    "DataSetTooSmall",
    "Fit",
    "LossDiverged",
    "Plan",
    "Recipe",
    "RecipeError",
    "RunError",
    "Rung",
    "SettingError",
    "SnapshotDamaged",
    "TooManyUnreadable",
    "TrainingError",
    "UnknownRecipe",
    "digest",
    "ema_decay",
    "fit",
    "from_json",
    "get_recipe",
    "is_published",
    "learning_rate",
    "learning_rate_at_step",
    "learning_rates",
    "list_recipes",
    "make_plan",
    "override",
    "parse_settings",
    "recipe_diff",
    "retrains",
    "stochastic_depth_rates",
    "to_json",
]
