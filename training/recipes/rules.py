"""What makes the fields of a recipe contradict each other. Knows nothing of a single field's range."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from training.recipes.recipe_fields import RUN_FIELDS

if TYPE_CHECKING:
    from training.recipes.recipe import Recipe

# What timm.data.auto_augment.rand_augment_transform reads behind each key; others it answers with an AssertionError.
_RAND_KEYS: Final[dict[str, str]] = {
    "m": r"[0-9]+",
    "n": r"[1-9][0-9]*",
    "mmax": r"[0-9]+",
    "mstd": r"[0-9]+(\.[0-9]+)?",
    "p": r"(0(\.[0-9]+)?|1(\.0+)?)",
    "inc": r"[01]",
}


def broken_rules(recipe: Recipe) -> list[str]:
    """What is wrong with the recipe and what would mend it, one sentence a rule; empty if nothing is."""
    return [broken for rule in _RULES if (broken := rule(recipe)) is not None]


def _architecture_is_a_name(recipe: Recipe) -> str | None:
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*", recipe.architecture):
        return None
    return f"`architecture` is a builder's name in small letters, such as `resnet50`, not `{recipe.architecture}`"


def _id_names_the_architecture(recipe: Recipe) -> str | None:
    if re.fullmatch(re.escape(recipe.architecture) + r"/[a-z0-9][a-z0-9._-]*(\+[0-9a-f]{8})?", recipe.id):
        return None
    return f"an id is `<architecture>/<variant>` in small letters, so it must start with `{recipe.architecture}/`"


def _optimizer_has_its_own(recipe: Recipe) -> str | None:
    if recipe.optimizer == "sgd":
        fits = recipe.momentum is not None and recipe.betas is None and recipe.eps is None
        return None if fits else "`optimizer` sgd takes `momentum`, and neither `betas` nor `eps`"
    fits = recipe.momentum is None and not recipe.nesterov and None not in (recipe.betas, recipe.eps)
    return None if fits else "`optimizer` lamb takes `betas` and `eps`, and neither `momentum` nor `nesterov`"


def _nesterov_needs_momentum(recipe: Recipe) -> str | None:
    return "`nesterov` needs a `momentum` above 0" if recipe.nesterov and not recipe.momentum else None


def _schedule_has_its_own(recipe: Recipe) -> str | None:
    steps = (recipe.lr_step_epochs, recipe.lr_gamma)
    if recipe.lr_schedule == "step":
        fits = None not in steps and recipe.lr_min == 0
        return None if fits else "`lr_schedule` step takes `lr_step_epochs` and `lr_gamma`, and no `lr_min`"
    return None if steps == (None, None) else "`lr_schedule` cosine takes neither `lr_step_epochs` nor `lr_gamma`"


def _lr_min_is_below_lr(recipe: Recipe) -> str | None:
    if recipe.lr_min < recipe.lr:
        return None
    return f"`lr_min` {recipe.lr_min:g} must be below `lr` {recipe.lr:g}"


def _warmup_has_one_start(recipe: Recipe) -> str | None:
    starts = [start for start in (recipe.warmup_start_factor, recipe.warmup_start_lr) if start is not None]
    if len(starts) == (1 if recipe.warmup_epochs else 0):
        return None
    return "a warm-up takes one of `warmup_start_factor` and `warmup_start_lr`, no warm-up takes neither"


def _warmup_rises(recipe: Recipe) -> str | None:
    if recipe.warmup_start_lr is None or recipe.warmup_start_lr <= recipe.lr:
        return None
    return f"`warmup_start_lr` {recipe.warmup_start_lr:g} must not be above `lr` {recipe.lr:g}"


def _warmup_ends(recipe: Recipe) -> str | None:
    if recipe.warmup_epochs < recipe.epochs:
        return None
    return f"`warmup_epochs` {recipe.warmup_epochs} must be less than `epochs` {recipe.epochs}"


def _average_is_whole(recipe: Recipe) -> str | None:
    if (recipe.ema_decay is None) == (recipe.ema_every_steps is None):
        return None
    return "`ema_decay` and `ema_every_steps` go together: set both, or neither"


def _threshold_needs_bce(recipe: Recipe) -> str | None:
    if recipe.bce_target_threshold is None or recipe.loss == "bce":
        return None
    return "`bce_target_threshold` acts on `loss` bce only"


def _threshold_swallows_smoothing(recipe: Recipe) -> str | None:
    # timm.loss.BinaryCrossEntropy smooths first and cuts then: https://arxiv.org/abs/2110.00476 does not say so.
    if recipe.bce_target_threshold is None or not recipe.label_smoothing:
        return None
    return (
        f"`bce_target_threshold` {recipe.bce_target_threshold:g} cuts every target to 0 or 1, so `label_smoothing` "
        f"{recipe.label_smoothing:g} would have no effect. Soft targets with smoothing (A1): set "
        "`bce_target_threshold=none`; hard targets (A2, A3): set `label_smoothing=0`"
    )


def _pairs_are_in_order(recipe: Recipe) -> str | None:
    for name in ("train_scale", "train_ratio"):
        low, high = getattr(recipe, name)
        if low > high:
            return f"`{name}` goes from low to high, not from {low:g} to {high:g}"
    return None


def _augmentation_is_known(recipe: Recipe) -> str | None:
    name = recipe.auto_augment
    if name in (None, "ta_wide", "ra"):
        return None
    first, *parts = name.split("-")
    keys = [part.rstrip("0123456789.") for part in parts]
    fits = all(
        key in _RAND_KEYS and re.fullmatch(key + _RAND_KEYS[key], part) for key, part in zip(keys, parts, strict=True)
    )
    if first == "rand" and parts and fits and len(set(keys)) == len(keys):
        return None
    return (
        "`auto_augment` is ta_wide, ra, none, or timm's form such as rand-m7-mstd0.5-inc1: behind rand, each once, m, "
        f"n or mmax with a whole number, mstd or p with any, inc with 0 or 1; not `{name}`"
    )


def _assumed_are_fields(recipe: Recipe) -> str | None:
    strangers = [name for name in recipe.assumed if name not in RUN_FIELDS]
    return f"`assumed` names no field: {', '.join(strangers)}" if strangers else None


_RULES: Final[tuple[Callable[[Recipe], str | None], ...]] = (
    _architecture_is_a_name,
    _id_names_the_architecture,
    _optimizer_has_its_own,
    _nesterov_needs_momentum,
    _schedule_has_its_own,
    _lr_min_is_below_lr,
    _warmup_has_one_start,
    _warmup_rises,
    _warmup_ends,
    _average_is_whole,
    _threshold_needs_bce,
    _threshold_swallows_smoothing,
    _pairs_are_in_order,
    _augmentation_is_known,
    _assumed_are_fields,
)
