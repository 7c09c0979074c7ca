"""`reproduce-weights study seeds`: what chance does to a recipe, and how many seeds a difference takes."""

import argparse
from pathlib import Path

from training.cli.command import Command, add_settings, positive_float
from training.cli.fitting import fit_for
from training.cli.output import table
from training.cli.study_options import (
    add_output,
    add_training,
    check_sizes,
    run_settings,
    seed_list,
    settle_output,
    tell,
)
from training.errors import RecipeError
from training.recipes.overrides import override, parse_settings

_EPILOG = """\
  reproduce-weights study seeds resnet50/v2 --data DIR --seeds 0,1,2    trains what is not there yet
  reproduce-weights study seeds runs/one runs/two runs/three            reads runs that are done
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("subjects", nargs="+", metavar="NAME", help="a recipe, with --data; or folders of runs")
    parser.add_argument("--seeds", type=seed_list, default=(0, 1, 2), metavar="LIST", help="default: 0,1,2")
    parser.add_argument(
        "--difference", type=positive_float, action="append", metavar="D", help="points to be seen; may be repeated"
    )
    add_settings(parser)
    add_training(parser, data_required=False)
    add_output(parser, "seeds-NAME")


def _run(args: argparse.Namespace) -> int:
    from training.studies.charts import seeds_charts
    from training.studies.record import to_record
    from training.studies.runs import read_result
    from training.studies.seeds import DIFFERENCES, study_seeds

    if args.data is None and args.settings:
        raise RecipeError("`--set` changes a recipe, which goes with `--data`; runs are read as they are")
    if args.data is None:
        folders: list[Path] | None = [Path(each) for each in args.subjects]
    else:
        folders = _train(args)
    if folders is None:
        return 0
    results = [read_result(folder) for folder in folders]
    study = study_seeds(results, differences=args.difference or DIFFERENCES)
    settle_output(args, "seeds", study.recipe)
    rows = [(str(each.seed), f"{each.acc1:.3f}", f"{each.acc5:.3f}") for each in results]
    rows += [
        ("mean", f"{study.mean:.3f}", f"{sum(study.acc5) / len(study.acc5):.3f}"),
        ("standard deviation", f"{study.spread:.3f}", ""),
        ("min", f"{study.least:.3f}", ""),
        ("max", f"{study.most:.3f}", ""),
    ]
    lines = table(("seed", "acc@1", "acc@5"), rows)
    needs = [
        (f"{need.difference:g}", "more than 10,000" if need.num_seeds is None else str(need.num_seeds))
        for need in study.needs
    ]
    verdict = f"{study.sentence}\nPictures: {study.num_images:,} of {study.data} {study.split}."
    if study.num_held_out:
        verdict += f" Held out of training: {study.num_held_out:,}, others for each seed."
    if study.low is not None and study.high is not None:
        lines += ["", *table(("difference, points", "seeds of each recipe"), needs)]
        verdict += f" 95 % interval of the mean: {study.low:.3f} to {study.high:.3f}.\nSeeds needed: {study.formula}."
    record = {"papers": results[0].papers, **to_record(study)}
    tell(args, record, seeds_charts(study), lines, verdict)
    return 0


def _train(args: argparse.Namespace) -> list[Path] | None:
    """The folders of the runs, trained to their end; None in processes other than the first."""
    from training.data.dataset import open_data_set
    from training.recipes.catalog import get_recipe
    from training.studies.runs import runner

    if len(args.subjects) != 1:
        raise RecipeError("with `--data` give one recipe; folders of runs bring what they were measured on")
    if len(args.seeds) < 2:
        raise RecipeError("a spread takes two seeds or more, such as `--seeds 0,1,2`")
    recipe = override(get_recipe(args.subjects[0]), **parse_settings(args.settings))
    fit = fit_for(args, recipe)
    settle_output(args, "seeds", recipe.id)
    data = open_data_set(args.data, categories=args.categories)
    check_sizes([fit], num_images=len(data.train))
    with runner(run_settings(args)) as runs:
        folders = [
            runs.finish(
                fit,
                data,
                args.output / "seeds-runs" / f"seed{seed}",
                seed=seed,
                place=f"{place} of {len(args.seeds)}",
            )
            for place, seed in enumerate(args.seeds, start=1)
        ]
    return folders if runs.process.is_first else None


SEEDS = Command(
    name="seeds",
    help="mean and spread over seeds, and how many seeds a difference takes",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
