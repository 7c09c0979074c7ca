"""What a run will amount to, before it starts: steps, pictures, updates, hours. Knows nothing of the hardware."""

from dataclasses import dataclass

from training.errors import DataSetTooSmall
from training.recipes.recipe import Recipe
from training.recipes.schedule import ema_decay


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The size of one run of a recipe over a training set.

    An epoch is as many whole steps as its pictures fill; the rest, less than one global batch, waits for another
    shuffle. `distinct_images_per_epoch` is less under repeated augmentation, where each picture comes several times
    and the epoch keeps its length. `ema_decay` is the adjusted one, None without an average, and `num_ema_updates`
    counts one at the first step of every epoch and then one every `ema_every_steps`. `hours` are those of training
    alone, without evaluation and start, None where no speed is given.
    """

    recipe: str
    num_images: int
    epochs: int
    global_batch_size: int
    steps_per_epoch: int
    num_steps: int
    num_warmup_steps: int
    images_seen: int
    distinct_images_per_epoch: int
    num_ema_updates: int
    ema_decay: float | None
    images_per_second: float | None
    hours: float | None


def make_plan(recipe: Recipe, *, num_images: int, images_per_second: float | None = None) -> Plan:
    """The plan of `recipe` on `num_images` training pictures, at a speed of all GPUs together if one is given.

    Raises DataSetTooSmall if they do not fill one step, and ValueError for a speed that is not above 0.
    """
    if images_per_second is not None and not 0 < images_per_second < float("inf"):
        raise ValueError(f"`images_per_second` must be above 0, not `{images_per_second}`")
    steps_per_epoch = num_images // recipe.global_batch_size
    if steps_per_epoch < 1:
        raise DataSetTooSmall(
            f"`{recipe.id}` takes {recipe.global_batch_size} pictures a step and the training set has {num_images}; "
            "give it more pictures, or a smaller batch and a rule for the learning rate, `--batch-size-per-gpu N "
            "--lr-rule linear`, which makes it another recipe"
        )
    num_steps = steps_per_epoch * recipe.epochs
    images_seen = num_steps * recipe.global_batch_size
    every = recipe.ema_every_steps
    return Plan(
        recipe=recipe.id,
        num_images=num_images,
        epochs=recipe.epochs,
        global_batch_size=recipe.global_batch_size,
        steps_per_epoch=steps_per_epoch,
        num_steps=num_steps,
        num_warmup_steps=steps_per_epoch * recipe.warmup_epochs,
        images_seen=images_seen,
        distinct_images_per_epoch=-(-steps_per_epoch * recipe.global_batch_size // recipe.repeated_augmentations),
        num_ema_updates=0 if every is None else recipe.epochs * -(-steps_per_epoch // every),
        ema_decay=ema_decay(recipe),
        images_per_second=images_per_second,
        hours=None if images_per_second is None else images_seen / images_per_second / 3600,
    )
