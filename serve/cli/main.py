"""The entry point: finds the command that is meant. Imports no command before it is needed, and none imports torch."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

COMMANDS = {"run": "start the server", "bench": "measure a server's speed at several concurrencies"}
"""Name -> what it does. The module `serve.cli.NAME` has `add_arguments(parser)` and `run(arguments) -> exit code`."""

_EPILOG = """examples:
  serve-weights run                                        serve the embedded checkpoint on port 8000
  curl -H 'Content-Type: image/jpeg' --data-binary @cat.jpg http://127.0.0.1:8000/predict
  serve-weights run --weights resnet50,resnet18 --host 0.0.0.0 --api-key "$KEY"
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code: 0 done, 1 failed, 2 called wrongly."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(
        prog="serve-weights",
        description="Serve image-classification checkpoints over HTTP.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('weights-registry')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary[0].upper() + summary[1:] + ".")
        if name in given[:1]:
            import_module(f"serve.cli.{name}").add_arguments(command)
    parsed = parser.parse_args(given)
    return int(import_module(f"serve.cli.{parsed.command}").run(parsed))


if __name__ == "__main__":
    sys.exit(main())
