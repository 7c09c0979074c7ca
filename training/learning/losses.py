"""Recipe -> the loss of logits against soft targets. Knows nothing of how the targets were softened."""

from collections.abc import Callable

import torch
from torch.nn.functional import cross_entropy

from training.recipes.recipe import Recipe

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def build_loss(recipe: Recipe) -> Loss:
    """The loss of logits (N, K) against float32 targets (N, K), as one float32 number: a mean over the batch.

    Smoothing is not its business: `mixing.smooth_targets` has done it. Binary cross entropy is timm's: a mean over the
    categories too, after every target above `bce_target_threshold` became 1 and every other 0.
    """
    if recipe.loss == "bce":
        return _binary_cross_entropy(recipe.bce_target_threshold)
    return _cross_entropy


def _cross_entropy(logits_NK: torch.Tensor, targets_NK: torch.Tensor) -> torch.Tensor:
    # float32, whatever autocast made of the logits: the sum over many categories loses digits in 16 bits.
    return cross_entropy(logits_NK.float(), targets_NK)


def _binary_cross_entropy(threshold: float | None) -> Loss:
    from timm.loss import BinaryCrossEntropy

    timms = BinaryCrossEntropy(smoothing=0.0, target_threshold=threshold)

    def loss(logits_NK: torch.Tensor, targets_NK: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = timms(logits_NK.float(), targets_NK)
        return found

    return loss
