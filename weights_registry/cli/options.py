"""The options that commands share: which weights, on which device, how many at a time."""

import argparse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from weights_registry.inference.classifier import Classifier

DEFAULT_WEIGHTS: Final = "EfficientNet_Lite0_Weights.ImageNet1K_V1"


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """Add `--weights`."""
    parser.add_argument(
        "--weights", metavar="NAME|FILE", default=DEFAULT_WEIGHTS, help="registered name or file (default: %(default)s)"
    )


def add_running_options(parser: argparse.ArgumentParser) -> None:
    """Add `--device`, `--dtype`, `--batch-size`, `--threads` and `--exact`."""
    group = parser.add_argument_group("running the network")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)")
    group.add_argument("--dtype", choices=("float32", "bfloat16", "float16"), default="float32", help="%(default)s")
    group.add_argument("--batch-size", type=positive, default=32, metavar="N", help="pictures at a time: %(default)s")
    group.add_argument("--threads", type=positive, metavar="N", help="that decode pictures (default: one a core)")
    group.add_argument(
        "--exact", action="store_true", help="preprocess bit for bit as torchvision does, slower than the fast kernel"
    )


def make_classifier(arguments: argparse.Namespace) -> "Classifier":
    """The classifier that the options ask for; this is where torch is imported."""
    import torch

    from weights_registry.inference.classifier import Classifier

    return Classifier(
        arguments.weights,
        device=arguments.device,
        dtype=getattr(torch, arguments.dtype),
        batch_size=arguments.batch_size,
        num_threads=arguments.threads,
        preprocess="exact" if arguments.exact else "fast",
    )


def positive(text: str) -> int:
    """A whole number from 1 up, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"`{text}` must be 1 or more")
    return number
