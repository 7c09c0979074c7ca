"""`reproduce-weights study NAME`: finds the study. Knows none of them."""

import argparse
import signal
import sys
from typing import Final

from training.cli.command import Command
from training.cli.output import say
from training.cli.study_calibrate import CALIBRATE
from training.cli.study_compare import COMPARE_STUDY
from training.cli.study_fixres import FIXRES
from training.cli.study_kfold import KFOLD
from training.cli.study_ladder import LADDER_STUDY
from training.cli.study_resize import RESIZE
from training.cli.study_seeds import SEEDS
from training.runs.stopping import Stopped

STUDIES: Final[tuple[Command, ...]] = (
    RESIZE,
    FIXRES,
    KFOLD,
    SEEDS,
    LADDER_STUDY,
    COMPARE_STUDY,
    CALIBRATE,
)

_EPILOG: Final = """\
three studies to begin with:
  reproduce-weights study resize CHECKPOINT --data DIR              which size to resize to, at no training
  reproduce-weights study kfold CHECKPOINT --preprocessing resize_size=256 --data DIR
  reproduce-weights study ladder --ladder fashion-mnist --data fashion-mnist --seeds 0,1,2

Each writes its figures as JSON and its charts as PNG into --output, and keeps there what is done: the same command goes
on from where it was stopped. `reproduce-weights study NAME --help` says more of one.
"""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(study=None, show_help=parser.print_help)
    verbs = parser.add_subparsers(title="studies", metavar="NAME")
    for study in STUDIES:
        verb = verbs.add_parser(
            study.name,
            allow_abbrev=False,
            help=study.help,
            description=f"{study.help[0].upper()}{study.help[1:]}.",
            epilog=study.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        study.add_arguments(verb)
        verb.set_defaults(study=study)


def _run(args: argparse.Namespace) -> int:
    if args.study is None:
        args.show_help(sys.stderr)
        return 2
    try:
        return int(args.study.run(args))
    except KeyboardInterrupt:
        number = int(signal.SIGINT)
    except Stopped as wish:
        number = wish.signal
    say("Stopped. What is done is kept; the same command goes on from there.")
    return 128 + number


STUDY = Command(
    name="study",
    help=f"is a number, or a choice, to be believed? {', '.join(study.name for study in STUDIES)}",
    add_arguments=_add_arguments,
    run=_run,
    epilog=_EPILOG,
)
