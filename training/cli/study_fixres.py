"""`reproduce-weights study fixres CHECKPOINT ...`: train sizes against test sizes."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.cli.command import Command
from training.cli.output import table
from training.cli.study_measuring import measure_subject, one_process
from training.cli.study_options import CHECKPOINT, add_measuring, add_output, gain_cells, settle_output, size_list, tell

if TYPE_CHECKING:
    import torch

    from training.studies.fixres import FixResRow, FixResStudy
    from training.studies.subjects import MeasuredPictures, Subject

_EPILOG = """\
A test size is the side of the crop; the resize size goes with it in the checkpoint's own proportion, so every size
shows the same part of a picture. Sizes are 160..320:16 for a crop of 224, and in proportion for others. The train size
is that of the checkpoint's recipe, or of the run whose folder the file lies in.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoints", nargs="+", metavar="CHECKPOINT", help=f"{CHECKPOINT}; any number of them")
    add_measuring(parser)
    parser.add_argument("--sizes", type=size_list, metavar="LIST", help="test sizes, such as 160..320:16")
    add_output(parser, "fixres-CHECKPOINT")


def _run(args: argparse.Namespace) -> int:
    from training.studies.answering import weights_of
    from training.studies.charts import fixres_charts
    from training.studies.fixres import FixResStudy, default_test_sizes
    from training.studies.record import to_record
    from training.studies.subjects import open_pictures, papers
    from weights_registry.finding import find_checkpoint

    weights = [weights_of(each) for each in args.checkpoints]
    records = [find_checkpoint(each) for each in weights]
    own_sizes = [each.preprocessing.crop_size for each in records]
    sizes = tuple(sorted({*(args.sizes or default_test_sizes(own_sizes)), *own_sizes}))
    others = f"and-{len(records) - 1}-more" if len(records) > 1 else ""
    settle_output(args, "fixres", records[0].id, others)
    rows: list[FixResRow] = []
    of_each = []
    with one_process(args.device) as device:
        for typed, place in zip(args.checkpoints, weights, strict=True):
            subject = _open(place, sizes, device)
            measured = open_pictures(args.data, subject.checkpoint.labels)
            several = [each.id for each in records].count(subject.checkpoint.id) > 1
            rows.append(_row(args, subject, measured, sizes, place, name=typed if several else None))
            of_each.append({**subject.identity(), **measured.identity()})
    _check_same_pictures(rows)
    study = FixResStudy(test_sizes=sizes, rows=tuple(rows))
    on = f"{measured.name} {measured.split}"
    verdict = (
        f"acc@1 in percent on {rows[0].num_images:,} pictures of {on}. `as good`: not told from the best by these "
        "pictures.\nThe gain over the own size is a little flattered: the best was chosen on these pictures. "
        "`study resize` confirms on others."
    )
    tell(
        args,
        {"papers": papers(device), "of": of_each, **to_record(study)},
        fixres_charts(study, on=on),
        _lines(study),
        verdict,
    )
    return 0


def _row(
    args: argparse.Namespace,
    subject: "Subject",
    measured: "MeasuredPictures",
    sizes: tuple[int, ...],
    weights: str | Path,
    *,
    name: str | None,
) -> "FixResRow":
    from training.studies.fixres import compare_sizes, fed_at

    checkpoint = subject.checkpoint
    outcomes = measure_subject(
        args,
        subject,
        measured,
        [fed_at(checkpoint.preprocessing, size) for size in sizes],
        folder=args.output / "fixres-parts" / subject.sha256[:12],
        doing=checkpoint.id,
        study="fixres",
        sizes=sizes,
    )
    return compare_sizes(
        name or checkpoint.id,
        sizes,
        outcomes,
        own_size=checkpoint.preprocessing.crop_size,
        train_size=_train_size(weights, subject),
    )


def _check_same_pictures(rows: "Sequence[FixResRow]") -> None:
    from training.errors import DataSetError

    for row in rows[1:]:
        if row.num_images != rows[0].num_images:
            raise DataSetError(
                f"`{row.checkpoint}` could be measured on {row.num_images:,} pictures and `{rows[0].checkpoint}` "
                f"on {rows[0].num_images:,}: their rows cannot stand in one table"
            )


def _lines(study: "FixResStudy") -> list[str]:
    header = ("checkpoint", "train", *map(str, study.test_sizes), "best", "as good", "gain", "95 % interval")
    rows = [
        (
            row.checkpoint,
            "-" if row.train_size is None else str(row.train_size),
            *(f"{acc1:.2f}" for acc1 in row.acc1),
            str(row.best_size),
            ",".join(map(str, row.as_good)),
            *gain_cells(row.gain),
        )
        for row in study.rows
    ]
    return table(header, rows)


def _open(weights: str | Path, sizes: tuple[int, ...], device: "torch.device") -> "Subject":
    from training.errors import RunError
    from training.studies.subjects import open_subject

    subject = open_subject(weights, device)
    least = max(subject.checkpoint.min_size)
    if min(sizes) < least:
        raise RunError(f"`{subject.checkpoint.id}` takes pictures from {least} pixels up, not {min(sizes)}")
    return subject


def _train_size(weights: str | Path, subject: "Subject") -> int | None:
    """Side in pixels of the crops it was trained on, None if neither its recipe nor its run is known."""
    from training.errors import RunError, UnknownRecipe
    from training.recipes.catalog import get_recipe
    from training.recipes.record import from_dict
    from training.runs.runlog import RunLog

    try:
        return get_recipe(subject.checkpoint.recipe or "").train_crop_size
    except UnknownRecipe:
        pass
    try:
        header, _ = RunLog(Path(weights).parent).read()
    except RunError:
        return None
    return from_dict(header["recipe"]).train_crop_size


FIXRES = Command(
    name="fixres",
    help="train sizes against test sizes: a matrix, its curves, and the best test size of each checkpoint",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
