"""`reproduce-weights NAME --data DIR`: a run, from its data set to its file. torch is imported once it begins."""

import argparse
import os
import shlex
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from training.cli.command import Command, add_settings, add_workers, natural_int, positive_int, seed_int
from training.cli.fitting import fit_for
from training.cli.output import pairs, put, say
from training.cli.plan_run import plan_rows
from training.recipes.catalog import get_recipe
from training.recipes.hardware import Fit, LrRule
from training.recipes.overrides import override, parse_settings
from training.recipes.plan import make_plan
from training.recipes.recipe import Recipe
from training.runs.settings import Choice, RunSettings

_EPILOG = """\
data:
  DIR                       a folder with train/ and val/, each with a sub-folder a category; or with train.tar and
                            val.tar of such folders, uncompressed, or ImageNet's train tar as it comes
  fashion-mnist             Debian's package dataset-fashion-mnist; fashion-mnist:DIR for files elsewhere
  torchvision:CIFAR10:DIR   one of torchvision's data sets, downloaded before

three commands to begin with:
  reproduce-weights resnet50/v2 --data DIR --dry-run             steps, and hours on this machine
  reproduce-weights resnet50/v2 --data DIR --output runs/first   train; the same command once more resumes
  reproduce-weights verify runs/first --data DIR                 measure the result again

A run may be killed at any moment: it goes on from its last snapshot and ends with the same weights. SIGTERM and Ctrl-C
save first. On several GPUs:
  torchrun --no-python --nproc_per_node=8 reproduce-weights resnet50/v2 --data DIR
Told to stop, torchrun kills after 30 s; --shutdown-timeout=120, before --no-python, leaves more for a slow step and a
large snapshot.
On several machines, the same on each, with the data at the same place and --output in a folder that they share:
  torchrun --nnodes=2 --nproc_per_node=8 --rdzv_backend=c10d --rdzv_endpoint=FIRST_MACHINE:29500 \\
      --no-python reproduce-weights resnet50/v2 --data DIR --output SHARED/run
The recipe's global batch is kept: what the GPUs do not take at once is accumulated, unless --lr-rule says otherwise.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a recipe, such as resnet50/v2")
    parser.add_argument("--data", required=True, metavar="DATA", help="what to learn from; see below")
    parser.add_argument("--output", type=Path, metavar="DIR", help="folder of the run (default: runs/NAME-seedN)")
    parser.add_argument("--dry-run", action="store_true", help="only plan, and measure the speed for a few seconds")
    add_settings(parser)
    parser.add_argument("--seed", type=seed_int, default=0, metavar="N", help="default: 0")
    learning = parser.add_argument_group("what is measured and taken")
    learning.add_argument("--categories", metavar="SET", help="a shipped set the folders must match, as imagenet_1k")
    learning.add_argument(
        "--hold-out", type=natural_int, default=0, metavar="N", help="training pictures to choose the best epoch by"
    )
    learning.add_argument(
        "--choose",
        choices=get_args(Choice),
        help="epoch that is exported (default: best if pictures are held out, else last)",
    )
    learning.add_argument("--licence", default="not stated", help="licence of the weights, written into the file")
    result = parser.add_argument_group("what it ends with, and how to follow it")
    result.add_argument(
        "--catalog-name", metavar="NAME", help="what to call the result, as my-team/fashion (default: NAME-seedN)"
    )
    result.add_argument("--no-catalog", action="store_true", help="leave the result out of your catalog")
    result.add_argument("--tensorboard", type=Path, metavar="DIR", help="write events for TensorBoard into DIR")
    hardware = parser.add_argument_group("hardware")
    hardware.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is a GPU")
    add_workers(hardware)
    hardware.add_argument(
        "--batch-size-per-gpu", type=positive_int, metavar="N", help="pictures at once (default: as in the recipe)"
    )
    hardware.add_argument("--lr-rule", choices=get_args(LrRule), help="another global batch, and scale the rate by it")
    hardware.add_argument("--compile", action="store_true", help="compile the network: slow to begin, then faster")
    hardware.add_argument("--deterministic", action="store_true", help="only kernels that repeat themselves, slower")
    hardware.add_argument("--no-channels-last", action="store_true", help="keep the channels first in memory")
    safety = parser.add_argument_group("safety")
    safety.add_argument("--snapshot-every-steps", type=positive_int, metavar="N", help="save within epochs too")
    safety.add_argument("--keep-every-epochs", type=positive_int, metavar="N", help="keep these snapshots for good")
    safety.add_argument(
        "--max-unreadable", type=natural_int, default=100, metavar="N", help="damaged pictures to bear (default: 100)"
    )


def _run(args: argparse.Namespace) -> int:
    recipe = override(get_recipe(args.name), **parse_settings(args.settings))
    fitted = fit_for(args, recipe)
    settings = _settings(args, fitted.recipe)
    if settings.deterministic:
        # cuBLAS repeats itself only with a workspace of fixed size, and reads this before its first use:
        # https://docs.nvidia.com/cuda/cublas/index.html#results-reproducibility
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    from training.data.dataset import hold_out, open_data_set
    from training.distributed import joined
    from training.runs.board import require_tensorboard
    from training.runs.ending import check_catalog_name

    if args.tensorboard is not None:
        require_tensorboard()
    if args.catalog_name is not None:
        check_catalog_name(args.catalog_name, output=settings.output)
    data = hold_out(open_data_set(settings.data, categories=settings.categories), settings.hold_out, seed=settings.seed)
    with joined(settings.device) as process:
        if process.is_first:
            for remark in fitted.remarks:
                say(f"Not as in the recipe: {remark}.")
        if args.dry_run:
            return _plan(fitted, settings, data, process)
        return _train(fitted, settings, data, process, args)


def _plan(fitted: Fit, settings: RunSettings, data: Any, process: Any) -> int:
    from dataclasses import replace

    from training.runs.opening import open_run
    from training.runs.speed import measure_speed

    make_plan(fitted.recipe, num_images=len(data.train))  # a set that is too small is told before anything is measured
    with TemporaryDirectory() as folder:
        speed = measure_speed(open_run(fitted, replace(settings, output=Path(folder)), data, process))
    plan = make_plan(fitted.recipe, num_images=len(data.train), images_per_second=speed)
    if process.is_first:
        put(f"{plan.recipe} on {plan.num_images:,} pictures of {data.name}", "", *pairs(plan_rows(plan, fitted)))
    return 0


def _train(fitted: Fit, settings: RunSettings, data: Any, process: Any, args: argparse.Namespace) -> int:
    from training.runs.board import shown_on_board
    from training.runs.opening import open_run
    from training.runs.progress import progress_for
    from training.runs.run import train
    from training.runs.stopping import stop_wishes

    progress = progress_for(is_first=process.is_first)
    with stop_wishes() as stop:
        run = open_run(fitted, settings, data, process, progress)
        with shown_on_board(run, args.tensorboard):
            finished = train(run, stop)
    if not finished:
        progress.say(
            f"Stopped and saved in `{settings.output}`; the same command goes on from there."
            if run.is_saved
            else f"Stopped, not saved; the same command goes on from the last snapshot in `{settings.output}`, if any."
        )
        return 128 + (stop.signal or 15)
    if process.is_first:
        _end(settings.output, args)
    return 0


def _end(output: Path, args: argparse.Namespace) -> None:
    from training.runs.ending import end_run

    ended = end_run(
        output, choice=args.choose, licence=args.licence, name=args.catalog_name, in_catalog=not args.no_catalog
    )
    (measured,) = ended.export.checkpoint.metrics
    put(str(ended.export.path))
    say(
        f"acc@1 {measured.acc1:.3f} on {measured.num_images:,} pictures of {measured.dataset} {measured.split}, "
        f"{ended.export.chosen}. Curves: {ended.curves}" + (f". Card: {ended.card}" if ended.card else "")
    )
    for remark in ended.remarks:
        say(remark)
    say(f"Next: weights-registry predict PHOTO --weights {shlex.quote(ended.name or str(ended.export.path))}")


def _settings(args: argparse.Namespace, recipe: Recipe) -> RunSettings:
    return RunSettings(
        data=args.data,
        output=args.output or Path("runs", f"{recipe.id.replace('/', '-')}-seed{args.seed}"),
        categories=args.categories,
        seed=args.seed,
        device=args.device,
        batch_size_per_gpu=args.batch_size_per_gpu,
        lr_rule=args.lr_rule,
        num_workers=args.workers,
        hold_out=args.hold_out,
        snapshot_every_steps=args.snapshot_every_steps,
        keep_every_epochs=args.keep_every_epochs,
        max_unreadable=args.max_unreadable,
        channels_last=not args.no_channels_last,
        compile=args.compile,
        deterministic=args.deterministic,
    )


TRAIN = Command(
    name="train",
    help="train NAME, from a data set to a file that describes itself",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
