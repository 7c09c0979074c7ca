"""`weights-registry list`: the registered weights as a table or JSON. Imports nothing heavy."""

import argparse
import shlex
from typing import Any, get_args

from weights_registry.catalog import SortKey, list_weights
from weights_registry.categories import CategorySet
from weights_registry.checkpoint import Metrics
from weights_registry.cli.output import Column, bytes_text, count_text, print_json, print_table, say
from weights_registry.cli.parsers import PROG, add_command, share_of_100
from weights_registry.record import to_record
from weights_registry.registration import RegisteredWeights

MULTIPLES = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}

EXAMPLES = (
    ("list 'resnet*' --sort acc1", "the ResNets, best first"),
    ("list --max-params 30M --min-acc1 80", "small and good"),
    ("list --dataset ImageNet-V2 --sort acc1", "by another data set than ImageNet-1K"),
    ("list --json", "every fact of every checkpoint, for a program"),
)


def add_to(commands: Any) -> None:
    """Add the command `list`."""
    parser = add_command(
        commands,
        "list",
        summary="what there is, filtered and sorted",
        description="The registered weights, as a table or JSON. Exit status 1 if none fits.",
        examples=EXAMPLES,
    )
    parser.add_argument("patterns", nargs="*", default=["*"], metavar="PATTERN", help="such as 'resnet*'; default: all")
    parser.add_argument("--dataset", help="only those evaluated on it; acc@1 is then that evaluation's")
    parser.add_argument("--min-acc1", type=share_of_100, metavar="PERCENT", help="acc@1 at least this")
    parser.add_argument("--max-params", type=_count, metavar="COUNT", help="at most so many parameters, such as 30M")
    parser.add_argument("--licence", help="licence of the weights, SPDX, such as Apache-2.0")
    parser.add_argument("--recipe", help="id of the recipe, may be a pattern: 'resnet50/*'")
    parser.add_argument(
        "--sort",
        choices=get_args(SortKey),
        default="registered",
        help="acc1: highest first; the other figures: lowest first (default: as registered)",
    )
    parser.add_argument("--json", action="store_true", help="every fact of every checkpoint")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the weights that fit; exit status 1 if none does."""
    found = list_weights(
        arguments.patterns,
        dataset=arguments.dataset,
        min_acc1=arguments.min_acc1,
        max_params=arguments.max_params,
        licence=arguments.licence,
        recipe=arguments.recipe,
        sort=arguments.sort,
    )
    if arguments.json:
        print_json([_record(weights) for weights in found])
    elif found:
        _print(found, arguments.dataset)
    if not found:
        say(_nothing_fits(arguments.dataset, arguments.patterns))
    return 0 if found else 1


def _record(weights: RegisteredWeights) -> dict[str, Any]:
    """All facts; a category set that comes with this package only by its name."""
    checkpoint = weights.checkpoint
    return to_record(checkpoint, with_categories=isinstance(checkpoint.category_set, CategorySet))


def _nothing_fits(dataset: str | None, patterns: list[str]) -> str:
    known = {each.dataset for weights in list_weights() for each in weights.checkpoint.metrics}
    if dataset is not None and dataset.casefold() not in {each.casefold() for each in known}:
        return f"no weights were evaluated on `{dataset}`; there are figures on {', '.join(sorted(known))}"
    wider = [f"*{pattern.strip('*')}*" for pattern in patterns]
    if wider != patterns and (known_so := list_weights(wider)):
        names = " ".join(map(shlex.quote, wider))
        return f"no weights fit; {len(known_so)} have it within their names: {PROG} list {names}"
    return f"no weights fit; `{PROG} list` without conditions shows all"


def _print(found: list[RegisteredWeights], dataset: str | None) -> None:
    def metrics(weights: RegisteredWeights) -> Metrics | None:
        checkpoint = weights.checkpoint
        return checkpoint.headline if dataset is None else checkpoint.metrics_on(dataset)

    columns: list[Column[RegisteredWeights]] = [
        Column("NAME", lambda weights: weights.id),
        Column("ACC@1", lambda weights: _acc1(metrics(weights)), number=True),
        Column("ON", lambda weights: "-" if (each := metrics(weights)) is None else each.dataset),
        Column("PARAMS", lambda weights: count_text(weights.num_params), number=True),
        Column("GMACS", lambda weights: "-" if weights.gmacs is None else f"{weights.gmacs:.2f}", number=True),
        Column("SIZE", lambda weights: bytes_text(weights.num_bytes), number=True),
        Column("FED", lambda weights: f"{weights.preprocessing.resize_size}/{weights.preprocessing.crop_size}"),
        Column("RECIPE", lambda weights: weights.recipe or "-"),
        Column("LICENCE", lambda weights: weights.weights_licence),
    ]
    print_table(found, columns)
    if any((each := metrics(weights)) is not None and each.of == "sibling-file" for weights in found):
        say(f"~ measured on another conversion of the same weights, not proven equal; `{PROG} show NAME` says which")
    say("all that is known of one: weights-registry show NAME")


def _acc1(metrics: Metrics | None) -> str:
    if metrics is None:
        return "-"
    return f"{'~' if metrics.of == 'sibling-file' else ''}{metrics.acc1:.3f}"


def _count(text: str) -> int:
    """A count from 0 up, such as `30M`, for argparse."""
    number, multiple = (text[:-1], MULTIPLES[text[-1].lower()]) if text[-1:].lower() in MULTIPLES else (text, 1)
    try:
        count = round(float(number) * multiple)
    except (ValueError, OverflowError):  # infinity is a float, too
        count = -1
    if count < 0:
        raise argparse.ArgumentTypeError(f"`{text}` is not a count; write 30M or 30000000")
    return count
