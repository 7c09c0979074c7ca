"""What a run finds in its folder: nothing, a snapshot to go on from, or that it is done. Knows not what comes next."""

from dataclasses import dataclass
from typing import Any

from training.errors import RunError
from training.runs.export import FILE
from training.runs.runlog import Record, RunLog
from training.runs.snapshots import Content, SnapshotFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`content` is the snapshot to go on from; without one the run is done or new.

    `damaged` says what was wrong with snapshots that were passed over.
    """

    content: Content | None = None
    damaged: tuple[str, ...] = ()
    is_done: bool = False

    @property
    def is_new(self) -> bool:
        """Whether there is no run."""
        return self.content is None and not self.is_done


def find_run(snapshots: SnapshotFolder, log: RunLog, identity: dict[str, Any], *, epochs: int) -> Found:
    """What is left of the run in a folder. One with its file and all `epochs` in its log is done without snapshots too.

    `identity` is what `Memory` has. Raises RunError if epochs were done and cannot be gone on from, so that nobody's
    log and file are replaced by those of a new run.
    """
    content, damaged = snapshots.latest()
    found = None if content else log.find()
    if found is None or not found[1]:
        return Found(content=content, damaged=damaged)
    header, done = found
    if (content := _best_after(snapshots, len(done))) is not None:
        return Found(content=content)
    if len(done) == epochs and _identity(header) == identity and (log.folder / FILE).is_file():
        return Found(is_done=True)
    raise RunError(
        f"`{log.folder}` holds the log of a run that did {len(done)} epochs, and no snapshot to go on from. Give "
        f"another `--output`; or, to begin anew there, remove `{log.path}`"
    )


def _best_after(snapshots: SnapshotFolder, num_epochs: int) -> Content | None:
    """The best snapshot if it is of the end of so many epochs: it is written before the log, and that before the last.

    A run killed in its first epoch's end has no other.
    """
    content = snapshots.find_best()
    return content if content and content["position"] == {"epoch": num_epochs, "num_steps": 0} else None


def _identity(header: Record) -> dict[str, Any]:
    """What `Memory.identity` was in the run that wrote this first line."""
    batch = header["batch"]
    return {
        "recipe": header["recipe"]["digest"],
        "seed": header["seed"],
        "data": header["data"]["fingerprint"],
        "batch": [batch["batch_size_per_gpu"], batch["num_gpus"] * batch["accumulation_steps"]],
    }
