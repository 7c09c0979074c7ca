"""`weights-registry card`: all that is known of one checkpoint as a page, to read here, in a browser, or on the Hub."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from weights_registry.checkpoint import Checkpoint
from weights_registry.cli.failures import CalledWrongly, CommandFailed
from weights_registry.cli.output import print_json
from weights_registry.cli.parsers import add_command
from weights_registry.finding import find_checkpoint

EXAMPLES = (
    ("card resnet50 --open", "to read, in the terminal"),
    ("card ./model.safetensors --browser", "of a file that describes itself, in the browser"),
    ("card resnet50", "as Markdown, to be kept as the README.md of a Hugging Face repository"),
    ("card resnet50 --json", "the front matter alone, with the model-index, for a program"),
)


def add_to(commands: Any) -> None:
    """Add the command `card`."""
    parser = add_command(
        commands,
        "card",
        summary="the model card: Markdown, or rendered",
        description="The model card of one checkpoint, of the registry or of a file that describes itself.\n"
        "Prints Markdown with the front matter of the Hugging Face Hub, unless told otherwise.",
        examples=EXAMPLES,
    )
    parser.add_argument("weights", metavar="NAME|FILE", help="a name as `list` shows it, or a safetensors file")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--open", action="store_true", help="rendered in the terminal; plain where stdout is none")
    how.add_argument("--browser", action="store_true", help="rendered in the browser; prints where the page lies")
    how.add_argument("--json", action="store_true", help="the front matter as JSON, with the model-index")
    parser.add_argument(
        "--evidence",
        metavar="DIR",
        type=Path,
        help="what was measured about it, PNG and JSON files (default: the folder `evidence` beside a file)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the card, or open it."""
    checkpoint = find_checkpoint(arguments.weights)
    if arguments.evidence is not None and not arguments.evidence.is_dir():
        raise CalledWrongly(f"there is no folder `{arguments.evidence}` with evidence")
    if arguments.json:
        _print_front_matter(checkpoint, arguments.evidence)
    elif arguments.browser:
        _open_in_browser(checkpoint, arguments.evidence)
    else:
        _print(checkpoint, arguments.evidence, rendered=arguments.open and sys.stdout.isatty())
    return 0


def _print_front_matter(checkpoint: Checkpoint, evidence: Path | None) -> None:
    from weights_registry.card.front_matter import read_front_matter
    from weights_registry.card.local import local_card

    print_json(read_front_matter(local_card(checkpoint, evidence=evidence).markdown))


def _print(checkpoint: Checkpoint, evidence: Path | None, *, rendered: bool) -> None:
    from weights_registry.card.local import local_card

    card = local_card(checkpoint, evidence=evidence).markdown
    if rendered:
        from weights_registry.card.terminal import print_card

        print_card(card, sys.stdout)
    else:
        print(card, end="")


def _open_in_browser(checkpoint: Checkpoint, evidence: Path | None) -> None:
    """Write the page into the folder of passing files, print its path and open it. CommandFailed without a browser."""
    import webbrowser

    from weights_registry.card.local import local_page

    page = local_page(checkpoint, evidence=evidence)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix="weights-registry-card-", suffix=".html", delete=False
    ) as file:
        file.write(page)
    print(file.name, flush=True)
    if not webbrowser.open(Path(file.name).as_uri()):
        raise CommandFailed(f"no browser could be started; open `{file.name}` in one")
