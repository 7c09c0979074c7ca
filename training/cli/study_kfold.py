"""`reproduce-weights study kfold`: a choice between two recipes, or two ways to feed a checkpoint, fold by fold."""

import argparse
import math
from typing import Any

from training.cli.command import Command, add_settings, seed_int
from training.cli.fitting import fit_for
from training.cli.output import table
from training.cli.study_measuring import measure_subject, one_process
from training.cli.study_options import (
    CHECKPOINT,
    add_output,
    add_training,
    changes,
    check_sizes,
    num_folds,
    run_settings,
    settle_output,
    tell,
)
from training.errors import RecipeError
from training.recipes.overrides import override, parse_settings

_EPILOG = """\
two recipes, each trained on all folds of the training pictures but one and measured on that one:
  reproduce-weights study kfold resnet50/v1 resnet50/v2 --data DIR --folds 5

two ways to feed a checkpoint, nothing is trained:
  reproduce-weights study kfold CHECKPOINT --preprocessing resize_size=256 --data DIR
  reproduce-weights study kfold CHECKPOINT --preprocessing resize_size=240 --preprocessing resize_size=256 --data DIR

A is the first, or the checkpoint's own way; B the other. The pictures that the data set measures on are not touched by
recipes: what is chosen so was not chosen on them.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subjects", nargs="*", metavar="A B", help=f"two recipes; or {CHECKPOINT}")
    parser.add_argument(
        "--preprocessing",
        nargs="+",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="how to feed the checkpoint, such as resize_size=256; once or twice",
    )
    parser.add_argument("--folds", type=num_folds, default=5, metavar="K", help="default: 5")
    parser.add_argument("--seed", type=seed_int, default=0, metavar="N", help="of folds and runs (default: 0)")
    add_settings(parser)
    add_training(parser)
    add_output(parser, "kfold-A-B")


def _run(args: argparse.Namespace) -> int:
    # What stands behind `--preprocessing` and sets nothing is the checkpoint, which argparse takes for one more of it.
    args.subjects += [word for words in args.preprocessing for word in words if "=" not in word]
    args.preprocessing = [[word for word in words if "=" in word] for words in args.preprocessing]
    if args.preprocessing:
        if not all(args.preprocessing):
            raise RecipeError("`--preprocessing` takes settings such as `resize_size=256`")
        if len(args.subjects) != 1 or len(args.preprocessing) > 2:
            raise RecipeError("`--preprocessing`, once or twice, goes with one checkpoint")
        if args.settings:
            raise RecipeError("`--set` changes recipes; how a checkpoint is fed is set by `--preprocessing`")
        return _preprocessings(args)
    if len(args.subjects) != 2:
        raise RecipeError("give two recipes, or one checkpoint with `--preprocessing`")
    return _recipes(args)


def _recipes(args: argparse.Namespace) -> int:
    from training.data.dataset import open_data_set
    from training.recipes.catalog import get_recipe
    from training.recipes.record import digest
    from training.studies.folds import stratified_folds
    from training.studies.kfold import compare_recipes
    from training.studies.runs import all_but, read_result, runner

    a, b = (override(get_recipe(name), **parse_settings(args.settings)) for name in args.subjects)
    fits = {"a": fit_for(args, a), "b": fit_for(args, b)}
    if digest(fits["a"].recipe) == digest(fits["b"].recipe):
        raise RecipeError(f"`{a.id}` and `{b.id}` describe the same run; there is nothing to choose between")
    settle_output(args, "kfold", a.id, b.id)
    data = open_data_set(args.data, categories=args.categories)
    folds_N = stratified_folds(data.train.labels(), args.folds, seed=args.seed)
    check_sizes(fits.values(), num_images=len(folds_N) - math.ceil(len(folds_N) / args.folds))
    folders: dict[str, list[Any]] = {"a": [], "b": []}
    with runner(run_settings(args)) as runs:
        for fold in range(args.folds):
            part = all_but(data, folds_N, fold)
            for name, fit in fits.items():
                folder = args.output / "kfold-runs" / f"{name}-fold{fold + 1}of{args.folds}"
                place = f"{1 + len(folders['a']) + len(folders['b'])} of {2 * args.folds}"
                folders[name].append(runs.finish(fit, part, folder, seed=args.seed, place=place))
    if not runs.process.is_first:
        return 0
    results_a, results_b = ([read_result(folder) for folder in folders[name]] for name in ("a", "b"))
    study = compare_recipes(
        results_a[0].recipe,
        results_b[0].recipe,
        [each.acc1 for each in results_a],
        [each.acc1 for each in results_b],
        [each.num_images for each in results_a],
        seed=args.seed,
    )
    of = {"pictures": data.fingerprint(), "changed": ", ".join(changes(args))}
    return _tell(args, study, on=f"{data.name} train", papers=results_a[0].papers, of=of)


def _preprocessings(args: argparse.Namespace) -> int:
    from training.studies.answering import weights_of
    from training.studies.folds import check_folds, stratified_folds
    from training.studies.kfold import compare_preprocessings
    from training.studies.subjects import open_pictures, open_subject, papers

    with one_process(args.device) as device:
        subject = open_subject(weights_of(args.subjects[0]), device)
        own = subject.checkpoint.preprocessing
        ways = [_changed(own, settings) for settings in args.preprocessing]
        a, b = ways if len(ways) == 2 else (own, *ways)
        if a == b:
            raise RecipeError(f"both ways to feed `{subject.checkpoint.id}` are the same: {a.describe()}")
        measured = open_pictures(args.data, subject.checkpoint.labels)
        check_folds(args.folds, num_images=len(measured.pictures))
        names = [_told(way, own) for way in (a, b)]
        settle_output(args, "kfold", subject.checkpoint.id, *names)
        outcomes = measure_subject(
            args, subject, measured, (a, b), folder=args.output / "kfold-parts", study="kfold", a=names[0], b=names[1]
        )
    study = compare_preprocessings(
        names[0],
        names[1],
        outcomes.hits(0),
        outcomes.hits(1),
        stratified_folds(outcomes.labels_N, args.folds, seed=args.seed),
        seed=args.seed,
    )
    return _tell(
        args,
        study,
        on=f"{measured.name} {measured.split}",
        papers=papers(device),
        of={**subject.identity(), **measured.identity()},
    )


def _changed(own: Any, settings: list[str]) -> Any:
    from dataclasses import replace

    changes = parse_settings(f"inference.{setting}" for setting in settings)
    try:
        return replace(own, **{name.removeprefix("inference."): value for name, value in changes.items()})
    except ValueError as error:
        raise RecipeError(str(error)) from error


def _told(way: Any, own: Any) -> str:
    """What of a way to feed differs from the checkpoint's own, as it would be set."""
    from training.recipes.diff import format_value

    names = [name for name in own.__slots__ if getattr(way, name) != getattr(own, name)]
    return " ".join(f"{name}={format_value(getattr(way, name))}" for name in names) or f"resize_size={own.resize_size}"


def _tell(args: argparse.Namespace, study: Any, *, on: str, papers: dict[str, Any], of: dict[str, Any]) -> int:
    from training.studies.charts import kfold_charts
    from training.studies.record import to_record

    rows = [
        (
            str(fold.number),
            f"{fold.num_images:,}",
            f"{fold.acc1_a:.3f}",
            f"{fold.acc1_b:.3f}",
            f"{fold.difference:+.3f}",
            {True: "yes", False: "no", None: "-"}[fold.choice_holds],
        )
        for fold in study.folds
    ]
    lines = table(("fold", "pictures", f"A: {study.a}", f"B: {study.b}", "B less A", "choice holds"), rows)
    changed = f"\nIn both: {of['changed']}." if of.get("changed") else ""
    spread = f"Standard deviation of the folds' differences: {study.spread:.3f}"
    verdict = f"{study.sentence}{changed}\n{spread}. {study.method}."
    tell(args, {"papers": papers, "of": of, "on": on, **to_record(study)}, kfold_charts(study, on=on), lines, verdict)
    return 0


KFOLD = Command(
    name="kfold",
    help="a choice between two recipes or two preprocessings, fold by fold",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
