"""The running average of the weights, and when it moves. Knows no optimiser and no data.

When and how far is a pure function of recipe and time, so a resumed run needs nothing but the averaged tensors.
"""

from copy import deepcopy

import torch
from torch import nn

from training.recipes.recipe import Recipe
from training.recipes.schedule import ema_decay


def is_due(recipe: Recipe, step_in_epoch: int) -> bool:
    """Whether the average moves after step `step_in_epoch`: the first of every epoch, then every `ema_every_steps`.

    Never, if the recipe averages nothing. Source: torchvision references/classification/train.py.
    """
    return recipe.ema_every_steps is not None and step_in_epoch % recipe.ema_every_steps == 0


def decay_at(recipe: Recipe, *, epoch: int, step_in_epoch: int) -> float:
    """Share of the average that one update keeps: `schedule.ema_decay`, or 0 where the average begins anew.

    It begins anew at every update of the warm-up and at the first one after it, when the rate is at its peak.
    Raises ValueError if the recipe averages nothing.
    """
    decay = ema_decay(recipe)
    if decay is None:
        raise ValueError(f"`{recipe.id}` averages no weights")
    is_first = epoch == recipe.warmup_epochs and step_in_epoch == 0
    return 0.0 if epoch < recipe.warmup_epochs or is_first else decay


class WeightAverage:
    """`model` is a copy of a network, in eval mode, that holds the average of its parameters and buffers."""

    def __init__(self, model: nn.Module) -> None:
        self.model = deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        """Move every tensor to `decay` of itself and 1 - decay of that of `model`.

        Buffers too: an average with the batch statistics of other weights classifies by chance (pytorch/vision#4391).
        Integers, such as batch norm's count of batches, have no average and are copied.
        """
        average, current = self.model.state_dict(), model.state_dict()
        floating = [name for name, tensor in average.items() if tensor.is_floating_point() and decay > 0]
        if floating:
            torch._foreach_lerp_(
                [average[name] for name in floating], [current[name] for name in floating], 1.0 - decay
            )
        for name in average.keys() - set(floating):
            average[name].copy_(current[name])
