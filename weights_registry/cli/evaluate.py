"""`weights-registry evaluate`: acc@1 and acc@5 on a labelled folder, each picture counted once."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weights_registry.cli.options import add_running_options, add_weights_option, make_classifier
from weights_registry.cli.output import print_json, say
from weights_registry.cli.progress import progress_bar

if TYPE_CHECKING:
    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.evaluation import Evaluation


def add_to(commands: Any) -> None:
    """Add the command `evaluate`."""
    parser = commands.add_parser("evaluate", help="accuracy on a labelled folder", description=__doc__)
    parser.add_argument(
        "--data", required=True, metavar="DIR", help="a sub-folder for each category: by WordNet id, name or index"
    )
    parser.add_argument("--per-class", type=Path, metavar="FILE", help="write the accuracy of each category as CSV")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    add_weights_option(parser)
    add_running_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the figures; exit status 1 if a picture could not be read."""
    classifier = make_classifier(arguments)
    evaluation = evaluate_folder(classifier, arguments.data)
    if arguments.per_class is not None:
        from weights_registry.inference.evaluation import write_per_class

        write_per_class(evaluation, classifier.checkpoint.categories, arguments.per_class)
    if arguments.json:
        print_json(_record(evaluation, classifier, arguments))
    else:
        _print(evaluation, classifier)
    for error in evaluation.unreadable:
        say(f"not counted: {error}")
    return 1 if evaluation.unreadable else 0


def evaluate_folder(classifier: "Classifier", data: str) -> "Evaluation":
    """The evaluation of `classifier` on the folder `data`, with a progress bar where stderr is a terminal."""
    from weights_registry.inference.evaluation import evaluate
    from weights_registry.inference.labelled_folder import read_labelled_folder

    folder = read_labelled_folder(data, classifier.checkpoint.labels)
    with progress_bar(len(folder.samples)) as advance:
        return evaluate(classifier, folder, on_progress=advance)


def _print(evaluation: "Evaluation", classifier: "Classifier") -> None:
    covered = f"{len(evaluation.by_class):,} of {len(classifier.checkpoint.labels):,} categories"
    for name, value, (low, high) in (
        ("acc@1", evaluation.acc1, evaluation.interval1),
        ("acc@5", evaluation.acc5, evaluation.interval5),
    ):
        print(f"{name}  {value:7.3f} %   95 % interval {low:.3f} to {high:.3f}")
    print(f"ECE    {evaluation.calibration_error:7.3f} %   mean confidence {evaluation.mean_confidence:.3f} %")
    print(f"n      {evaluation.num_images:7,}     {covered}, ranked among all")
    print(f"weights {classifier.checkpoint.id}")
    print(f"fed     {classifier.checkpoint.preprocessing.describe()} ({classifier.preprocess})")


def _record(evaluation: "Evaluation", classifier: "Classifier", arguments: argparse.Namespace) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "weights": classifier.checkpoint.id,
        "sha256": classifier.checkpoint.sha256,
        "data": arguments.data,
        "num_images": evaluation.num_images,
        "num_categories": len(evaluation.by_class),
        "acc1": evaluation.acc1,
        "acc1_interval95": evaluation.interval1,
        "acc5": evaluation.acc5,
        "acc5_interval95": evaluation.interval5,
        "calibration_error": evaluation.calibration_error,
        "mean_confidence": evaluation.mean_confidence,
        "unreadable": [error.source for error in evaluation.unreadable],
        "preprocessing": asdict(classifier.checkpoint.preprocessing),
        "preprocess": classifier.preprocess,
        "device": str(classifier.engine.device),
        "dtype": str(classifier.engine.dtype).removeprefix("torch."),
    }
