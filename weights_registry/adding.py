"""Adds a person's own file to their catalog, and takes it out. Knows which names are free, and no network.

The file stays where it is: the catalog's entry says where that is, and what its digest was.
"""

import os
from dataclasses import replace as changed
from pathlib import Path
from typing import Final
from urllib.parse import quote

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import RegistrationError, UnknownWeights
from weights_registry.header import read_checkpoint, verify_data
from weights_registry.registration import names_of_families
from weights_registry.user_catalog import Entry, catalog_entries, find_entry, write_entry

_MAX_NAME_BYTES: Final = 240  # as the name of a file, where what is no letter or digit takes three and more


def add_weights(path: str | os.PathLike[str], *, name: str | None = None, replace: bool = False) -> Checkpoint:
    """Add a self-describing file to the catalog, so that it is found as `name` in every process; gives its record.

    `name` is the id in the file if left out. The file is verified first, and its digest is kept. Adding the same file
    again brings its entry up to date; another file under a name that is there takes `replace`.
    Raises RegistrationError if the name is taken or cannot be one, RecordError if the file does not describe itself,
    DigestMismatch if it is damaged, OSError if it or the catalog cannot be read or written.
    """
    from weights_registry.sources.digest import sha256_of

    described = read_checkpoint(path)
    checkpoint = changed(described, id=described.id if name is None else name.strip())
    check_name(checkpoint.id)
    former = find_entry(checkpoint.id)
    if former is not None and former.checkpoint.url != checkpoint.url:
        if not replace:
            raise RegistrationError(_taken(former.checkpoint))
        _refuse_a_file(former)
    verify_data(path)
    checkpoint = changed(checkpoint, sha256=sha256_of(Path(path)))
    if former is not None and former.path.suffix == ".safetensors":
        return former.checkpoint  # the file itself lies in the catalog's folder, and needs no record
    return write_entry(checkpoint, over=former).checkpoint


def remove_weights(name: str) -> Checkpoint:
    """Take the entry called `name`, in any letter case, out of the catalog; gives the record that it was.

    The checkpoint's own file stays. Raises UnknownWeights if there is no such entry, RegistrationError if the
    checkpoint's file lies in the catalog's folder itself, OSError if the folder cannot be written.
    """
    entry = find_entry(name)
    if entry is None:
        names = ", ".join(f"`{each.checkpoint.id}`" for each in catalog_entries())
        raise UnknownWeights(f"no weights in the catalog are called `{name}`; it has {names or 'none'}")
    _refuse_a_file(entry)
    entry.path.unlink()
    return entry.checkpoint


def check_name(name: str) -> None:
    """Pass over a name that a catalog's entry may have; raises RegistrationError for any other, saying why."""
    if not name or name != name.strip() or not name.isprintable() or "," in name:
        raise RegistrationError(f"`{name}` cannot be a name: it needs printable letters, and no comma")
    if name.endswith(".safetensors") or Path(name).is_absolute():
        raise RegistrationError(f"`{name}` cannot be a name: it would be taken for the path of a file")
    if len(quote(name, safe="")) > _MAX_NAME_BYTES:
        raise RegistrationError(f"`{name}` cannot be a name: it is too long")
    if (taken := names_of_families().get(name.casefold())) is not None:
        raise RegistrationError(f"the name `{name}` is taken by `{taken.id}`, which comes with a package")


def _refuse_a_file(entry: Entry) -> None:
    """RegistrationError if the entry is no record but the checkpoint's own file, which nobody asked to delete."""
    if entry.path.suffix == ".safetensors":
        raise RegistrationError(
            f"`{entry.checkpoint.id}` is the file `{entry.path}` itself, in the catalog's folder: move it elsewhere"
        )


def _taken(former: Checkpoint) -> str:
    return (
        f"the catalog has `{former.id}` already, the file at `{former.url}`; choose another name with `--name`, or "
        "give `--replace`"
    )
