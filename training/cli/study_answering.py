"""What the studies share that ask a Classifier: their flags, and the Classifier. Knows no study."""

import argparse
from typing import TYPE_CHECKING

from training.cli.command import positive_int
from training.cli.study_options import add_data

if TYPE_CHECKING:
    from training.studies.subjects import Subject
    from weights_registry.inference.classifier import Classifier


def add_answering(parser: argparse.ArgumentParser) -> None:
    """Data, device, and how the pictures go through the network."""
    add_data(parser)
    parser.add_argument(
        "--batch-size", type=positive_int, default=32, metavar="N", help="pictures at a time (default: 32)"
    )
    parser.add_argument(
        "--threads", type=positive_int, metavar="N", help="that decode (default: one a core, at most 32)"
    )


def classifier_of(subject: "Subject", args: argparse.Namespace) -> "Classifier":
    """The Classifier of a study's subject, run as the flags of `add_answering` say."""
    from weights_registry.inference.classifier import Classifier
    from weights_registry.inference.loading import LoadedCheckpoint

    return Classifier(
        LoadedCheckpoint(subject.network, subject.checkpoint),
        device=subject.device,
        batch_size=args.batch_size,
        num_threads=args.threads,
    )
