"""`weights-registry evaluate`: acc@1 and acc@5 on a labelled folder, each picture counted once."""

import argparse
from typing import TYPE_CHECKING, Any

from weights_registry.cli.failures import failing_on, running_the_network
from weights_registry.cli.files import output_file, written_whole
from weights_registry.cli.options import add_exact_option, add_running_options, add_weights_option, make_classifier
from weights_registry.cli.output import print_json, printable, say
from weights_registry.cli.parsers import add_command
from weights_registry.cli.progress import progress_bar
from weights_registry.finding import find_checkpoint

if TYPE_CHECKING:
    from weights_registry.categories import CategorySet
    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.evaluation import Evaluation
    from weights_registry.inference.labelled_folder import LabelledFolder

EXAMPLES = (
    ("evaluate --data imagenet/val", "the weights that come along"),
    ("evaluate --data imagenet/val --weights resnet50 --exact", "others, fed bit for bit as published"),
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
        "--per-class", type=output_file, metavar="FILE", help="write the accuracy of each category as CSV"
    )
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    add_weights_option(parser)
    add_running_options(parser)
    add_exact_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the figures; exit status 1 if a picture could not be read."""
    checkpoint = find_checkpoint(arguments.weights)
    folder = read_folder(arguments.data, checkpoint.labels)
    classifier = make_classifier(checkpoint, arguments)
    evaluation = evaluate_folder(classifier, folder)
    if arguments.json:
        print_json(evaluation_record(evaluation, classifier, folder))
    else:
        _print(evaluation, classifier)
    if arguments.per_class is not None:
        from weights_registry.inference.evaluation import write_per_class

        with written_whole(arguments.per_class) as file:
            write_per_class(evaluation, checkpoint.categories, file)
    say_unreadable(evaluation)
    return 1 if evaluation.unreadable else 0


def read_folder(data: str, labels: "CategorySet") -> "LabelledFolder":
    """The pictures below `data` with their labels. Raises CommandFailed if it is not laid out by category."""
    from weights_registry.inference.labelled_folder import read_labelled_folder

    with failing_on(ValueError):
        return read_labelled_folder(data, labels)


def evaluate_folder(classifier: "Classifier", folder: "LabelledFolder") -> "Evaluation":
    """The evaluation of `classifier` on `folder`, with a progress bar where stderr is a terminal."""
    from weights_registry.inference.evaluation import evaluate

    with running_the_network(), progress_bar(len(folder.samples)) as advance:
        return evaluate(classifier, folder, on_progress=advance)


def evaluation_record(evaluation: "Evaluation", classifier: "Classifier", folder: "LabelledFolder") -> dict[str, Any]:
    """The figures and all that is needed to get them again, as JSON types."""
    from dataclasses import asdict

    return {
        "weights": classifier.checkpoint.id,
        "sha256": classifier.checkpoint.sha256,
        "data": str(folder.root),
        "num_images": evaluation.num_images,
        "num_categories": len(evaluation.by_class),
        "acc1": evaluation.acc1,
        "acc1_interval95": evaluation.interval1,
        "acc5": evaluation.acc5,
        "acc5_interval95": evaluation.interval5,
        "calibration_error": evaluation.calibration_error,
        "mean_confidence": evaluation.mean_confidence,
        "unreadable": [{"source": error.source, "reason": error.reason} for error in evaluation.unreadable],
        "preprocessing": asdict(classifier.checkpoint.preprocessing),
        "preprocess": classifier.preprocess,
        "device": str(classifier.engine.device),
        "dtype": str(classifier.engine.dtype).removeprefix("torch."),
        "versions": _versions(),
    }


def say_unreadable(evaluation: "Evaluation") -> None:
    """Name on stderr each picture that is in no figure, and why."""
    for error in evaluation.unreadable:
        say(f"not counted: {printable(str(error))}")


def _print(evaluation: "Evaluation", classifier: "Classifier") -> None:
    covered = f"{len(evaluation.by_class):,} of {len(classifier.checkpoint.labels):,} categories"
    for name, value, (low, high) in (
        ("acc@1", evaluation.acc1, evaluation.interval1),
        ("acc@5", evaluation.acc5, evaluation.interval5),
    ):
        print(f"{name}    {value:7.3f} %   95 % interval {low:.3f} to {high:.3f}")
    print(f"ECE      {evaluation.calibration_error:7.3f} %   mean confidence {evaluation.mean_confidence:.3f} %")
    print(f"n        {evaluation.num_images:7,}     {covered}, ranked among all")
    print(f"weights  {classifier.checkpoint.id}")
    print(f"fed      {classifier.checkpoint.preprocessing.describe()} ({classifier.preprocess})")


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("weights-registry", "torch", "torchvision", "pillow")}
