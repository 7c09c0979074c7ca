"""`reproduce-weights study compare A B`: two checkpoints on the same pictures."""

import argparse
import csv
from pathlib import Path
from typing import TYPE_CHECKING

from training.cli.command import Command
from training.cli.output import table
from training.cli.study_answering import add_answering, classifier_of
from training.cli.study_measuring import one_process
from training.cli.study_options import CHECKPOINT, add_output, picture_bar, say_unreadable, settle_output, tell
from weights_registry.whole_file import written_whole

if TYPE_CHECKING:
    from training.studies.compare import ComparisonStudy

_EPILOG = """\
two published ones, a run and what it began from, or two files, on what they have in common:
  reproduce-weights study compare resnet50_weights.imagenet1k_v1 resnet50_weights.imagenet1k_v2 --data imagenet/val
  reproduce-weights study compare runs/rung-00 runs/rung-11 --data fashion-mnist

The difference is that of B less A on the same pictures: McNemar's exact test, Tango's 95 % interval. The pictures that
the two take for different things are in compare.csv and compare.json, with the truth, both answers and how sure.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help=CHECKPOINT)
    parser.add_argument("b", metavar="B", help="another, that knows the same categories")
    add_answering(parser)
    add_output(parser, "compare-A-B")


def _run(args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from training.errors import DataSetError
    from training.studies.answer_charts import comparison_charts
    from training.studies.answering import FirstAnswers, first_answers, name_of, weights_of
    from training.studies.compare import compare
    from training.studies.parts import open_parts
    from training.studies.subjects import open_pictures, open_subject, papers

    found: list[FirstAnswers] = []
    with one_process(args.device) as device:
        subjects = [open_subject(weights_of(each), device) for each in (args.a, args.b)]
        labels_a, labels_b = (each.checkpoint.labels for each in subjects)
        if labels_a.names != labels_b.names:
            raise DataSetError(
                f"`{args.a}` knows the {len(labels_a)} categories of `{labels_a.name}` and `{args.b}` the "
                f"{len(labels_b)} of `{labels_b.name}`: only checkpoints of the same categories, in the same order, "
                "can be compared picture by picture"
            )
        measured = open_pictures(args.data, labels_a)
        names = _two_names(args, *(each.checkpoint.id for each in subjects))
        settle_output(args, "compare", *names)
        with picture_bar(2 * len(measured.pictures), "comparing") as advance:
            for subject in subjects:
                identity = {"study": "compare", **subject.identity(), **measured.identity()}
                parts = open_parts(args.output / f"compare-parts-{subject.sha256[:12]}", identity)
                classifier = classifier_of(subject, args)
                found.append(first_answers(classifier, measured.pictures, parts, on_progress=advance))
    study = compare(
        *names,
        *found,
        names=[name_of(measured.pictures, index) for index in range(len(measured.pictures))],
        categories=labels_a.names,
    )
    unreadable = sorted({*found[0].unreadable, *found[1].unreadable})
    record = {
        "papers": papers(device),
        "of": [{**each.identity(), **measured.identity()} for each in subjects],
        "fed": [asdict(each.checkpoint.preprocessing) for each in subjects],
        "unreadable": unreadable,
        **study.record(),
    }
    charts = comparison_charts(study, on=f"{measured.name} {measured.split}")
    _write_differing(study, args.output / "compare.csv")
    told = f"The {len(study.differing):,} pictures that they take for different things: `{args.output / 'compare.csv'}`"
    tell(args, record, charts, _lines(study), f"{study.sentence}\n{told}")
    say_unreadable(unreadable)
    return 0


def _two_names(args: argparse.Namespace, a: str, b: str) -> tuple[str, str]:
    """What the two are called: their ids, or what was typed where that does not tell them apart."""
    return (a, b) if a != b else (args.a, args.b)


def _lines(study: "ComparisonStudy") -> list[str]:
    header = ("", "acc@1", "acc@5", "only it is right")
    rows = [
        (f"A  {study.a}", f"{study.acc1_a:.3f}", f"{study.acc5_a:.3f}", f"{study.num_only_a:,}"),
        (f"B  {study.b}", f"{study.acc1_b:.3f}", f"{study.acc5_b:.3f}", f"{study.num_only_b:,}"),
        ("B less A", f"{study.gain1.difference:+.3f}", f"{study.gain5.difference:+.3f}", ""),
    ]
    return [
        *table(header, rows),
        "",
        f"both right {study.num_both_right:,}, both wrong {study.num_both_wrong:,}, of {study.num_images:,} pictures",
    ]


def _write_differing(study: "ComparisonStudy", path: Path) -> None:
    """A CSV row for each picture that the two take for different things, whole or not at all."""
    with written_whole(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["picture", "truth", "right", "answer_a", "confidence_a", "answer_b", "confidence_b"])
        for each in study.differing:
            a, b = (f"{confidence:.6f}" for confidence in (each.confidence_a, each.confidence_b))
            writer.writerow([each.picture, each.truth, each.right, each.answer_a, a, each.answer_b, b])


COMPARE_STUDY = Command(
    name="compare",
    help="two checkpoints on the same pictures: which is better, and where they differ",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
