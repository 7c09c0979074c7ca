"""A run from its first epoch, or from where it was stopped, to its last. Knows nothing of command lines and exports.

The best epoch is that with the highest acc@1 on the held-out pictures, or where none were held out on those it is
measured on; of the averaged weights if the recipe averages them; the earliest of several.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from training.data.feeding import Unreadable, training_loader
from training.data.sampler import Position
from training.runs.epoch import EpochRun, Totals
from training.runs.judging import epoch_record, judge
from training.runs.opening import Run
from training.runs.snapshots import BEST, LAST, PREVIOUS
from training.runs.state import Best, gather
from training.runs.stopping import StopWish
from training.runs.switches import as_set


def train(run: Run, stop: StopWish) -> bool:
    """Carry the run out. True once all epochs are done, False if a signal asked to stop: the next call goes on.

    `run.is_saved` tells whether the disk took the last snapshot.
    Raises LossDiverged, TooManyUnreadable, and OSError if the log cannot be written.
    """
    recipe, settings = run.learner.recipe, run.settings
    on_gpu = run.process.device.type == "cuda"
    loader = training_loader(
        run.data.train, recipe, run.sampler, seed=settings.seed, num_workers=settings.num_workers, pin_memory=on_gpu
    )
    with as_set(settings):
        while run.memory.position.epoch < recipe.epochs:
            run.sampler.position = run.memory.position
            if not _epoch(run, stop, iter(loader)).run():
                return False
            _finish_epoch(run)
            if stop.signal and run.process.num_processes == 1:
                return run.memory.position.epoch == recipe.epochs
    return True


def _epoch(run: Run, stop: StopWish, batches: Iterator[Any]) -> EpochRun:
    epoch = run.memory.position.epoch

    def save() -> None:
        run.memory.position = Position(epoch=epoch, num_steps=run.memory.totals.num_steps)
        _save(run)

    return EpochRun(
        learner=run.learner,
        epoch=epoch,
        batches=batches,
        totals=run.memory.totals,
        progress=run.progress,
        stop=stop,
        unreadable=Unreadable(run.settings.max_unreadable, run.memory.unreadable),
        save=save,
        log_every_steps=run.settings.log_every_steps,
        save_every_steps=run.settings.snapshot_every_steps,
    )


def _finish_epoch(run: Run) -> None:
    """Evaluate, remember the best, write the log and the snapshot from which the next epoch begins."""
    epoch, totals = run.memory.position.epoch, run.memory.totals
    scores = judge(run)
    weights, split = run.judges
    acc1 = scores[split][weights].acc1
    is_best = run.memory.best is None or acc1 > run.memory.best.acc1
    if is_best:
        run.memory.best = Best(epoch=epoch, acc1=acc1)
    record = epoch_record(run, totals, scores, is_best=is_best)
    run.memory.position, run.memory.totals = Position(epoch=epoch + 1), Totals()
    if run.process.is_first:
        # The best before the last: a run killed in between goes back one epoch, and finds the same best again.
        if is_best:
            _try(run, "best snapshot", lambda: run.snapshots.save_best(gather(run.memory, run.learner)), BEST)
        run.log.add(record)
    run.progress.epoch_done(record)
    every = run.settings.keep_every_epochs
    # What is kept is the last snapshot, which is of this epoch only if it could be saved.
    if _save(run) and run.process.is_first and every and (epoch + 1) % every == 0:
        _try(run, "snapshot to keep", lambda: run.snapshots.keep(epoch + 1))


def _save(run: Run) -> bool:
    """Whether it could be saved; the first process does so, and the others take it for granted."""
    if run.process.is_first:
        save = partial(run.snapshots.save, gather(run.memory, run.learner))
        run.is_saved = _try(run, "snapshot", save, LAST, PREVIOUS)
    return run.is_saved


def _try(run: Run, what: str, save: Callable[[], None], *former: str) -> bool:
    """Save; if the disk does not take it, say so and train on: the one before, if there is a `former` file, stays."""
    try:
        save()
    except OSError as error:
        is_there = any((run.settings.output / name).exists() for name in former)
        kept = "; the one before it is kept" if is_there else "; there is none before it" if former else ""
        run.progress.say(f"The {what} could not be saved ({error}){kept}.")
        return False
    return True
