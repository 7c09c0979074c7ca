"""`reproduce-weights ladder`: the way from the plain recipe to the improved one, with the gain of every step."""

import argparse
from typing import Any

from training.cli.command import Command, add_json
from training.cli.output import put, put_json, say, table
from training.diff import format_value
from training.ladder import LADDER, Rung


def _run(args: argparse.Namespace) -> int:
    if args.json:
        put_json([_record(rung) for rung in LADDER])
        return 0
    header = ("rung", "ingredient", "acc@1", "acc@5", "incremental", "absolute", "recipe", "sets")
    put(*table(header, [_row(rung) for rung in LADDER]))
    say(
        "\nPublished: ResNet-50, ImageNet-1K val, percent, the best of three runs. Each rung has all before it.\n"
        "* retrains nothing: the weights of the rung before, evaluated otherwise.\n"
        "Next: reproduce-weights diff resnet50/rung-03 resnet50/rung-04"
    )
    return 0


def _row(rung: Rung) -> tuple[str, ...]:
    return (
        f"{rung.number}",
        f"{'' if rung.before is None else '+ '}{rung.name}{'' if rung.retrains else ' *'}",
        f"{rung.acc1:.3f}",
        f"{rung.acc5:.3f}",
        f"{rung.incremental:.3f}",
        f"{rung.absolute:.3f}",
        rung.recipe.id,
        " ".join(f"{change.field}={format_value(change.after)}" for change in rung.changes),
    )


def _record(rung: Rung) -> dict[str, Any]:
    return {
        "rung": rung.number,
        "id": rung.id,
        "name": rung.name,
        "recipe": rung.recipe.id,
        "acc1": rung.acc1,
        "acc5": rung.acc5,
        "incremental": rung.incremental,
        "absolute": rung.absolute,
        "retrains": rung.retrains,
        "sets": {change.field: change.after for change in rung.changes},
    }


SHOW_LADDER = Command(
    name="ladder",
    help="from the plain recipe to the improved one, with the gain of each step",
    add_arguments=add_json,
    run=_run,
)
