"""Measures a checkpoint for a study: with its parts kept, a bar, and a word on pictures that cannot be read."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.cli.study_options import picture_bar, say_unreadable

if TYPE_CHECKING:
    import torch

    from training.studies.outcomes import Outcomes
    from training.studies.subjects import MeasuredPictures, Subject
    from weights_registry.preprocessing import Preprocessing


@contextmanager
def one_process(device: str | None) -> "Iterator[torch.device]":
    """The device to measure on. Raises RunError where there is none, and under torchrun, which would measure twice."""
    from training.distributed import joined
    from training.errors import RunError

    with joined(device) as process:
        if process.num_processes > 1:
            raise RunError("this study trains nothing and runs as one process: start it without torchrun")
        yield process.device


def measure_subject(
    args: argparse.Namespace,
    subject: "Subject",
    measured: "MeasuredPictures",
    ways: "Sequence[Preprocessing]",
    *,
    folder: Path,
    doing: str = "measuring",
    **identity: Any,
) -> "Outcomes":
    """What came out of feeding the pictures in each of `ways`; what is done lies in `folder` and is not done again.

    `identity` is what else than checkpoint, device and pictures tells these outcomes from others.
    """
    from training.studies.outcomes import measure
    from training.studies.parts import open_parts

    parts = open_parts(folder, {**subject.identity(), **measured.identity(), **identity})
    with picture_bar(len(measured.pictures), doing) as advance:
        outcomes = measure(
            subject.network,
            ways,
            measured.pictures,
            parts,
            device=subject.device,
            num_workers=args.workers,
            on_progress=advance,
        )
    say_unreadable(outcomes.unreadable)
    return outcomes
