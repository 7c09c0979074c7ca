"""Makes checkpoints again from their recipes; this page names all that is public.

Importing it costs milliseconds and brings no torch: a recipe is data, and so are its schedules and its plan.
"""

from training.catalog import get_recipe, is_published, list_recipes
from training.diff import Change, recipe_diff, retrains
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
from training.hardware import Fit, fit
from training.ladder import LADDER, Rung
from training.overrides import override, parse_settings
from training.plan import Plan, make_plan
from training.recipe import Recipe
from training.record import digest, from_json, to_json
from training.schedule import (
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
