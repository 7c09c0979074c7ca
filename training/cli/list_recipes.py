"""`reproduce-weights list`: which recipes there are."""

import argparse
from typing import Any

from training.cli.command import Command, add_json
from training.cli.output import put, put_json, say, table
from training.recipes.catalog import list_recipes, other_names
from training.recipes.recipe import Recipe
from training.recipes.record import digest


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", nargs="?", default="*", help="shell pattern, such as 'resnet50/*' (default: all)")
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    recipes = list_recipes(args.pattern)
    if args.json:
        put_json([_record(recipe) for recipe in recipes])
        return 0
    if not recipes:
        say(f"no recipe is called like `{args.pattern}`; `reproduce-weights list` shows all of them")
        return 1
    header = ("recipe", "epochs", "batch", "optimizer", "crop", "acc@1", "acc@5", "also called")
    put(*table(header, [_row(recipe) for recipe in recipes]))
    say(f"\nAccuracies are published, ImageNet-1K val. Next: reproduce-weights show {recipes[0].id}")
    return 0


def _row(recipe: Recipe) -> tuple[str, ...]:
    published = recipe.headline
    return (
        recipe.id,
        str(recipe.epochs),
        str(recipe.global_batch_size),
        recipe.optimizer,
        str(recipe.train_crop_size),
        "-" if published is None else f"{published.acc1:.3f}",
        "-" if published is None or published.acc5 is None else f"{published.acc5:.3f}",
        ", ".join(other_names(recipe)),
    )


def _record(recipe: Recipe) -> dict[str, Any]:
    published = recipe.headline
    return {
        "id": recipe.id,
        "also_called": list(other_names(recipe)),
        "digest": digest(recipe),
        "architecture": recipe.architecture,
        "epochs": recipe.epochs,
        "global_batch_size": recipe.global_batch_size,
        "acc1": None if published is None else published.acc1,
        "acc5": None if published is None else published.acc5,
    }


LIST = Command(name="list", help="which recipes there are", add_arguments=_add_arguments, run=_run)
