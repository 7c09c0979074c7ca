"""Runs of a study: trained to their end or found done, and what they came to. Knows no study."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.data.dataset import DataSet
from training.data.pictures import SelectedPictures
from training.distributed import Process, joined, wait_for_all
from training.errors import RunError
from training.recipes.hardware import Fit
from training.recipes.record import from_dict
from training.runs.export import FILE, export
from training.runs.opening import open_run
from training.runs.progress import Progress, progress_for
from training.runs.run import train
from training.runs.runlog import Record, RunLog
from training.runs.settings import RunSettings
from training.runs.stopping import Stopped, StopWish, stop_wishes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished run: accuracies in percent of its last epoch, of the average where the recipe keeps one.

    `digest` is the recipe's, `fingerprint` that of the pictures it was trained and measured on, by split; without the
    choice of the `num_held_out` of them that were set apart, which each seed draws anew.
    """

    folder: Path
    recipe: str
    digest: str
    seed: int
    data: str
    split: str
    fingerprint: tuple[tuple[str, str], ...]
    num_held_out: int
    acc1: float
    acc5: float
    num_images: int
    papers: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Trains runs of a study, each in a folder of its own, as `settings` say but for seed and folder."""

    settings: RunSettings
    process: Process
    stop: StopWish
    progress: Progress

    def finish(self, fitted: Fit, data: DataSet, folder: Path, *, seed: int, place: str) -> Path:
        """The run in `folder`, trained to its end from wherever it stands, with its file `model.safetensors`.

        One that is done is left as it is. `place` says which it is, such as `2 of 5`. Every process must call it.
        Raises Stopped if a signal asked to stop, RunError if another run is in the folder, and what training raises.
        """
        settings = replace(self.settings, output=folder, seed=seed)
        self.progress.say(f"Run {place}: {fitted.recipe.id}, seed {seed}, in `{folder}`")
        for remark in fitted.remarks:
            self.progress.say(f"Not as in the recipe: {remark}.")
        run = open_run(fitted, settings, data, self.process, self.progress)
        if not train(run, self.stop):
            raise Stopped(self.stop.signal or 15)
        if self.process.is_first and not (folder / FILE).is_file():
            export(folder, choice="last")
        wait_for_all()
        # Of several processes only some may have the signal yet; the steps of the next run find a common answer.
        if self.stop.signal and self.process.num_processes == 1:
            raise Stopped(self.stop.signal)
        return folder


@contextmanager
def runner(settings: RunSettings) -> Iterator[Runner]:
    """A `Runner` in touch with the other processes, if torchrun started them; signals to stop are heeded within."""
    with joined(settings.device) as process, stop_wishes() as stop:
        yield Runner(settings=settings, process=process, stop=stop, progress=progress_for(is_first=process.is_first))


def read_result(folder: Path) -> RunResult:
    """What the run in `folder` came to. Raises RunError if there is none, or it has epochs to go."""
    header, epochs = RunLog(folder).read()
    recipe = from_dict(header["recipe"])
    if len(epochs) < recipe.epochs:
        raise RunError(
            f"the run in `{folder}` has done {len(epochs)} of {recipe.epochs} epochs: give the command that began it "
            "once more to go on"
        )
    data = header["data"]
    scores = epochs[-1]["scores"][data["eval_split"]]
    found = scores.get("average", scores["model"])
    return RunResult(
        folder=folder,
        recipe=recipe.id,
        digest=header["recipe"]["digest"],
        seed=header["seed"],
        data=data["name"],
        split=data["eval_split"],
        fingerprint=tuple(sorted(_without_choice(data).items())),
        num_held_out=data["num_held_out"],
        acc1=100 * found["num_correct1"] / found["num_images"],
        acc5=100 * found["num_correct5"] / found["num_images"],
        num_images=found["num_images"],
        papers={name: header[name] for name in ("versions", "hardware", "git_commit")},
    )


def _without_choice(data: Record) -> dict[str, str]:
    """The fingerprints of a log's `data`, that of the training pictures as it was before any were held out."""
    fingerprint: dict[str, str] = dict(data["fingerprint"])
    if data["num_held_out"]:
        fingerprint["train"] = fingerprint["train"].rpartition("+choice:")[0]
    return fingerprint


def all_but(data: DataSet, folds_N: npt.NDArray[np.int64], fold: int) -> DataSet:
    """The data set that trains on the training pictures of all folds but one, and measures on those of that one."""
    apart, rest = (
        SelectedPictures(data.train, tuple(map(int, np.flatnonzero(chosen_N))))
        for chosen_N in (folds_N == fold, folds_N != fold)
    )
    name = f"fold {fold + 1} of {folds_N.max() + 1}"
    return replace(data, train=rest, eval=apart, eval_split=name, held_out=None)
