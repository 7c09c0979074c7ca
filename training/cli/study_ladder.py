"""`reproduce-weights study ladder`: the rungs of a ladder, run and measured, beside what was published."""

import argparse
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.cli.command import Command, add_settings, positive_float
from training.cli.fitting import fit_for
from training.cli.output import table
from training.cli.study_measuring import measure_subject
from training.cli.study_options import (
    add_output,
    add_training,
    changes,
    check_sizes,
    run_settings,
    seed_list,
    settle_output,
    tell,
)
from training.recipes.ladders import LADDERS, get_ladder
from training.recipes.overrides import override, parse_settings
from training.recipes.shortening import times_epochs

if TYPE_CHECKING:
    import torch

    from training.data.dataset import DataSet
    from training.recipes.hardware import Fit
    from training.recipes.published.ladder import Rung
    from training.recipes.recipe import Recipe
    from training.studies.ladder import LadderStudy, Reached

_EPILOG = """\
Each rung is a run in a folder of its own, for each seed; one that is done is not trained again. A rung that retrains
nothing measures the weights of the rung before, fed otherwise: those are trained even where --recipes leaves them out.
A --set holds for every rung, after --epochs-factor.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ladder", default="imagenet", metavar="LADDER", help=f"{' or '.join(LADDERS)} (default: imagenet)"
    )
    parser.add_argument("--recipes", metavar="PATTERN", help="rungs by id or name, such as '*/rung-0?' (default: all)")
    parser.add_argument("--seeds", type=seed_list, default=(0,), metavar="LIST", help="default: 0")
    parser.add_argument(
        "--epochs-factor",
        type=positive_float,
        default=1.0,
        metavar="X",
        help="times the epochs of every rung, so that they keep their proportions: 0.2 is a fifth (default: 1)",
    )
    add_settings(parser)
    add_training(parser)
    add_output(parser, "ladder-LADDER")


def _run(args: argparse.Namespace) -> int:
    from training.data.dataset import open_data_set
    from training.studies.charts import ladder_charts
    from training.studies.ladder import Measured, climb, select_rungs, trained_rung
    from training.studies.record import to_record
    from training.studies.runs import read_result, runner

    rungs = select_rungs(get_ladder(args.ladder), args.recipes)
    trained = {each.number: each for each in map(trained_rung, rungs)}
    # All of them before the first run, which may take days: a recipe that cannot be is told at once.
    fits = {each.number: fit_for(args, _recipe(args, each)) for each in (*trained.values(), *rungs)}
    settle_output(args, "ladder", args.ladder)
    data = open_data_set(args.data, categories=args.categories)
    check_sizes((fits[number] for number in trained), num_images=len(data.train))
    with runner(run_settings(args)) as runs:
        for place, (rung, seed) in enumerate(product(trained.values(), args.seeds), start=1):
            runs.finish(
                fits[rung.number],
                data,
                _folder(args, rung, seed),
                seed=seed,
                place=f"{place} of {len(trained) * len(args.seeds)}",
            )
    if not runs.process.is_first:
        return 0
    measured = [
        Measured(
            rung=rung,
            recipe=_id_of_what_ran(args, rung, fits[rung.number]),
            reached=tuple(
                _reached(args, rung, seed, data, fits[rung.number], runs.process.device) for seed in args.seeds
            ),
        )
        for rung in rungs
    ]
    first = read_result(_folder(args, trained_rung(rungs[0]), args.seeds[0]))
    study = climb(
        measured,
        ladder=args.ladder,
        data=data.name,
        split=data.eval_split,
        num_images=first.num_images,
        changed=_changed(args),
    )
    record = {"papers": first.papers, "of": {"pictures": data.fingerprint()}, **to_record(study)}
    over = f"{len(args.seeds)} seeds, +- their standard deviation" if len(args.seeds) > 1 else "one seed"
    verdict = (
        f"acc@1 and acc@5 in percent on {first.num_images:,} pictures of {data.name} {data.eval_split}, {over}.\n"
        + (f"In every rung: {study.changed}.\n" if study.changed else "")
        + f"Published: {study.published}.\n* retrains nothing: the weights of the rung before, fed otherwise."
    )
    tell(args, record, ladder_charts(study), _lines(study), verdict)
    return 0


def _recipe(args: argparse.Namespace, rung: "Rung") -> "Recipe":
    return override(times_epochs(rung.recipe, args.epochs_factor), **parse_settings(args.settings))


def _changed(args: argparse.Namespace) -> str:
    times = [] if args.epochs_factor == 1 else [f"epochs x {args.epochs_factor:g}"]
    return ", ".join([*times, *changes(args)])


def _folder(args: argparse.Namespace, rung: "Rung", seed: int) -> Path:
    return Path(args.output, "ladder-runs", f"rung-{rung.number:02d}-seed{seed}")


def _id_of_what_ran(args: argparse.Namespace, rung: "Rung", fit: "Fit") -> str:
    """As the log of the runs has it; where only the feeding changes there is no run, and `fit` knows it."""
    from training.studies.runs import read_result

    return read_result(_folder(args, rung, args.seeds[0])).recipe if rung.retrains else fit.recipe.id


def _reached(
    args: argparse.Namespace, rung: "Rung", seed: int, data: "DataSet", fit: "Fit", device: "torch.device"
) -> "Reached":
    """What a seed of a rung came to: as its run's log says, or measured anew where only the feeding changes."""
    from training.runs.export import FILE
    from training.studies.ladder import Reached, trained_rung
    from training.studies.outcomes import percent
    from training.studies.runs import read_result
    from training.studies.subjects import MeasuredPictures, open_subject

    origin = trained_rung(rung)
    if origin is rung:
        found = read_result(_folder(args, rung, seed))
        return Reached(seed=seed, acc1=found.acc1, acc5=found.acc5)
    subject = open_subject(_folder(args, origin, seed) / FILE, device)
    fed = fit.recipe.inference
    outcomes = measure_subject(
        args,
        subject,
        MeasuredPictures(name=data.name, split=data.eval_split, pictures=data.eval),
        (fed,),
        folder=_folder(args, rung, seed),
        doing=f"{rung.name}, seed {seed}",
        study="ladder",
        fed=fed.describe(),
    )
    return Reached(seed=seed, acc1=percent(outcomes.hits(0)), acc5=percent(outcomes.hits(0, among=5)))


def _lines(study: "LadderStudy") -> Sequence[str]:
    header = (
        "rung", "ingredient", "acc@1", "+-", "acc@5", "incremental", "+-", "absolute",
        "published acc@1", "acc@5", "incremental", "absolute",
    )  # fmt: skip
    rows = [
        (
            str(step.number),
            f"{'' if step.number == 1 else '+ '}{step.name}{'' if step.retrains else ' *'}",
            f"{step.acc1:.3f}",
            _signed(step.spread, "{:.3f}"),
            f"{step.acc5:.3f}",
            _signed(step.incremental, "{:+.3f}"),
            _signed(step.error, "{:.3f}"),
            _signed(step.absolute, "{:+.3f}"),
            f"{step.published_acc1:.3f}",
            f"{step.published_acc5:.3f}",
            f"{step.published_incremental:+.3f}",
            f"{step.published_absolute:+.3f}",
        )
        for step in study.steps
    ]
    return table(header, rows)


def _signed(value: Any, form: str) -> str:
    return "-" if value is None else form.format(value)


LADDER_STUDY = Command(
    name="ladder",
    help="what each ingredient adds, measured over seeds, beside what was published",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
