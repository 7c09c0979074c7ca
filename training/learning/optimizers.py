"""Recipe -> the optimiser of a network, and the clipping of its gradients. Knows no schedule and no loss."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import SGD, Optimizer

from training.learning.parameters import parameter_groups
from training.recipes.recipe import Recipe


def build_optimizer(recipe: Recipe, model: nn.Module) -> Optimizer:
    """SGD, or timm's LAMB, over the parameter groups of `model`, at the recipe's peak rate.

    LAMB clips the global norm of the gradient by itself, at `grad_clip_norm`.
    """
    groups: list[dict[str, Any]] = [group.for_optimizer() for group in parameter_groups(model, recipe)]
    if recipe.optimizer == "sgd":
        return SGD(groups, lr=recipe.lr, momentum=recipe.momentum or 0.0, nesterov=recipe.nesterov)
    from timm.optim import Lamb

    # `rules` has seen to it that LAMB has both.
    assert recipe.betas is not None
    assert recipe.eps is not None
    lamb: Optimizer = Lamb(
        groups, lr=recipe.lr, betas=recipe.betas, eps=recipe.eps, max_grad_norm=recipe.grad_clip_norm
    )
    return lamb


def clip_gradients(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> None:
    """Scale the gradients down to the global norm `grad_clip_norm`, in place, unless the optimiser does it.

    Under a GradScaler they must have been unscaled before.
    """
    if clips_before_step(recipe):
        clip_grad_norm_(parameters, recipe.grad_clip_norm or 0.0, foreach=True)


def clips_before_step(recipe: Recipe) -> bool:
    """Whether the loop has to clip: the recipe clips, and its optimiser does not do so by itself."""
    return recipe.grad_clip_norm is not None and recipe.optimizer != "lamb"


def set_learning_rate(optimizer: Optimizer, lr: float) -> None:
    """Give every group the rate `lr` for the steps to come."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):  # after torch.compile of the step a number would compile it again
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr
