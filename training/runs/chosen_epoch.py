"""The epoch of a run that is exported: which it is, and the snapshot of its end. Knows not what becomes of it."""

from pathlib import Path

from training.errors import RunError
from training.runs.runlog import Record
from training.runs.settings import Choice
from training.runs.snapshots import Content, SnapshotFolder


def choose_epoch(folder: Path, choice: Choice, log: list[Record], *, num_epochs: int) -> int:
    """The last epoch or the best, counted from 0, by the log's lines of epochs. Raises RunError unless all are done."""
    if choice == "best" and not log:
        raise RunError(f"the run in `{folder}` has no best epoch yet: its first is not done")
    if len(log) < num_epochs:
        raise _not_done(folder, len(log), num_epochs)
    return num_epochs - 1 if choice == "last" else max(record["epoch"] for record in log if record["is_best"])


def snapshot_of(folder: Path, choice: Choice, epoch: int, *, num_epochs: int) -> Content | None:
    """The snapshot of the end of `epoch`, be it the last, the best or both; None if there is none of any epoch.

    Raises RunError if there are only those of others, and SnapshotDamaged.
    """
    snapshots = SnapshotFolder(folder)
    places = {"last": lambda: snapshots.latest()[0], "best": snapshots.find_best}
    found: dict[str, Content] = {}
    for name in sorted(places, key=lambda name: name != choice):
        content = places[name]()
        if content is not None and content["position"] == {"epoch": epoch + 1, "num_steps": 0}:
            return content
        if content is not None:
            found[name] = content
    if not found:
        return None
    if choice == "last" and "last" in found:
        raise _not_done(folder, found["last"]["position"]["epoch"], num_epochs)
    others = " and ".join(f"`{name}.snapshot` is of epoch {each['position']['epoch']}" for name, each in found.items())
    raise RunError(
        f"the {choice} epoch of the run in `{folder}` is {epoch + 1}, and its snapshot is not there: it could not be "
        f"saved, or was removed; {others}. Export the other: `--choose {'best' if choice == 'last' else 'last'}`"
    )


def _not_done(folder: Path, num_done: int, num_epochs: int) -> RunError:
    return RunError(
        f"the run in `{folder}` has done {num_done} of {num_epochs} epochs: give the command that began it once "
        "more to go on"
    )
