"""`reproduce-weights study resize CHECKPOINT`: the best size to resize to before the crop."""

import argparse
from typing import TYPE_CHECKING

from training.cli.command import Command, seed_int
from training.cli.output import table
from training.cli.study_measuring import measure_subject, one_process
from training.cli.study_options import (
    CHECKPOINT,
    add_measuring,
    add_output,
    gain_cells,
    num_folds,
    settle_output,
    size_list,
    tell,
)

if TYPE_CHECKING:
    from training.studies.resize import ResizeStudy

_EPILOG = """\
The grid is 224..256:8 for a crop of 224, and in proportion for others (28..32 for 28); the checkpoint's own size is
always in it. The size is chosen on one half of the pictures and confirmed on the other, halves alike in categories.
Gains are over the checkpoint's own size, on the same pictures, with paired 95 % intervals. With --folds the choice is
made K times as well, each time on all folds but one, and its gain measured on that one.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help=CHECKPOINT)
    add_measuring(parser)
    parser.add_argument("--sizes", type=size_list, metavar="LIST", help="such as 224..256:8 or 28,29,30")
    parser.add_argument("--folds", type=num_folds, metavar="K", help="choose on K - 1 folds too, K times")
    parser.add_argument("--seed", type=seed_int, default=0, metavar="N", help="of the halves and folds (default: 0)")
    add_output(parser, "resize-CHECKPOINT")


def _run(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from training.studies.answering import weights_of
    from training.studies.charts import resize_charts
    from training.studies.folds import check_folds
    from training.studies.record import to_record
    from training.studies.resize import choose_resize, default_sizes
    from training.studies.subjects import open_pictures, open_subject, papers

    with one_process(args.device) as device:
        subject = open_subject(weights_of(args.checkpoint), device)
        fed = subject.checkpoint.preprocessing
        sizes = tuple(sorted({*(args.sizes or default_sizes(fed.crop_size)), fed.resize_size}))
        measured = open_pictures(args.data, subject.checkpoint.labels)
        for folds in (2, args.folds or 2):
            check_folds(folds, num_images=len(measured.pictures))
        settle_output(args, "resize", subject.checkpoint.id)
        outcomes = measure_subject(
            args,
            subject,
            measured,
            [replace(fed, resize_size=size) for size in sizes],
            folder=args.output / "resize-parts",
            study="resize",
            sizes=sizes,
        )
    study = choose_resize(
        sizes, outcomes, own_size=fed.resize_size, crop_size=fed.crop_size, seed=args.seed, num_folds=args.folds
    )
    charts = resize_charts(study, of=subject.checkpoint.id, on=f"{measured.name} {measured.split}")
    record = {"papers": papers(device), "of": {**subject.identity(), **measured.identity()}, **to_record(study)}
    tell(args, record, charts, _lines(study), _verdict(study))
    return 0


def _lines(study: "ResizeStudy") -> list[str]:
    header = ("resize", "acc@1", "acc@5", "choosing", "gain", "confirming", "gain", "95 % interval")
    rows = [
        (
            f"{each.resize_size}{' *' if each.resize_size == study.winner else ''}",
            f"{each.acc1:.3f}",
            f"{each.acc5:.3f}",
            f"{each.acc1_choosing:.3f}",
            gain_cells(each.gain_choosing)[0],
            f"{each.acc1_confirming:.3f}",
            *gain_cells(each.gain_confirming),
        )
        for each in study.sizes
    ]
    return table(header, rows)


def _verdict(study: "ResizeStudy") -> str:
    if study.gain_of_choosing is None:
        return study.sentence
    chosen, gain = ", ".join(str(fold.chosen) for fold in study.folds), study.gain_of_choosing
    return (
        f"{study.sentence}\n{len(study.folds)} folds chose {chosen}; fed as the other folds chose: "
        f"{gain.difference:+.3f} points ({gain.low:+.3f} to {gain.high:+.3f}) on all {gain.num_images:,} pictures."
    )


RESIZE = Command(
    name="resize",
    help="which size to resize to before the crop, chosen on one half, confirmed on the other",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
