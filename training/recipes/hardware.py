"""Fits a recipe to other hardware than its own, without changing what it trains unless told to. Knows no GPU."""

from dataclasses import dataclass
from typing import Literal, get_args

from training.errors import BatchMismatch
from training.recipes.overrides import override
from training.recipes.recipe import Recipe

LrRule = Literal["linear", "sqrt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How a recipe runs on this hardware.

    `recipe` is the one given, or, under a rule for the learning rate, a changed one with an id of its own. Each of
    `num_gpus` sees `batch_size_per_gpu` pictures at once; `accumulation_steps` of those make an optimiser step.
    `remarks` says what is still not as in the recipe.
    """

    recipe: Recipe
    num_gpus: int
    batch_size_per_gpu: int
    accumulation_steps: int
    remarks: tuple[str, ...]

    @property
    def global_batch_size(self) -> int:
        """Pictures of one optimiser step, over all GPUs and accumulated batches."""
        return self.num_gpus * self.batch_size_per_gpu * self.accumulation_steps


def fit(recipe: Recipe, *, num_gpus: int, batch_size_per_gpu: int, lr_rule: LrRule | None = None) -> Fit:
    """The recipe on `num_gpus` that take `batch_size_per_gpu` pictures at once.

    Without `lr_rule`, gradients are accumulated until the recipe's global batch is full. With it, the global batch
    becomes what the hardware takes at once, and the peak rate follows the ratio of the batches (linear) or its square
    root (sqrt, LAMB's); the rates where warm-up starts and the cosine ends stay, as in timm.
    Raises BatchMismatch if accumulation cannot fill the global batch exactly, and ValueError for a wrong argument.
    """
    if num_gpus < 1 or batch_size_per_gpu < 1:
        raise ValueError(
            f"`num_gpus` and `batch_size_per_gpu` start from 1, not `{num_gpus}` and `{batch_size_per_gpu}`"
        )
    if lr_rule is not None and lr_rule not in get_args(LrRule):
        raise ValueError(f"`lr_rule` must be one of {', '.join(get_args(LrRule))}, not `{lr_rule}`")
    at_once = num_gpus * batch_size_per_gpu
    if lr_rule is not None and at_once != recipe.global_batch_size:
        return _scaled(recipe, num_gpus, batch_size_per_gpu, lr_rule)
    accumulation_steps, rest = divmod(recipe.global_batch_size, at_once)
    if rest:
        raise BatchMismatch(_how_to_fit(recipe, num_gpus, batch_size_per_gpu))
    return Fit(
        recipe=recipe,
        num_gpus=num_gpus,
        batch_size_per_gpu=batch_size_per_gpu,
        accumulation_steps=accumulation_steps,
        remarks=_remarks(recipe, num_gpus, batch_size_per_gpu),
    )


def _scaled(recipe: Recipe, num_gpus: int, batch_size_per_gpu: int, lr_rule: LrRule) -> Fit:
    ratio = num_gpus * batch_size_per_gpu / recipe.global_batch_size
    lr = recipe.lr * (ratio if lr_rule == "linear" else ratio**0.5)
    return Fit(
        recipe=override(recipe, num_gpus=num_gpus, batch_size_per_gpu=batch_size_per_gpu, lr=lr),
        num_gpus=num_gpus,
        batch_size_per_gpu=batch_size_per_gpu,
        accumulation_steps=1,
        remarks=(),
    )


def _remarks(recipe: Recipe, num_gpus: int, batch_size_per_gpu: int) -> tuple[str, ...]:
    remarks = []
    normed, as_published = (
        (num_gpus * batch_size_per_gpu, recipe.global_batch_size)
        if recipe.sync_bn
        else (batch_size_per_gpu, recipe.batch_size_per_gpu)
    )
    if normed != as_published:
        remarks.append(f"batch norm looks at {normed} pictures at a time, in the recipe at {as_published}")
    if (recipe.mixup_alpha or recipe.cutmix_alpha) and batch_size_per_gpu != recipe.batch_size_per_gpu:
        remarks.append(
            f"{batch_size_per_gpu} pictures share one draw of mixup or CutMix, "
            f"in the recipe {recipe.batch_size_per_gpu}"
        )
    # `sampler` deals the views of a picture to as many batches as a step has, accumulated ones too.
    num_batches = recipe.global_batch_size // batch_size_per_gpu
    if num_batches < recipe.repeated_augmentations <= recipe.num_gpus:
        remarks.append("views of one picture meet in one batch, in the recipe each goes to another")
    return tuple(remarks)


def _how_to_fit(recipe: Recipe, num_gpus: int, batch_size_per_gpu: int) -> str:
    per_gpu, rest = divmod(recipe.global_batch_size, num_gpus)
    fitting = [] if rest else [size for size in range(1, per_gpu + 1) if per_gpu % size == 0]
    nearest = sorted(sorted(fitting, key=lambda size: abs(size - batch_size_per_gpu))[:4])
    choices = (
        f"With {num_gpus} GPUs, {', '.join(map(str, nearest))} pictures a GPU do"
        if nearest
        else f"No batch of {num_gpus} GPUs does"
    )
    return (
        f"`{recipe.id}` takes {recipe.global_batch_size} pictures a step, and {num_gpus} x {batch_size_per_gpu} = "
        f"{num_gpus * batch_size_per_gpu} does not divide that. {choices}; or choose another global batch and a rule "
        "for the learning rate, linear or sqrt, which makes it another recipe"
    )
