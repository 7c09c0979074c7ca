"""`reproduce-weights diff A B`: where two recipes differ."""

import argparse

from training.cli.command import Command, add_json
from training.cli.output import put, put_json, say, table
from training.recipes.catalog import get_recipe
from training.recipes.diff import format_value, recipe_diff, retrains
from training.recipes.fields import Facts
from training.recipes.recipe_fields import RUN_FIELDS


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="a recipe, such as resnet50/v1")
    parser.add_argument("b", metavar="B", help="another, such as resnet50/v2")
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    a, b = get_recipe(args.a), get_recipe(args.b)
    changes = recipe_diff(a, b)
    if args.json:
        found = [{"field": change.field, "before": change.before, "after": change.after} for change in changes]
        put_json({"a": a.id, "b": b.id, "retrains": retrains(a, b), "changes": found})
        return 0
    if not changes:
        say(f"`{a.id}` and `{b.id}` describe the same run")
        return 0
    rows = [
        (change.field, format_value(change.before), format_value(change.after), _meaning(change.field))
        for change in changes
    ]
    put(*table(("field", a.id, b.id, "meaning"), rows))
    if not retrains(a, b):
        say("\nOnly the evaluation differs: the same weights serve both.")
    return 0


def _meaning(field: str) -> str:
    name, _, part = field.partition(".")
    facts: Facts = RUN_FIELDS[name]
    return facts.meaning if not part else f"{part.replace('_', ' ')} at evaluation"


DIFF = Command(name="diff", help="where two recipes differ", add_arguments=_add_arguments, run=_run)
