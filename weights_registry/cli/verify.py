"""`weights-registry verify`: is a checkpoint what its record says?

Checks the digest, a strict load, the number of categories and of parameters; with --data also the accuracy.
"""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from weights_registry.cli.evaluate import evaluate_folder
from weights_registry.cli.options import add_running_options, make_classifier
from weights_registry.cli.output import print_json, say
from weights_registry.finding import find_checkpoint

if TYPE_CHECKING:
    from weights_registry.inference.verification import Check


def add_to(commands: Any) -> None:
    """Add the command `verify`."""
    parser = commands.add_parser("verify", help="is a checkpoint what its record says?", description=__doc__)
    parser.add_argument("weights", metavar="NAME|FILE", help="a name as `list` shows it, or a safetensors file")
    parser.add_argument("--data", metavar="DIR", help="measure acc@1 on this folder, a sub-folder for each category")
    parser.add_argument("--dataset", default=None, help="published figure to compare with (default: the headline's)")
    parser.add_argument("--tolerance", type=float, default=0.05, metavar="POINTS", help="allowed for (%(default)s)")
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    add_running_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print each check as it is done; exit status 1 if one fails."""
    checks: list[Check] = []
    for check in _checks(arguments):
        checks.append(check)
        if not arguments.json:
            print(f"{'ok  ' if check.holds else 'FAIL'}  {check.name:<12}  {check.found}", flush=True)
    holds = all(check.holds for check in checks)
    if arguments.json:
        print_json({"weights": arguments.weights, "holds": holds, "checks": [asdict(check) for check in checks]})
    if holds and arguments.data is None:
        say("to check its accuracy as well: weights-registry verify NAME --data DIR")
    return 0 if holds else 1


def _checks(arguments: argparse.Namespace) -> Iterator["Check"]:
    checkpoint = find_checkpoint(arguments.weights)
    published = checkpoint.headline if arguments.dataset is None else checkpoint.metrics_on(arguments.dataset)
    if arguments.data is not None and published is None:
        raise ValueError(f"`{checkpoint.id}` has no published accuracy to compare with; `evaluate` measures it")

    from weights_registry.inference.verification import Check, compare, verify

    all_hold = True
    for check in verify(checkpoint):
        all_hold = check.holds
        yield check
    if arguments.data is not None and published is not None and all_hold:
        evaluation = evaluate_folder(make_classifier(arguments), arguments.data)
        yield compare(evaluation, published, tolerance=arguments.tolerance)
        if evaluation.unreadable:
            yield Check("pictures", False, f"{len(evaluation.unreadable)} could not be read")
