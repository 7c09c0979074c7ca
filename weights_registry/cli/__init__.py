"""The command `weights-registry`: parses, calls one command, turns errors into exit codes. Knows no command's work."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

from weights_registry.cli import download, evaluate, listing, predict, show, verify
from weights_registry.errors import RegistryError, UnknownWeights

DONE, FAILED, CALLED_WRONGLY, INTERRUPTED = 0, 1, 2, 130

EXAMPLES = """\
three commands to start with:
  weights-registry list --min-acc1 80 --sort params       what there is, smallest first
  weights-registry show ResNet50_Weights.DEFAULT          all that is known of one checkpoint
  weights-registry predict photo.jpg                      what is on a photo, with the weights that come along

Data goes to stdout, talk to stderr. Exit status: 0 done, 1 failed, 2 called wrongly.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's) and give the exit status: 0 done, 1 failed, 2 misused."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    except UnknownWeights as error:
        return _fail(error, CALLED_WRONGLY)
    except (RegistryError, OSError, ValueError, ArithmeticError) as error:
        if isinstance(error, BrokenPipeError):
            return _stop_writing()
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="weights-registry",
        description="Image-classification checkpoints with everything that belongs to them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('weights-registry')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (listing, show, download, verify, predict, evaluate):
        command.add_to(commands)
    return parser


def _fail(error: Exception, status: int) -> int:
    print(f"weights-registry: {error}", file=sys.stderr)
    return status


def _stop_writing() -> int:
    """The reader of stdout has gone (`| head`): stop quietly, and keep Python from writing to it at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
