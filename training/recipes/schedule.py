"""What changes while a recipe runs, as pure functions of the recipe and the time. Knows neither optimiser nor network.

Epochs and steps are counted from 0. Nothing here remembers anything, so a resumed run needs no state of it.
"""

import math

from training.recipes.recipe import Recipe


def learning_rate(recipe: Recipe, epoch: int) -> float:
    """Learning rate that `epoch` begins with; held throughout it, unless `schedule_unit` is step.

    Warm-up rises linearly to `recipe.lr`, which epoch `warmup_epochs` has. Then the rate falls by `lr_gamma` every
    `lr_step_epochs`, or follows half a cosine down to `lr_min`, reached at `recipe.epochs`, one past the last epoch.
    With `decay_counts_from` warmup_end the decay begins at the peak; with start it has been counting since epoch 0.
    Source: torchvision references/classification/train.py (LinearLR, then StepLR or CosineAnnealingLR, stepped once an
    epoch) and timm's CosineLRScheduler with `warmup_prefix=False`.
    Raises ValueError unless 0 <= epoch < recipe.epochs.
    """
    if not 0 <= epoch < recipe.epochs:
        raise ValueError(f"`epoch` must be from 0 to {recipe.epochs - 1}, not `{epoch}`")
    return _rate(recipe, epoch, ticks_per_epoch=1)


def learning_rate_at_step(recipe: Recipe, step: int, *, steps_per_epoch: int) -> float:
    """Learning rate of optimiser step `step` of the whole run.

    As published, all steps of an epoch share one rate; with `schedule_unit` step the same curve is read at each step.
    Source: timm's `--sched-on-updates`. Raises ValueError unless 0 <= step < steps of the run.
    """
    if steps_per_epoch < 1:
        raise ValueError(f"`steps_per_epoch` must be 1 or more, not `{steps_per_epoch}`")
    if not 0 <= step < recipe.epochs * steps_per_epoch:
        raise ValueError(f"`step` must be from 0 to {recipe.epochs * steps_per_epoch - 1}, not `{step}`")
    if recipe.schedule_unit == "epoch":
        return _rate(recipe, step // steps_per_epoch, ticks_per_epoch=1)
    return _rate(recipe, step, ticks_per_epoch=steps_per_epoch)


def learning_rates(recipe: Recipe) -> tuple[float, ...]:
    """Learning rate that each epoch begins with, for the whole run."""
    return tuple(learning_rate(recipe, epoch) for epoch in range(recipe.epochs))


def ema_decay(recipe: Recipe) -> float | None:
    """Decay of one update of the averaged weights, None if the recipe averages none.

    1 - decay grows with the pictures between two updates and shrinks with the epochs:
    `1 - min(1, (1 - ema_decay) * global_batch_size * ema_every_steps / epochs)`. The size of the training set is not
    in it, so on a small one the average reaches back over more epochs than its authors meant.
    8 x 128 pictures, 32 steps and 600 epochs turn 0.99998 into 0.998908.
    Source: torchvision references/classification/train.py, where it builds its ExponentialMovingAverage.
    """
    if recipe.ema_decay is None or recipe.ema_every_steps is None:
        return None
    adjustment = recipe.global_batch_size * recipe.ema_every_steps / recipe.epochs
    return 1.0 - min(1.0, (1.0 - recipe.ema_decay) * adjustment)


def stochastic_depth_rates(recipe: Recipe, num_blocks: int) -> tuple[float, ...]:
    """Chance to skip each of `num_blocks` residual blocks, first to last: from 0 linearly up to `stochastic_depth`.

    A single block is never skipped. Source: timm's ResNet (`drop_path_rate`), after arXiv:1603.09382.
    """
    if num_blocks < 1:
        raise ValueError(f"`num_blocks` must be 1 or more, not `{num_blocks}`")
    last = max(1, num_blocks - 1)
    return tuple(recipe.stochastic_depth * block / last for block in range(num_blocks))


def _rate(recipe: Recipe, tick: int, *, ticks_per_epoch: int) -> float:
    warmup = recipe.warmup_epochs * ticks_per_epoch
    if tick < warmup:
        start = _warmup_start(recipe)
        return start + (recipe.lr - start) * tick / warmup
    begin = warmup if recipe.decay_counts_from == "warmup_end" else 0
    if recipe.lr_step_epochs is not None and recipe.lr_gamma is not None:
        return recipe.lr * float(recipe.lr_gamma ** ((tick - begin) // (recipe.lr_step_epochs * ticks_per_epoch)))
    share = (tick - begin) / (recipe.epochs * ticks_per_epoch - begin)
    return recipe.lr_min + (recipe.lr - recipe.lr_min) * (1 + math.cos(math.pi * share)) / 2


def _warmup_start(recipe: Recipe) -> float:
    if recipe.warmup_start_lr is not None:
        return recipe.warmup_start_lr
    return recipe.lr * (recipe.warmup_start_factor or 0.0)
