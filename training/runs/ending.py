"""What a run ends with: its file, its curves, its card, and its entry in the catalog. Knows not how to train."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.recipes.recipe_table import table_of
from training.recipes.record import from_dict
from training.runs.curves import EVIDENCE, draw_curves
from training.runs.export import Export, export
from training.runs.runlog import RunLog
from training.runs.settings import Choice
from weights_registry.adding import add_weights, check_name
from weights_registry.card import make_card, read_blocks
from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import CardError, RegistrationError
from weights_registry.sources.file import path_of
from weights_registry.user_catalog import find_entry
from weights_registry.whole_file import write_whole

CARD: Final = "card.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The exported file, the picture of the curves, the card, and the name that the registry finds the file by.

    `card` is None if it could not be made, `name` if the file was added under none; `remarks` says why, and what else a
    person should know.
    """

    export: Export
    curves: Path
    card: Path | None
    name: str | None
    remarks: tuple[str, ...]


def end_run(
    folder: Path,
    *,
    choice: Choice | None = None,
    licence: str = "not stated",
    name: str | None = None,
    in_catalog: bool = True,
) -> Ending:
    """Export the run in `folder`, draw it, write its card, and add it to the catalog, as `name` or its header's id.

    What people wrote into blocks of an earlier card is kept.

    An entry of another file that is still there keeps its name: then a remark says how to add this one under another.
    Raises RunError if the run is not done, and OSError if its folder cannot be written.
    """
    done = export(folder, choice=choice, licence=licence)
    curves = draw_curves(folder)
    card, faults = _write_card(folder, done.checkpoint)
    added, remarks = _add(done.path, name or done.checkpoint.id) if in_catalog else (None, ())
    return Ending(export=done, curves=curves, card=card, name=added, remarks=faults + remarks)


def check_catalog_name(name: str, *, output: Path) -> None:
    """Pass if a run in `output` can end up under `name`, so that a slip is told before hours of training.

    Raises RegistrationError if not.
    """
    check_name(name)
    taken = _file_of(name)
    if taken is not None and taken.is_file() and taken.parent != output.resolve():
        raise RegistrationError(f"the catalog has `{name}` already, the file `{taken}`; choose another name")


def _write_card(folder: Path, checkpoint: Checkpoint) -> tuple[Path | None, tuple[str, ...]]:
    """Where the card lies, None if something in the folder keeps it from being made; and what that is."""
    recipe = from_dict(RunLog(folder).read()[0]["recipe"])
    path = folder / CARD
    try:
        people = read_blocks(path.read_text(encoding="utf-8")) if path.is_file() else {}
        card = make_card(checkpoint, recipe=table_of(recipe), evidence=folder / EVIDENCE, people=people)
    except CardError as error:
        return None, (f"No card was made: {error}",)
    return write_whole(path, card), ()


def _add(path: Path, name: str) -> tuple[str | None, tuple[str, ...]]:
    """The name under which the file was added, None if under none, and what is to be said about it."""
    former = _file_of(name)
    is_gone = former is not None and not former.is_file()
    try:
        add_weights(path, name=name, replace=is_gone)
    except (RegistrationError, OSError) as error:
        command = f"weights-registry add {shlex.quote(str(path))} --name NAME"
        return None, (f"Not added to the catalog: {error}. To add it: {command}",)
    return name, (f"In the catalog `{name}` was the file `{former}`, which is gone.",) if is_gone else ()


def _file_of(name: str) -> Path | None:
    """The file that the catalog has under `name`; None if there is no entry, or its file is on no disk."""
    entry = find_entry(name)
    return path_of(entry.checkpoint.url) if entry and entry.checkpoint.url.startswith("file:") else None
