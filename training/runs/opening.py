"""Puts a run together: a new one, or the one that is there, at its last sound snapshot. Knows not how it goes on."""

from dataclasses import asdict, dataclass, field
from typing import Any

from torch.utils.data import DataLoader

from training.data.dataset import DataSet
from training.data.feeding import Unreadable
from training.data.sampler import BatchSampler, Deal, Position
from training.distributed import Process, agreed, gather_texts, wait_for_all
from training.errors import RunError
from training.learning.networks import build_network
from training.learning.step import Learner, build_learner
from training.recipes.hardware import Fit
from training.recipes.record import digest, to_dict
from training.runs.environment import git_commit, hardware, versions
from training.runs.epoch import Totals
from training.runs.finding import find_run
from training.runs.locking import FolderLock
from training.runs.progress import Progress, Silence
from training.runs.runlog import RunLog
from training.runs.settings import RunSettings
from training.runs.snapshots import SnapshotFolder, remove_parts
from training.runs.state import Memory, restore


@dataclass(slots=True, kw_only=True)
class Run:
    """Everything a run consists of; `open_run` puts it together, `run.train` carries it out.

    The first process holds `lock` as long as it has its run. `evaluation` holds the loaders of the pictures to measure
    on, by split, from their first use on, and `unreadable` those of them that could not be read. `is_saved`
    is whether the latest snapshot could be written.
    """

    settings: RunSettings
    data: DataSet
    learner: Learner
    sampler: BatchSampler
    memory: Memory
    snapshots: SnapshotFolder
    log: RunLog
    lock: FolderLock
    progress: Progress
    evaluation: dict[str, DataLoader[Any]] = field(default_factory=dict)
    unreadable: dict[str, Unreadable] = field(default_factory=dict)
    is_saved: bool = True

    @property
    def process(self) -> Process:
        """This process among those of the run."""
        return self.learner.process

    @property
    def judges(self) -> tuple[str, str]:
        """By which weights, and on which pictures, the best epoch is chosen."""
        weights = "model" if self.learner.average is None else "average"
        return weights, self.data.eval_split if self.data.held_out is None else "held-out"


def open_run(
    fitted: Fit, settings: RunSettings, data: DataSet, process: Process, progress: Progress | None = None
) -> Run:
    """The run in `settings.output`: a new one, or the one that is there, at its last sound snapshot.

    Every process must call it. Raises RunError if another run is there, one that cannot go on, or one that another
    process trains; if the processes are not as many as `fitted` is for, or find different things there; and
    SnapshotDamaged if no snapshot is sound.
    """
    if fitted.num_gpus != process.num_processes:
        raise RunError(
            f"the recipe was fitted to {fitted.num_gpus} processes, and {process.num_processes} are there: fit it to "
            "those, or start as many with torchrun"
        )
    recipe, num_classes = fitted.recipe, len(data.labels)
    deal = Deal(
        num_images=len(data.train),
        batch_size=fitted.batch_size_per_gpu,
        num_lanes=fitted.num_gpus * fitted.accumulation_steps,
        num_views=recipe.repeated_augmentations,
        seed=settings.seed,
    )
    learner = build_learner(
        build_network(recipe, num_classes, seed=settings.seed),
        fitted,
        process,
        seed=settings.seed,
        num_classes=num_classes,
        steps_per_epoch=deal.steps_per_epoch,
        channels_last=settings.channels_last,
        compiled=settings.compile,
    )
    settings.output.mkdir(parents=True, exist_ok=True)
    run = Run(
        settings=settings,
        data=data,
        learner=learner,
        sampler=BatchSampler(deal, process=process.number, num_processes=process.num_processes),
        memory=_new_memory(fitted, settings, data, deal),
        snapshots=SnapshotFolder(settings.output),
        log=RunLog(settings.output),
        lock=FolderLock(settings.output),
        progress=progress or Silence(),
    )
    _begin_or_resume(run)
    return run


def _new_memory(fitted: Fit, settings: RunSettings, data: DataSet, deal: Deal) -> Memory:
    identity = {
        "recipe": digest(fitted.recipe),
        "seed": settings.seed,
        "data": data.fingerprint(),
        "batch": [deal.batch_size, deal.num_lanes],
    }
    return Memory(identity=identity, position=Position(), totals=Totals(), best=None, unreadable={})


def _begin_or_resume(run: Run) -> None:
    with agreed():
        if run.process.is_first:
            if not run.lock.take():
                run.progress.say(f"`{run.settings.output}` cannot be locked: see that no other run uses it.")
            remove_parts(run.settings.output)
    with agreed():
        found = find_run(run.snapshots, run.log, run.memory.identity, epochs=run.learner.recipe.epochs)
        for told in found.damaged:
            run.progress.say(f"{told}. The one before is used.")
        if found.content is not None:
            run.memory = restore(found.content, run.learner, identity=run.memory.identity)
        elif found.is_done:
            run.memory.position = Position(epoch=run.learner.recipe.epochs)
    _check_positions(run)
    _say_where(run)
    if run.process.is_first:
        if found.is_new:
            run.log.begin(_header(run))
        else:
            run.log.resume(run.memory.position.epoch)
    wait_for_all()


def _check_positions(run: Run) -> None:
    """Raises RunError in all processes unless they go on from one place."""
    position = run.memory.position
    places = gather_texts((f"epoch {position.epoch + 1}, step {position.num_steps}",))
    if len(set(places)) > 1:
        told = "; ".join(f"process {number} at {place}" for number, place in enumerate(places))
        raise RunError(
            f"the processes of this run would not go on from one place: {told}. `--output` must be a folder that all "
            "machines share"
        )


def _say_where(run: Run) -> None:
    position, num_epochs = run.memory.position, run.learner.recipe.epochs
    if position.epoch == num_epochs:
        run.progress.say(f"Nothing is left to train: all epochs, {num_epochs}, are done.")
    elif position != Position():
        run.progress.say(f"Resumed at epoch {position.epoch + 1}, step {position.num_steps}.")


def _header(run: Run) -> dict[str, Any]:
    learner, data = run.learner, run.data
    return {
        "recipe": to_dict(learner.recipe),
        "seed": run.settings.seed,
        "data": {
            "name": data.name,
            "eval_split": data.eval_split,
            "num_train": len(data.train),
            "num_eval": len(data.eval),
            "num_held_out": 0 if data.held_out is None else len(data.held_out),
            "fingerprint": data.fingerprint(),
        },
        "categories": asdict(data.labels),
        "batch": {
            "num_gpus": learner.fitted.num_gpus,
            "batch_size_per_gpu": learner.fitted.batch_size_per_gpu,
            "accumulation_steps": learner.fitted.accumulation_steps,
            "remarks": list(learner.fitted.remarks),
        },
        "best_by": "acc@1 of the {} on {}, the earliest of several".format(*run.judges),
        "versions": versions(),
        "hardware": hardware(run.process.device, num_processes=run.process.num_processes),
        "git_commit": git_commit(),
    }
