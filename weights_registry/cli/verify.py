"""`weights-registry verify`: is a checkpoint what its record says?"""

import argparse
import shlex
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.cli.evaluating import evaluate_set, evaluation_record, read_data, say_unreadable
from weights_registry.cli.failures import CalledWrongly
from weights_registry.cli.options import add_running_options, check_environment, make_classifier
from weights_registry.cli.output import print_json, printable, say
from weights_registry.cli.parsers import PROG, add_command, share_of_100
from weights_registry.evaluation_sets import find_evaluation_set
from weights_registry.finding import find_checkpoint

if TYPE_CHECKING:
    from weights_registry.inference.labelled_set import LabelledSet
    from weights_registry.inference.verification import Check

EXAMPLES = (
    ("verify resnet50", "digest, strict load, categories, parameters"),
    ("verify ./model.safetensors", "the same of a file that describes itself"),
    ("verify resnet50 --data imagenet/val", "and its accuracy, against the published one"),
)


def add_to(commands: Any) -> None:
    """Add the command `verify`."""
    parser = add_command(
        commands,
        "verify",
        summary="is a checkpoint what its record says?",
        description="Is a checkpoint what its record says? Checks the digest, a strict load, the number of categories\n"
        "and of parameters; with --data also the accuracy. Exit status 1 if a check fails.",
        examples=EXAMPLES,
    )
    parser.add_argument("weights", metavar="NAME|FILE", help="a name as `list` shows it, or a safetensors file")
    parser.add_argument("--data", metavar="DIR", help="measure acc@1 on this folder, a sub-folder for each category")
    parser.add_argument(
        "--dataset",
        help="published figure to compare with, such as ImageNet-V2 (default: that on the set which the folder is "
        "recognised as, else the headline)",
    )
    parser.add_argument(
        "--tolerance", type=share_of_100, metavar="POINTS", help="by which the two may differ (default: 0.05)"
    )
    parser.add_argument("--json", action="store_true", help="the checks as JSON")
    add_running_options(parser)
    parser.set_defaults(run=run, exact=True)  # published figures were measured that way


def run(arguments: argparse.Namespace) -> int:
    """Print each check as it is done; exit status 1 if one fails."""
    if arguments.data is None and (arguments.dataset is not None or arguments.tolerance is not None):
        raise CalledWrongly("`--dataset` and `--tolerance` say what to compare a measurement with; add `--data DIR`")
    checkpoint = find_checkpoint(arguments.weights)
    record: dict[str, Any] = {"weights": checkpoint.id}
    checks: list[Check] = []
    for check in _checks(checkpoint, arguments, record):
        checks.append(check)
        if not arguments.json:
            print(_line(check), flush=True)
    holds = all(check.holds for check in checks)
    if arguments.json:
        print_json({**record, "holds": holds, "checks": [asdict(check) for check in checks]})
    elif holds and arguments.data is None:
        say(f"to check its accuracy as well: {PROG} verify {shlex.quote(arguments.weights)} --data DIR")
    return 0 if holds else 1


def _line(check: "Check") -> str:
    """What was found, its further lines below the first."""
    beginning = f"{'ok  ' if check.holds else 'FAIL'}  {check.name:<12}  "
    found = map(printable, check.found.splitlines())
    return beginning + f"\n{' ' * len(beginning)}".join(found)


def _checks(checkpoint: Checkpoint, arguments: argparse.Namespace, record: dict[str, Any]) -> Iterator["Check"]:
    """Each check as it is done. The accuracy is measured only if all else holds; its figures are put into `record`."""
    comparison = None
    if arguments.data is not None:  # looked at first: a wrong name should not cost a download
        comparison = _comparison(checkpoint, arguments.data, arguments.dataset)

    check_environment()
    from weights_registry.inference.verification import verify

    all_hold = True
    for check in verify(checkpoint):
        all_hold &= check.holds
        yield check
    if comparison is not None and all_hold:
        yield from _check_accuracy(checkpoint, *comparison, arguments, record)


def _check_accuracy(
    checkpoint: Checkpoint,
    published: Metrics,
    data: "LabelledSet",
    arguments: argparse.Namespace,
    record: dict[str, Any],
) -> Iterator["Check"]:
    from weights_registry.inference.verification import DEFAULT_TOLERANCE, Check, compare

    as_published = replace(checkpoint, preprocessing=published.preprocessing)
    classifier = make_classifier(as_published, arguments)
    evaluation = evaluate_set(classifier, data, published.ranked_among)
    words = arguments.words
    record["evaluation"] = evaluation_record(evaluation, classifier, data, published.ranked_among, words=words)
    tolerance = DEFAULT_TOLERANCE if arguments.tolerance is None else arguments.tolerance
    yield compare(evaluation, published, tolerance=tolerance)
    if evaluation.unreadable:
        yield Check("pictures", False, f"{len(evaluation.unreadable)} could not be read and are not counted")
        say_unreadable(evaluation)


def _comparison(checkpoint: Checkpoint, data: str, dataset: str | None) -> tuple[Metrics, "LabelledSet"]:
    """The figure to compare with, and the pictures, read as the set that the figure is on.

    Where no figure is named, it is the one on the set that the pictures are recognised as, else the headline.
    """
    if dataset is not None:
        published = _published(checkpoint, dataset)
        return published, read_data(data, checkpoint.labels, dataset=find_evaluation_set(published.dataset))
    _published(checkpoint, None)  # where there is no figure at all, the pictures need not be looked at
    found = read_data(data, checkpoint.labels)
    return _published(checkpoint, found.known_as.dataset if found.known_as else None), found


def _published(checkpoint: Checkpoint, dataset: str | None) -> Metrics:
    """The figure to compare with. Raises CalledWrongly if there is none."""
    published = checkpoint.headline if dataset is None else checkpoint.metrics_on(dataset)
    if published is not None:
        return published
    known = dict.fromkeys(each.dataset for each in checkpoint.metrics if each.of != "earlier-run")
    if dataset is not None and known:
        raise CalledWrongly(f"`{checkpoint.id}` has no figure on `{dataset}`; it has some on {', '.join(known)}")
    raise CalledWrongly(f"`{checkpoint.id}` has no published accuracy to compare with; `{PROG} evaluate` measures it")
