"""The command `weights-registry`: parses, calls one command, turns errors into exit codes. Knows no command's work."""

import argparse
import logging
import os
import select
import sys
from collections.abc import Sequence

from weights_registry.cli import add, card, download, evaluate, listing, predict, remove, show, verify
from weights_registry.cli.failures import CalledWrongly, CommandFailed
from weights_registry.cli.parsers import PROG, with_examples
from weights_registry.errors import RegistryError, UnknownWeights
from weights_registry.streams import prepare_streams

DONE, FAILED, CALLED_WRONGLY, INTERRUPTED = 0, 1, 2, 130

EXAMPLES = (
    ("list --min-acc1 80 --sort params", "what there is, smallest first"),
    ("show ResNet50_Weights.DEFAULT", "all that is known of one checkpoint"),
    ("predict photo.jpg", "what is on a photo, with the weights that come along"),
)
STATUS = "Data goes to stdout, talk to stderr. Exit status: 0 done, 1 failed, 2 called wrongly."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (default: this process's) and give the exit status: 0 done, 1 failed, 2 misused.

    Whatever a person can bring about is told in a line on stderr; an error that is none of theirs is let through.
    """
    try:
        if not prepare_streams():
            raise CommandFailed("stdout is closed; there is nowhere to write to")
        return _run(argv)
    except SystemExit as stop:  # argparse's way to end, after --help or a wrong option
        return stop.code if isinstance(stop.code, int) else DONE
    except (UnknownWeights, CalledWrongly) as error:
        return _fail(error, CALLED_WRONGLY)
    except BrokenPipeError as error:
        return DONE if _reader_has_gone() else _fail(error, FAILED)
    except (RegistryError, CommandFailed, OSError) as error:
        return _fail(error, FAILED)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    arguments.words = sys.argv[1:] if argv is None else argv  # records of figures tell the command that found them
    if arguments.version:
        from importlib.metadata import version

        print(f"{PROG} {version(PROG)}")
    elif arguments.command is None:
        parser.print_help(sys.stderr)
        return CALLED_WRONGLY
    else:
        logging.basicConfig(format="%(message)s", level=logging.WARNING)
        status: int = arguments.run(arguments)
        sys.stdout.flush()
        return status
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROG,
        description="Image-classification checkpoints with everything that belongs to them.",
        epilog=f"{with_examples('three commands to start with:', EXAMPLES)}\n\n{STATUS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="print the version of this package")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in (listing, show, card, download, verify, predict, evaluate, add, remove):
        command.add_to(commands)
    return parser


def _fail(error: Exception, status: int) -> int:
    print(f"{PROG}: {_message(error)}", file=sys.stderr)
    return status


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"`{error.filename}`: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _reader_has_gone() -> bool:
    """Whether it is stdout's reader that closed the pipe (`| head`); then keeps Python from writing to it at exit."""
    poll = select.poll()
    poll.register(sys.stdout, 0)  # asks for nothing but what is always told: that the other end is closed
    if not poll.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True
