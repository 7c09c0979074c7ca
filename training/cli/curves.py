"""`reproduce-weights curves RUN`: how a run went, as a picture; also while it still goes."""

import argparse
from pathlib import Path

from training.cli.command import Command, png_path
from training.cli.output import put
from training.runs.curves import draw_curves


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, metavar="RUN", help="folder of a run, such as runs/resnet50-v2-seed0")
    parser.add_argument(
        "--png", type=png_path, metavar="FILE", help="where to (default: RUN/evidence/training-curves.png); JSON beside"
    )


def _run(args: argparse.Namespace) -> int:
    put(str(draw_curves(args.run, path=args.png)))
    return 0


CURVES = Command(name="curves", help="how a run went, drawn", add_arguments=_add_arguments, run=_run)
