"""Stops a run after some steps, and reads what a run left in its folder."""

import json
from pathlib import Path
from typing import Any

import torch

from training.runs.opening import Run
from training.runs.run import train
from training.runs.snapshots import read
from training.runs.stopping import StopWish


def weights(output: Path) -> dict[str, torch.Tensor]:
    content = read(output / "last.snapshot")
    return {f"{part}.{name}": each for part in ("network", "average") for name, each in content[part].items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stopped_after(run: Run, num_steps: int) -> bool:
    """Train, and ask to stop once so many steps are done; whether the run came to its end all the same."""
    wish = StopWish()
    step, done = run.learner.step, 0

    class Counting:
        def __getattr__(self, name: str) -> Any:
            return getattr(learner, name)

        def step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
            nonlocal done
            done += 1
            wish.signal = 15 if done >= num_steps else 0
            return step(*args, **kwargs)

    learner = run.learner
    run.learner = Counting()  # type: ignore[assignment]
    return train(run, wish)


def log_of(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / "run.jsonl").read_text().splitlines()]
