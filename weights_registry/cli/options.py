"""The options that commands share: which weights, on which device, how many at a time."""

import argparse
from typing import TYPE_CHECKING

from weights_registry.cli.failures import failing_on
from weights_registry.cli.parsers import whole_number
from weights_registry.finding import DEFAULT_WEIGHTS

if TYPE_CHECKING:
    from weights_registry.checkpoint import Checkpoint
    from weights_registry.inference.classifier import Classifier


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`."""
    parser.add_argument(
        "--weights", metavar="NAME|FILE", default=DEFAULT_WEIGHTS, help="registered name or file (default: %(default)s)"
    )


def add_running_options(parser: argparse.ArgumentParser) -> None:
    """Add `--device`, `--dtype`, `--batch-size` and `--threads`."""
    group = parser.add_argument_group("running the network")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    group.add_argument(
        "--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="default: %(default)s"
    )
    group.add_argument(
        "--batch-size",
        type=whole_number(1, 65_536),
        default=32,
        metavar="N",
        help="pictures at a time (default: %(default)s)",
    )
    group.add_argument(
        "--threads", type=whole_number(1, 1024), metavar="N", help="that decode (default: one a core, at most 32)"
    )


def add_exact_option(parser: argparse.ArgumentParser) -> None:
    """Add `--exact`."""
    parser.add_argument(
        "--exact", action="store_true", help="preprocess bit for bit as torchvision does, slower than the fast kernel"
    )


def make_classifier(checkpoint: "Checkpoint", arguments: argparse.Namespace) -> "Classifier":
    """The classifier that the options ask for; this is where torch is imported.

    Raises CommandFailed for a device that is not there, and what `load` raises.
    """
    check_environment()
    import torch

    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.engine import choose_device

    with failing_on(ValueError):
        device = choose_device(arguments.device)
    return Classifier(
        checkpoint,
        device=device,
        dtype=getattr(torch, arguments.dtype),
        batch_size=arguments.batch_size,
        num_threads=arguments.threads,
        preprocess="exact" if arguments.exact else "fast",
    )


def check_environment() -> None:
    """Pass if our environment variables make sense; raises CommandFailed for the first that does not."""
    from weights_registry.sources.settings import Transfer, is_offline, mirror_prefixes

    with failing_on(ValueError):
        Transfer.from_environment()
        is_offline()
        mirror_prefixes()
