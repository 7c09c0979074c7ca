"""The recipe as this hardware runs it, by the flags of a command that trains. Knows no run."""

import argparse

from training.recipes.hardware import Fit, fit
from training.recipes.recipe import Recipe
from training.runs.settings import num_processes


def fit_for(args: argparse.Namespace, recipe: Recipe) -> Fit:
    """The recipe as `--batch-size-per-gpu` and `--lr-rule` have it, on as many processes as torchrun started.

    Raises as `fit`.
    """
    return fit(
        recipe,
        num_gpus=num_processes(),
        batch_size_per_gpu=args.batch_size_per_gpu or recipe.batch_size_per_gpu,
        lr_rule=args.lr_rule,
    )
