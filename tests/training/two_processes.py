"""What each of two processes sees of a run that goes wrong in one of them; torchrun starts it, JSON comes out."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from tests.training.tiny_runs import TINY, open_tiny
from training import TrainingError
from training.distributed import Process, joined
from training.runs.progress import Pace, Silence
from training.runs.run import train
from training.runs.stopping import StopWish

RECIPE = replace(TINY, repeated_augmentations=1, epochs=1, warmup_epochs=0, warmup_start_factor=None)


class Looks(Silence):
    """Notes the steps at which the processes hear of each other."""

    def __init__(self) -> None:
        self.steps: list[int] = []

    def pace(self, pace: Pace) -> None:
        self.steps.append(pace.step)


def said_by(process: Process, data: Path, root: Path, scenario: str) -> str:
    """The error of this process, what it noted, or nothing."""
    try:
        if scenario == "apart":  # as on two machines that share no folder
            open_tiny(data, root / f"apart-{process.number}", process=process)
            return ""
        limit = 3 if scenario == "limit" else 100
        run = open_tiny(
            data, root / scenario, recipe=RECIPE, process=process, max_unreadable=limit, log_every_steps=100
        )
        looks = Looks()
        if scenario == "looks":
            run.progress = looks
        train(run, StopWish())
        return f"looked after {looks.steps}" if looks.steps else ""
    except (TrainingError, OSError) as error:
        return f"{type(error).__name__}: {error}"


def main(data: str, root: str, *scenarios: str) -> None:
    torch.set_num_threads(1)
    with joined("cpu") as process:
        found = {each: said_by(process, Path(data), Path(root), each) for each in scenarios}
    Path(root, f"process-{process.number}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
