"""`reproduce-weights ladder`: the way from the plain recipe to the improved one, with the gain of every step."""

import argparse
from collections.abc import Sequence
from typing import Any

from training.cli.command import Command, add_json
from training.cli.output import put, put_json, say, table
from training.recipes.diff import format_value
from training.recipes.ladders import LADDERS, get_ladder
from training.recipes.published.ladder import FIGURES_ARE_OF, Rung


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "ladder", nargs="?", default="imagenet", metavar="LADDER", help=f"{' or '.join(LADDERS)} (default: imagenet)"
    )
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    rungs = get_ladder(args.ladder)
    if args.json:
        put_json([_record(rung) for rung in rungs])
        return 0
    header = ("rung", "ingredient", "published acc@1", "acc@5", "incremental", "absolute", "recipe", "sets")
    put(*table(header, [_row(rung) for rung in rungs]))
    say(f"\n{_told(rungs, args.ladder)}")
    return 0


def _told(rungs: Sequence[Rung], ladder: str) -> str:
    before, after = rungs[2], rungs[3]
    if rungs[0].recipe.published:
        whose, following = FIGURES_ARE_OF, f"diff {before.id} {after.id}"
    else:
        whose = f"{FIGURES_ARE_OF}. These recipes are another network's on other data, for which nothing is published"
        following = f"study ladder --ladder {ladder} --data {ladder}"
    return (
        f"Published, in percent: {whose}.\n"
        "Each rung has all before it. * retrains nothing: the weights of the rung before, evaluated otherwise.\n"
        f"Next: reproduce-weights {following}"
    )


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
        "published": {
            "of": FIGURES_ARE_OF,
            "acc1": rung.acc1,
            "acc5": rung.acc5,
            "incremental": rung.incremental,
            "absolute": rung.absolute,
        },
        "retrains": rung.retrains,
        "sets": {change.field: change.after for change in rung.changes},
    }


SHOW_LADDER = Command(
    name="ladder",
    help="from the plain recipe to the improved one, with the gain of each step",
    add_arguments=_add_arguments,
    run=_run,
)
