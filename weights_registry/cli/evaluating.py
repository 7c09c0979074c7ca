"""What `evaluate` and `verify` share: pictures found by layout, run through the network, told in full.

Knows nothing of published figures.
"""

import os
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from weights_registry.categories import CategorySet
from weights_registry.cli.answer_rows import Writer, answer_writer
from weights_registry.cli.failures import failing_on, running_the_network
from weights_registry.cli.output import printable, say
from weights_registry.cli.parsers import PROG
from weights_registry.cli.progress import progress_bar
from weights_registry.evaluation_sets import EvaluationSet, RankedAmong
from weights_registry.whole_file import written_whole

if TYPE_CHECKING:
    from weights_registry.inference.answers import Answer
    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.evaluation import Evaluation
    from weights_registry.inference.labelled_set import LabelledSet


def read_data(
    data: str,
    labels: CategorySet,
    *,
    dataset: EvaluationSet | Literal["auto"] | None = "auto",
    real_labels: Path | None = None,
) -> "LabelledSet":
    """The pictures below `data`; what they were taken for is said. Raises CommandFailed if the layout does not fit."""
    from weights_registry.inference.labelled_set import read_labelled_set

    with failing_on(ValueError):
        found = read_labelled_set(data, labels, dataset=dataset, real_labels=real_labels)
    if found.known_as is not None and found.recognised_by:
        say(f"taken for {found.known_as.dataset}, by {found.recognised_by}; `--dataset` says otherwise")
    return found


def evaluate_set(
    classifier: "Classifier", data: "LabelledSet", ranked_among: RankedAmong, *, predictions: Path | None = None
) -> "Evaluation":
    """The evaluation of `classifier` on `data`, with a progress bar where stderr is a terminal.

    A row for each picture goes to `predictions`, whole or not at all.
    """
    from weights_registry.inference.evaluation import evaluate

    among = data.categories if ranked_among == "set" else None
    with ExitStack() as stack:
        stack.enter_context(running_the_network())
        write: Writer | None = None
        if predictions is not None:
            file = stack.enter_context(written_whole(predictions))
            write = answer_writer(file, predictions.suffix, classifier.checkpoint.labels, data.root)
        advance = stack.enter_context(progress_bar(len(data.samples)))

        def on_answer(answer: "Answer") -> None:
            if write is not None:
                write(answer)
            advance()

        return evaluate(classifier, data.samples, among=among, source=str(data.root), on_answer=on_answer)


def evaluation_record(
    evaluation: "Evaluation",
    classifier: "Classifier",
    data: "LabelledSet",
    ranked_among: RankedAmong,
    *,
    words: Sequence[str],
) -> dict[str, Any]:
    """The figures and all that is needed to get them again, as JSON types; `words` are those of the command line."""
    from dataclasses import asdict

    import torch

    from weights_registry.surroundings import PACKAGES, commit_of, device_name, versions

    commit = commit_of(Path(__file__).resolve().parents[1])
    known = data.known_as
    return {
        "weights": classifier.checkpoint.id,
        "sha256": classifier.checkpoint.sha256,
        "data": str(data.root),
        "dataset": known and known.dataset,
        "split": known and known.split,
        "recognised_by": data.recognised_by or None,
        "num_images": evaluation.num_images,
        "num_images_in_full": known and known.num_images,
        "num_unlabelled": data.num_unlabelled,
        "num_categories": len(evaluation.by_class),
        "ranked_among": ranked_among,
        "num_ranked": num_ranked(classifier, data, ranked_among),
        "why_ranked_so": why_ranked_so(data, ranked_among),
        "acc1": evaluation.acc1,
        "acc1_interval95": evaluation.interval1,
        "acc5": evaluation.acc5,
        "acc5_interval95": evaluation.interval5,
        "calibration_error": evaluation.calibration_error,
        "mean_confidence": evaluation.mean_confidence,
        "reliability": [asdict(each) for each in evaluation.reliability.rows()],
        "unreadable": [{"source": error.source, "reason": error.reason} for error in evaluation.unreadable],
        "preprocessing": asdict(classifier.checkpoint.preprocessing),
        "preprocess": classifier.preprocess,
        "device": str(classifier.engine.device),
        "dtype": str(classifier.engine.dtype).removeprefix("torch."),
        "hardware": {
            "name": device_name(classifier.engine.device),
            "num_threads": torch.get_num_threads(),
            "num_cpus": os.cpu_count(),
        },
        "versions": versions(*PACKAGES),
        "commit": None if commit is None else str(commit),
        "command": shlex.join((PROG, *words)),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def num_ranked(classifier: "Classifier", data: "LabelledSet", ranked_among: RankedAmong) -> int:
    """Among how many categories the true one had to come first."""
    return len(data.categories) if ranked_among == "set" else len(classifier.checkpoint.labels)


def why_ranked_so(data: "LabelledSet", ranked_among: RankedAmong) -> str | None:
    """What speaks for ranking so, or what it means to have ranked otherwise; None where there is nothing to say."""
    known = data.known_as
    among_these = "confidences are those among these"
    if known is not None and known.ranked_among == "set":
        usual = f"published figures on {known.dataset} rank among its {len(known.labels)} categories alone"
        if ranked_among == "set":
            return f"{usual}; {among_these}"
        return f"as asked; {usual}, so these are not to be compared with them"
    usual = "figures are published among all that a checkpoint knows"
    return f"as asked; {usual}; {among_these}" if ranked_among == "set" else None


def say_unreadable(evaluation: "Evaluation") -> None:
    """Name on stderr each picture that is in no figure, and why."""
    for error in evaluation.unreadable:
        say(f"not counted: {printable(str(error))}")
