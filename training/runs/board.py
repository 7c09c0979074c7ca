"""TensorBoard follows a run: what `Progress` hears, as scalars over optimiser steps. Knows not how to train.

It comes with the extra `tensorboard`, and is imported once it is asked for.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.errors import RunError
from training.runs.opening import Run
from training.runs.progress import Pace, Progress


def require_tensorboard() -> None:
    """Pass if TensorBoard is installed; raises RunError that says how to install it if not."""
    if find_spec("tensorboard") is None:
        raise RunError(
            "`--tensorboard` needs TensorBoard, which is not installed: `pip install 'weights-registry[tensorboard]'`"
        )


@contextmanager
def shown_on_board(run: Run, folder: Path | None) -> Iterator[None]:
    """Within it the first process of `run` writes events into `folder` too; nothing is done for None.

    A resumed run takes back what was written of the steps that it does again, so that each is there once.
    """
    if folder is None or not run.process.is_first:
        yield
        return
    from torch.utils.tensorboard import SummaryWriter

    position, steps_per_epoch = run.memory.position, run.learner.steps_per_epoch
    num_done = position.epoch * steps_per_epoch + position.num_steps
    # With all steps of an epoch done it is still to be evaluated, and what that gives is written at its last step.
    first_to_come = num_done if position.num_steps == steps_per_epoch else num_done + 1
    writer: Any = SummaryWriter(str(folder), purge_step=first_to_come)
    former, run.progress = run.progress, Board(run.progress, writer, steps_per_epoch=steps_per_epoch)
    try:
        yield
    finally:
        run.progress = former
        writer.close()


class Board:
    """Writes what it hears with `writer`, and tells `inner` the same."""

    def __init__(self, inner: Progress, writer: Any, *, steps_per_epoch: int) -> None:
        self._inner, self._writer, self._steps_per_epoch = inner, writer, steps_per_epoch

    def pace(self, pace: Pace) -> None:
        """See `Progress`; the means are those of the epoch so far."""
        self._inner.pace(pace)
        names = ("loss", "acc1", "images_per_second", "waiting_share")
        step = pace.epoch * self._steps_per_epoch + pace.step
        self._write(step, {f"pace/{name}": getattr(pace, name) for name in names})

    def epoch_done(self, record: Mapping[str, Any]) -> None:
        """See `Progress`; written at the last step of the epoch."""
        self._inner.epoch_done(record)
        scalars = {f"epoch/{name}": record[name] for name in ("loss", "train_acc1", "lr")}
        for split, by_weights in record["scores"].items():
            for weights, scores in by_weights.items():
                scalars |= {f"{split}/{name} of {weights}": scores[name] for name in ("acc1", "acc5")}
        self._write(self._steps_per_epoch * (record["epoch"] + 1), scalars)

    def say(self, sentence: str) -> None:
        """See `Progress`; is not written."""
        self._inner.say(sentence)

    def _write(self, step: int, scalars: Mapping[str, float]) -> None:
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()  # to the disk: a snapshot that follows must not know of more than the board
