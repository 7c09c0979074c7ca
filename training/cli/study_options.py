"""What the studies share on the command line: flags, their values, and how results are told. Knows no study."""

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from training.cli.command import MAX_SEED, add_json, add_workers, positive_int
from training.cli.output import put, put_json, say
from training.recipes.hardware import Fit, LrRule
from training.recipes.plan import make_plan
from training.runs.settings import RunSettings

if TYPE_CHECKING:
    from training.studies.charts import Chart
    from weights_registry.inference.paired import PairedDifference

CHECKPOINT: Final = "a registered name, a file that describes itself, or the folder of a run"


def add_output(parser: argparse.ArgumentParser, default: str) -> None:
    """The flags `--output` and `--json`; `default` is what `settle_output` will make, for the help."""
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help=f"figures, charts and what is done so far (default: studies/{default})",
    )
    add_json(parser)


def settle_output(args: argparse.Namespace, *words: str) -> None:
    """Where no `--output` was given, `studies/WORD-WORD`, with what a file cannot be called left out."""
    if args.output is None:
        name = "-".join(filter(None, words))
        args.output = Path("studies", re.sub(r"[^\w.+-]+", "-", name))


def add_data(parser: argparse.ArgumentParser) -> None:
    """The pictures that a study measures on, and the device."""
    parser.add_argument(
        "--data",
        required=True,
        metavar="DATA",
        help="a folder with a sub-folder a category, or with such in val/; fashion-mnist; torchvision:NAME:DIR",
    )
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is a GPU")


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """Data, device and workers of a study that measures."""
    add_data(parser)
    add_workers(parser)


def add_training(parser: argparse.ArgumentParser, *, data_required: bool = True) -> None:
    """Data, hardware and care of a study that trains; they mean what they mean for `train`."""
    parser.add_argument("--data", required=data_required, metavar="DATA", help="what to learn from, as for train")
    parser.add_argument("--categories", metavar="SET", help="as for train")
    parser.add_argument("--device", choices=("cuda", "cpu"), help="default: cuda where there is a GPU")
    add_workers(parser)
    parser.add_argument("--batch-size-per-gpu", type=positive_int, metavar="N", help="as for train")
    parser.add_argument("--lr-rule", choices=get_args(LrRule), help="as for train")
    parser.add_argument("--snapshot-every-steps", type=positive_int, metavar="N", help="as for train")
    parser.add_argument("--compile", action="store_true", help="as for train")


def run_settings(args: argparse.Namespace) -> RunSettings:
    """The settings of every run of a study, from the flags of `add_training`."""
    return RunSettings(
        data=args.data,
        output=args.output,
        categories=args.categories,
        device=args.device,
        batch_size_per_gpu=args.batch_size_per_gpu,
        lr_rule=args.lr_rule,
        num_workers=args.workers,
        snapshot_every_steps=args.snapshot_every_steps,
        compile=args.compile,
    )


def changes(args: argparse.Namespace) -> list[str]:
    """What the flags of a study that trains change in every recipe, each in words; empty if nothing."""
    rule = [] if args.lr_rule is None else [f"lr by the {args.lr_rule} rule"]
    batch = [] if args.batch_size_per_gpu is None else [f"{args.batch_size_per_gpu} pictures a GPU at once"]
    return [*args.settings, *rule, *batch]


def check_sizes(fits: Iterable[Fit], *, num_images: int) -> None:
    """Before the first run is trained: raises DataSetTooSmall if a step of any takes more than `num_images`."""
    for each in fits:
        make_plan(each.recipe, num_images=num_images)


def int_list(text: str) -> tuple[int, ...]:
    """Whole numbers from 0 up, each once, for argparse: `0,1,2`, or `224..256:8`, both ends included."""
    try:
        if ".." in text:
            low, _, rest = text.partition("..")
            high, _, step = rest.partition(":")
            numbers = tuple(range(int(low), int(high) + 1, int(step or 1)))
        else:
            numbers = tuple(int(each) for each in text.split(","))
    except ValueError:
        numbers = ()
    if not numbers or min(numbers) < 0 or len(set(numbers)) != len(numbers):
        raise argparse.ArgumentTypeError(f"must be whole numbers such as 0,1,2 or 224..256:8, each once, not `{text}`")
    return numbers


def seed_list(text: str) -> tuple[int, ...]:
    """As `int_list`, of seeds."""
    seeds = int_list(text)
    if max(seeds) > MAX_SEED:
        raise argparse.ArgumentTypeError(f"seeds are whole numbers up to {MAX_SEED}, not `{text}`")
    return seeds


def num_folds(text: str) -> int:
    """How many folds, for argparse. Raises ArgumentTypeError for fewer than two."""
    folds = positive_int(text)
    if folds < 2:
        raise argparse.ArgumentTypeError(f"cross-validation takes two folds or more, not `{text}`")
    return folds


def size_list(text: str) -> tuple[int, ...]:
    """As `int_list`, from 1 up, in rising order."""
    sizes = int_list(text)
    if min(sizes) < 1:
        raise argparse.ArgumentTypeError(f"sizes start from 1 pixel, not `{text}`")
    return tuple(sorted(sizes))


def gain_cells(gain: "PairedDifference | None") -> tuple[str, str]:
    """A gain in points and its interval, for a table; dashes where there is none."""
    return ("-", "-") if gain is None else (f"{gain.difference:+.3f}", f"{gain.low:+.3f} to {gain.high:+.3f}")


def say_unreadable(unreadable: Sequence[str]) -> None:
    """Say that pictures are in no figure, and name one."""
    if unreadable:
        say(f"{len(unreadable):,} pictures cannot be read and are not counted, such as: {unreadable[0]}")


@contextmanager
def picture_bar(num_pictures: int, doing: str) -> Iterator[Callable[[int], None]]:
    """Gives what to tell of pictures as they are done; a bar on stderr where that is a terminal."""
    if not sys.stderr.isatty():
        yield lambda num_images: None
        return
    from tqdm import tqdm

    with tqdm(total=num_pictures, desc=doing, unit=" pictures", leave=False, file=sys.stderr) as bar:

        def advance(num_images: int) -> None:
            bar.update(num_images)

        yield advance


def tell(
    args: argparse.Namespace, record: Mapping[str, Any], charts: "Sequence[Chart]", lines: Sequence[str], verdict: str
) -> None:
    """Write the charts, each with the record beside it, print the lines (or with `--json` the record), say the rest."""
    from weights_registry.plots import write_chart

    written = [write_chart(chart.figure, args.output / chart.name, alt=chart.alt, data=record) for chart in charts]
    if args.json:
        put_json(dict(record))
        return
    put(*lines)
    say(f"\n{verdict}\nWritten, with its figures as JSON beside it: {', '.join(f'`{path}`' for path in written)}")
