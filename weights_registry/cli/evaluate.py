"""`weights-registry evaluate`: acc@1 and acc@5 on a labelled folder, each picture counted once."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from weights_registry.cli.answer_rows import rows_file
from weights_registry.cli.evaluating import (
    evaluate_set,
    evaluation_record,
    num_ranked,
    read_data,
    say_unreadable,
    why_ranked_so,
)
from weights_registry.cli.failures import CalledWrongly
from weights_registry.cli.files import output_file
from weights_registry.cli.options import add_exact_option, add_running_options, add_weights_option, make_classifier
from weights_registry.cli.output import print_json, printable
from weights_registry.cli.parsers import add_command
from weights_registry.evaluation_sets import (
    EVALUATION_SETS,
    IMAGENET_REAL,
    EvaluationSet,
    RankedAmong,
    find_evaluation_set,
)
from weights_registry.finding import find_checkpoint
from weights_registry.whole_file import written_whole

if TYPE_CHECKING:
    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.evaluation import Evaluation
    from weights_registry.inference.labelled_set import LabelledSet

AUTO: Final = "auto"
ANY_FOLDER: Final = "folder"

EXAMPLES = (
    ("evaluate --data imagenet/val", "the weights that come along"),
    ("evaluate --data imagenet/val --weights resnet50 --exact", "others, fed bit for bit as published"),
    ("evaluate --data imagenet/val --dataset imagenet-real", "the same pictures, held against ReaL's labels"),
    ("evaluate --data imagenet-r --predictions answers.csv", "what was said of each picture, into a file"),
    ("evaluate --data photos --per-class accuracies.csv --json", "figures for a program, categories into a file"),
)


def add_to(commands: Any) -> None:
    """Add the command `evaluate`."""
    parser = add_command(
        commands,
        "evaluate",
        summary="accuracy on a labelled folder",
        description="acc@1 and acc@5 on a labelled folder, with 95 % interval and calibration error.\n"
        "Each picture counts once; those that cannot be read are named and not counted: exit status 1.",
        examples=EXAMPLES,
    )
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="a sub-folder for each category: by WordNet id, name or index"
    )
    parser.add_argument(
        "--dataset",
        type=str.casefold,
        choices=(AUTO, ANY_FOLDER, *(each.name for each in EVALUATION_SETS)),
        default=AUTO,
        help="which published set it is, or any folder (default: recognised by its layout; ReaL must be named)",
    )
    parser.add_argument(
        "--rank-among",
        choices=("all", "set"),
        help="must the true category come first among all that the checkpoint knows, or among those of the set alone? "
        "(default: all; for imagenet-a and -r the set's, as their published figures)",
    )
    parser.add_argument(
        "--real-labels", type=Path, metavar="FILE", help="ReaL's real.json (default: the copy that timm brings)"
    )
    parser.add_argument(
        "--per-class", type=output_file, metavar="FILE", help="write the accuracy of each category as CSV"
    )
    parser.add_argument(
        "--predictions",
        type=rows_file,
        metavar="FILE",
        help="write a row for each picture, its truth and the five likeliest categories: .csv or .jsonl",
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    add_weights_option(parser)
    add_running_options(parser)
    add_exact_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the figures; exit status 1 if a picture could not be read."""
    dataset = _dataset(arguments.dataset)
    if arguments.real_labels is not None and dataset != IMAGENET_REAL:
        raise CalledWrongly(f"`--real-labels` are those of `--dataset {IMAGENET_REAL.name}`; add it")
    checkpoint = find_checkpoint(arguments.weights)
    data = read_data(arguments.data, checkpoint.labels, dataset=dataset, real_labels=arguments.real_labels)
    ranked_among: RankedAmong = arguments.rank_among or (data.known_as.ranked_among if data.known_as else "all")
    classifier = make_classifier(checkpoint, arguments)
    evaluation = evaluate_set(classifier, data, ranked_among, predictions=arguments.predictions)
    if arguments.json:
        print_json(evaluation_record(evaluation, classifier, data, ranked_among, words=arguments.words))
    else:
        _print(evaluation, classifier, data, ranked_among)
    if arguments.per_class is not None:
        from weights_registry.inference.evaluation import write_per_class

        with written_whole(arguments.per_class) as file:
            write_per_class(evaluation, checkpoint.categories, file)
    say_unreadable(evaluation)
    return 1 if evaluation.unreadable else 0


def _dataset(name: str) -> EvaluationSet | Literal["auto"] | None:
    return AUTO if name == AUTO else find_evaluation_set(name)


def _print(evaluation: "Evaluation", classifier: "Classifier", data: "LabelledSet", ranked_among: RankedAmong) -> None:
    for name, value, (low, high) in (
        ("acc@1", evaluation.acc1, evaluation.interval1),
        ("acc@5", evaluation.acc5, evaluation.interval5),
    ):
        print(f"{name}    {value:7.3f} %   95 % interval {low:.3f} to {high:.3f}")
    print(f"ECE      {evaluation.calibration_error:7.3f} %   mean confidence {evaluation.mean_confidence:.3f} %")
    print(f"n        {evaluation.num_images:7,}     {_covered(evaluation, classifier, data, ranked_among)}")
    if why := why_ranked_so(data, ranked_among):
        print(f"ranked   {why}")
    print(f"data     {printable(_described(evaluation, data))}")
    print(f"weights  {classifier.checkpoint.id}")
    print(f"fed      {classifier.checkpoint.preprocessing.describe()} ({classifier.preprocess})")


def _covered(evaluation: "Evaluation", classifier: "Classifier", data: "LabelledSet", ranked_among: RankedAmong) -> str:
    among = "all" if ranked_among == "all" else f"{num_ranked(classifier, data, ranked_among):,} alone"
    return f"{len(evaluation.by_class):,} of {len(classifier.checkpoint.labels):,} categories, ranked among {among}"


def _described(evaluation: "Evaluation", data: "LabelledSet") -> str:
    """Which set it is, and whether it is all of it."""
    if data.known_as is None:
        return str(data.root)
    text = f"{data.known_as.dataset} {data.known_as.split} in {data.root}"
    if evaluation.num_images != data.known_as.num_images:
        text += f", a part: {evaluation.num_images:,} of {data.known_as.num_images:,}"
    if data.num_unlabelled:
        text += f"; {data.num_unlabelled:,} more have no label and are left out"
    return text
