"""`reproduce-weights study calibrate CHECKPOINT`: how sure it is, how sure it may be, and the temperature between."""

import argparse

from training.cli.command import Command, seed_int
from training.cli.output import table
from training.cli.study_answering import add_answering, classifier_of
from training.cli.study_measuring import one_process
from training.cli.study_options import CHECKPOINT, add_output, picture_bar, say_unreadable, settle_output, tell

_EPILOG = """\
The temperature is fitted on one half of the pictures by maximum likelihood and measured on the other, halves alike in
categories. It is written down and applied to nothing: what `predict` and `serve` answer stays as it is.
  reproduce-weights study calibrate resnet50_weights.imagenet1k_v2 --data imagenet/val
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help=CHECKPOINT)
    add_answering(parser)
    parser.add_argument("--seed", type=seed_int, default=0, metavar="N", help="of the halves (default: 0)")
    add_output(parser, "calibrate-CHECKPOINT")


def _run(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from training.studies.answer_charts import calibration_charts
    from training.studies.answering import clear, log_probabilities, weights_of
    from training.studies.calibrate import calibrate
    from training.studies.folds import check_folds
    from training.studies.parts import open_parts
    from training.studies.subjects import open_pictures, open_subject, papers

    with one_process(args.device) as device:
        subject = open_subject(weights_of(args.checkpoint), device)
        measured = open_pictures(args.data, subject.checkpoint.labels)
        check_folds(2, num_images=len(measured.pictures))
        settle_output(args, "calibrate", subject.checkpoint.id)
        parts = open_parts(
            args.output / "calibrate-parts", {"study": "calibrate", **subject.identity(), **measured.identity()}
        )
        with picture_bar(len(measured.pictures), "measuring") as advance:
            found = log_probabilities(classifier_of(subject, args), measured.pictures, parts, on_progress=advance)
    study = calibrate(found, seed=args.seed)
    rows = [
        (name, f"{each.nll:.4f}", f"{each.calibration_error:.3f}", f"{each.mean_confidence:.3f}", f"{each.acc1:.3f}")
        for name, each in (("as it is", study.before), (f"T = {study.temperature:.4f}", study.after))
    ]
    lines = table(("measured", "NLL", "ECE, %", "mean confidence, %", "acc@1, %"), rows)
    record = {
        "papers": papers(device),
        "of": {**subject.identity(), **measured.identity()},
        "fed": asdict(subject.checkpoint.preprocessing),
        "unreadable": list(found.unreadable),
        **study.record(),
    }
    charts = calibration_charts(study, of=subject.checkpoint.id, on=f"{measured.name} {measured.split}")
    tell(args, record, charts, lines, study.sentence)
    say_unreadable(found.unreadable)
    clear(parts, measured.pictures)
    return 0


CALIBRATE = Command(
    name="calibrate",
    help="how sure a checkpoint is, how sure it may be, and the temperature between the two",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
