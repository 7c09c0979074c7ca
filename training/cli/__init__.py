"""The command line `reproduce-weights`: finds the command and answers for its errors. Knows no recipe.

Data goes to stdout and talk to stderr; 0 means done, 1 failed, 2 called wrongly.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from training.cli.command import Command
from training.cli.curves import CURVES
from training.cli.diff import DIFF
from training.cli.list_recipes import LIST
from training.cli.output import put, say
from training.cli.plan_run import PLAN_RUN
from training.cli.show import SHOW
from training.cli.show_ladder import SHOW_LADDER
from training.cli.study import STUDY
from training.cli.train import TRAIN
from training.cli.verify import VERIFY
from training.errors import RecipeError, TrainingError, UnknownRecipe
from training.recipes.catalog import get_recipe
from weights_registry.errors import RegistryError
from weights_registry.streams import prepare_streams

COMMANDS: Final[tuple[Command, ...]] = (LIST, SHOW, SHOW_LADDER, DIFF, PLAN_RUN, TRAIN, CURVES, VERIFY, STUDY)

_TUTORIAL: Final = """\
three commands to begin with:
  reproduce-weights list                           which recipes there are, and what they reached
  reproduce-weights show resnet50/v2               every setting of one, its learning rate as a picture
  reproduce-weights diff resnet50/v1 resnet50/v2   what the improved recipe does otherwise

to train one, on the CPU or the GPUs that are there (`reproduce-weights train --help` has more):
    reproduce-weights resnet50/v2 --data DIR       DIR has train/ and val/, a sub-folder a category
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (or the process's own arguments) asks for; returns the exit status.

    A recipe's name in a command's place means `train`: `reproduce-weights resnet50/v2 --data DIR`.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    if not prepare_streams():
        say("reproduce-weights: stdout is closed; there is nowhere to write to")
        return 1
    try:
        if words and not words[0].startswith("-") and words[0] not in {each.name for each in COMMANDS}:
            words.insert(0, TRAIN.name)
            _refuse_if_unknown(words[1])
        args = parser.parse_args(words)
        if args.version:
            put(f"{parser.prog} {version('weights-registry')}")
            return 0
        if args.command is None:
            parser.print_help(sys.stderr)
            return 2
        status = int(args.command.run(args))
        sys.stdout.flush()
    except SystemExit as wish:  # argparse ends so, after --help too
        return wish.code if isinstance(wish.code, int) else 2
    except (RecipeError, UnknownRecipe) as error:
        say(f"reproduce-weights: {error}")
        return 2
    except BrokenPipeError:
        # The reader, such as `head`, has gone. Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (TrainingError, RegistryError, OSError) as error:
        say(f"reproduce-weights: {error}")
        return 1
    except KeyboardInterrupt:  # before a run heeds signals itself, as while a data set is opened
        say("reproduce-weights: interrupted")
        return 128 + signal.SIGINT
    return status


def _refuse_if_unknown(word: str) -> None:
    """Raises UnknownRecipe for a first word that is neither a recipe nor a command."""
    try:
        get_recipe(word)
    except UnknownRecipe as error:
        raise UnknownRecipe(f"`{word}` is no command (`reproduce-weights --help` shows them), and {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reproduce-weights",
        description="The recipes that trained the published weights, as data: look, compare, plan a run, train.",
        epilog=_TUTORIAL,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="store_true", help="print the version of this package")
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        verb = verbs.add_parser(
            command.name,
            allow_abbrev=False,
            help=command.help,
            description=f"{command.help[0].upper()}{command.help[1:]}.",
            epilog=command.epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(verb)
        verb.set_defaults(command=command)
    return parser
