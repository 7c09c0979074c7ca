"""`reproduce-weights show NAME`: every setting of a recipe, and its learning rate as a picture."""

import argparse
from dataclasses import MISSING, asdict, fields
from textwrap import wrap
from typing import Any

from training.cli.command import Command, add_json, add_settings, png_path
from training.cli.output import can_print, pairs, put, put_json, say, table
from training.cli.terminal_curve import draw
from training.recipes.catalog import get_recipe
from training.recipes.diff import format_value
from training.recipes.fields import Facts, describe
from training.recipes.overrides import kind_of, override, parse_settings
from training.recipes.published.fashion_mnist import ARCHITECTURE as FASHION_MNIST_ARCHITECTURE
from training.recipes.recipe import Recipe, field_types
from training.recipes.recipe_fields import RUN_FIELDS
from training.recipes.record import digest, to_dict
from training.recipes.schedule import ema_decay, learning_rates
from training.runs.curves import draw_learning_rate


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a recipe, such as resnet50/v2")
    parser.add_argument(
        "--png", type=png_path, metavar="FILE", help="draw its learning rate into FILE, with JSON beside"
    )
    parser.add_argument("--fields", action="store_true", help="what each field takes, its unit and its source")
    add_settings(parser)
    add_json(parser)


def _run(args: argparse.Namespace) -> int:
    recipe = override(get_recipe(args.name), **parse_settings(args.settings))
    if args.png is not None:
        say(f"Drawn: {draw_learning_rate(recipe, args.png)}")
    if args.json:
        derived = {
            "global_batch_size": recipe.global_batch_size,
            "adjusted_ema_decay": ema_decay(recipe),
            "learning_rates": learning_rates(recipe),
        }
        put_json({"recipe": to_dict(recipe), "derived": derived, "fields": _field_records()})
        return 0
    if args.fields:
        put(*_fields(recipe))
        say(
            "\ntv: a flag of torchvision's references/classification/train.py; timm: one of timm's train.py.\n"
            f"Next: reproduce-weights show {recipe.of or recipe.id}, which says what they mean"
        )
        return 0
    put(f"{recipe.id}  (digest {digest(recipe)[:16]})", "", *pairs(_settings(recipe)), "", *_evaluation(recipe))
    put("", *_wrapped(f"At their defaults: {', '.join(_defaults(recipe))}."))
    put("", "Learning rate by epoch", *learning_rate_curve(recipe))
    put("", *_published(recipe))
    if recipe.notes:
        put("", "Notes", *(line for note in recipe.notes for line in _wrapped(note, bullet="  - ")))
    settings = "".join(f" --set {setting}" for setting in args.settings)
    num_images = _num_training_images(recipe)
    say(f"\nNext: reproduce-weights plan {recipe.of or recipe.id}{settings} --images {num_images}")
    return 0


def _num_training_images(recipe: Recipe) -> int:
    """How many the data set has that the recipe was made for."""
    origin = get_recipe(recipe.of or recipe.id)
    return 60_000 if origin.architecture == FASHION_MNIST_ARCHITECTURE else 1_281_167


def _fields(recipe: Recipe) -> list[str]:
    """All that is known of every field that shapes the run: a table, a row a field."""
    kinds = field_types()
    rows = [
        (name, format_value(getattr(recipe, name)), describe(kinds[name], facts), facts.unit, facts.source)
        for name, facts in RUN_FIELDS.items()
        if name != "inference"
    ]
    for field in fields(recipe.inference):
        name, facts = f"inference.{field.name}", RUN_FIELDS["inference"]
        takes = describe(kind_of(name), Facts("", "", ""))
        unit = facts.unit if field.name.endswith("_size") else ""
        rows.append((name, format_value(getattr(recipe.inference, field.name)), takes, unit, facts.source))
    return table(("field", "value", "takes", "unit", "source"), rows)


def _field_records() -> dict[str, dict[str, Any]]:
    """Meaning, unit, source and range of each field, and in words what it takes."""
    kinds = field_types()
    return {name: {**asdict(facts), "takes": describe(kinds[name], facts)} for name, facts in RUN_FIELDS.items()}


def learning_rate_curve(recipe: Recipe) -> list[str]:
    """The learning rate of every epoch as a picture, in braille dots if stdout can print them, else in ASCII."""
    rates = learning_rates(recipe)
    lines = draw(rates)
    if not all(can_print(line) for line in lines):
        lines = draw(rates, style="ascii")
    top = f"{max(rates):.4g}"
    labels = [top, *[""] * (len(lines) - 2), "0"]
    last = str(recipe.epochs - 1)
    return [
        *(f"  {label.rjust(len(top))} |{line}" for label, line in zip(labels, lines, strict=True)),
        f"  {' ' * len(top)} +{'-' * 64}",
        f"  {' ' * len(top)}  0{last.rjust(63)}",
    ]


def _settings(recipe: Recipe) -> list[tuple[str, str, str]]:
    """(field, value, meaning) of the fields that are not at their default, each followed by what it comes to."""
    comes_to = {"batch_size_per_gpu": ("", f"= {recipe.global_batch_size}", "pictures a step over all processes")}
    if (decay := ema_decay(recipe)) is not None:
        comes_to["ema_every_steps"] = ("", f"= {decay:.6f}", "decay of an update, adjusted to batch, steps and epochs")
    rows = []
    for name, facts in RUN_FIELDS.items():
        if name == "inference" or name in _at_default(recipe):
            continue
        meaning = facts.meaning + (" (assumed: no source states it)" if name in recipe.assumed else "")
        rows.append((name, format_value(getattr(recipe, name)), meaning))
        rows += [comes_to[name]] if name in comes_to else []
    return rows


def _evaluation(recipe: Recipe) -> list[str]:
    return _wrapped(f"At evaluation: {recipe.inference.describe()}")


def _published(recipe: Recipe) -> list[str]:
    if recipe.of is not None:
        return [f"Not published: changed from {recipe.of}."]
    lines = []
    for metrics in recipe.published:
        acc5 = "" if metrics.acc5 is None else f", acc@5 {metrics.acc5:.3f}"
        note = f" ({metrics.note})" if metrics.note else ""
        lines.append(f"Published: acc@1 {metrics.acc1:.3f}{acc5} on {metrics.dataset} {metrics.split}{note},")
        lines.append(f"  by {metrics.measured_by}: {metrics.source}")
    return lines


def _wrapped(text: str, *, bullet: str = "") -> list[str]:
    indent = " " * len(bullet)
    return wrap(text, 110, initial_indent=bullet, subsequent_indent=indent, break_long_words=False)


def _defaults(recipe: Recipe) -> list[str]:
    assumed = {name: " (assumed)" if name in recipe.assumed else "" for name in RUN_FIELDS}
    return [f"{name} {format_value(getattr(recipe, name))}{assumed[name]}" for name in _at_default(recipe)]


def _at_default(recipe: Recipe) -> list[str]:
    defaults = {field.name: field.default for field in fields(recipe) if field.default is not MISSING}
    return [name for name in RUN_FIELDS if name in defaults and getattr(recipe, name) == defaults[name]]


SHOW = Command(
    name="show", help="every setting of a recipe, its learning rate drawn", add_arguments=_add_arguments, run=_run
)
