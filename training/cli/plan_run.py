"""`reproduce-weights plan NAME`: what a run will amount to."""

import argparse
from dataclasses import asdict
from typing import get_args

from training.cli.command import Command, add_json, add_settings, positive_float, positive_int
from training.cli.output import pairs, put, put_json, say
from training.recipes.catalog import get_recipe
from training.recipes.hardware import Fit, LrRule, fit
from training.recipes.overrides import override, parse_settings
from training.recipes.plan import Plan, make_plan


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a recipe, such as resnet50/v2")
    parser.add_argument(
        "--images",
        type=positive_int,
        required=True,
        metavar="N",
        help="training pictures; ImageNet-1K has 1281167, Fashion-MNIST 60000",
    )
    parser.add_argument(
        "--images-per-second", type=positive_float, metavar="X", help="speed of all GPUs together, for the hours"
    )
    parser.add_argument("--gpus", type=positive_int, metavar="N", help="GPUs you have (default: as in the recipe)")
    parser.add_argument(
        "--batch-size-per-gpu",
        type=positive_int,
        metavar="N",
        help="pictures one GPU takes (default: as in the recipe)",
    )
    parser.add_argument(
        "--lr-rule",
        choices=get_args(LrRule),
        help="take the smaller or larger global batch and scale the rate; without it the batch is accumulated",
    )
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    recipe = override(get_recipe(args.name), **parse_settings(args.settings))
    fitted = fit(
        recipe,
        num_gpus=args.gpus or recipe.num_gpus,
        batch_size_per_gpu=args.batch_size_per_gpu or recipe.batch_size_per_gpu,
        lr_rule=args.lr_rule,
    )
    plan = make_plan(fitted.recipe, num_images=args.images, images_per_second=args.images_per_second)
    if args.json:
        hardware = {name: value for name, value in asdict(fitted).items() if name != "recipe"}
        put_json({"plan": asdict(plan), "hardware": hardware})
        return 0
    put(f"{plan.recipe} on {plan.num_images:,} pictures", "", *pairs(plan_rows(plan, fitted)))
    for remark in fitted.remarks:
        say(f"Not as in the recipe: {remark}.")
    if plan.hours is None:
        say("\nGive --images-per-second for the hours.")
    return 0


def plan_rows(plan: Plan, fitted: Fit) -> list[tuple[str, str, str]]:
    """The plan as rows of a name, a figure and a remark."""
    accumulated = f" x {fitted.accumulation_steps} accumulated" if fitted.accumulation_steps > 1 else ""
    rows = [
        (
            "pictures a step",
            f"{plan.global_batch_size:,}",
            f"{fitted.num_gpus} x {fitted.batch_size_per_gpu}{accumulated}",
        ),
        ("peak rate", f"{fitted.recipe.lr:g}", fitted.recipe.lr_schedule),
        ("epochs", f"{plan.epochs:,}", ""),
        ("steps an epoch", f"{plan.steps_per_epoch:,}", f"{plan.distinct_images_per_epoch:,} different pictures"),
        ("steps", f"{plan.num_steps:,}", f"{plan.num_warmup_steps:,} of them warm-up"),
        ("pictures seen", f"{plan.images_seen:,}", ""),
    ]
    if plan.ema_decay is not None:
        rows.append(("updates of the average", f"{plan.num_ema_updates:,}", f"decay {plan.ema_decay:.6f}"))
    if plan.hours is not None:
        rows.append(
            ("hours", f"{plan.hours:,.1f}", f"training alone, at {plan.images_per_second:,.0f} pictures a second")
        )
    return rows


PLAN_RUN = Command(name="plan", help="steps, pictures and hours of a run", add_arguments=_add_arguments, run=_run)
