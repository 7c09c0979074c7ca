"""What is registered: this package's families, those of installed packages, what `register` was given, and catalogs.

Knows nothing of searching. Another package announces its families under the entry-point group
`weights_registry.families`, one entry a family: `MyNet_Weights = "my_package.weights:MyNet_Weights"`.
"""

import logging
import threading
from collections.abc import Collection
from functools import cache
from importlib.metadata import entry_points
from typing import Final, TypeAlias

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import RegistrationError
from weights_registry.families import BUNDLED
from weights_registry.user_catalog import Entry, catalog_entries, leave_out
from weights_registry.weights_enum import WeightsEnum

RegisteredWeights: TypeAlias = WeightsEnum | Checkpoint

ENTRY_POINT_GROUP: Final = "weights_registry.families"

_log = logging.getLogger("weights_registry")
_lock = threading.Lock()
_own_families: dict[str, type[WeightsEnum]] = {}
_own_checkpoints: dict[str, Checkpoint] = {}


def register(weights: type[WeightsEnum] | Checkpoint) -> None:
    """Make a family or a single checkpoint known, in this process, to all that finds weights by name.

    Registering the identical thing twice changes nothing. Raises RegistrationError if the name is taken, or if the
    `id` of a family's member is not `Family.Member`.
    """
    if isinstance(weights, Checkpoint):
        _register_checkpoint(weights)
    else:
        _register_family(weights)


def unregister(weights: type[WeightsEnum] | Checkpoint) -> None:
    """Forget what `register` was given in this process; what was never registered is no error."""
    with _lock:
        if isinstance(weights, Checkpoint):
            _own_checkpoints.pop(weights.id.casefold(), None)
        else:
            _own_families.pop(weights.__name__.casefold(), None)


def registered_families() -> list[type[WeightsEnum]]:
    """Every known family: this package's first, then those of installed packages, then those given to `register`."""
    with _lock:
        return [*BUNDLED, *_installed_families(), *_own_families.values()]


def registered_checkpoints() -> list[Checkpoint]:
    """The checkpoints that were given to `register` one by one, then those of the person's catalogs.

    An entry of a catalog whose name a family has, as may be after an upgrade, is warned of and left out; one that was
    given to `register` too comes once, as it was given.
    """
    with _lock:
        given = dict(_own_checkpoints)
    return [*given.values(), *_left_over(catalog_entries(), given)]


def names_of_families() -> dict[str, WeightsEnum]:
    """Whatever a family's member may be called, case folded; of names that clash, the first registered keeps it.

    Every member has its full name, also by its alias. A family's default has those of family and architecture as well.
    """
    names = {member.id.casefold(): member for family in registered_families() for member in family}
    for family in registered_families():
        for alias, member in family.__members__.items():
            names.setdefault(f"{family.__name__}.{alias}".casefold(), member)
        default = family.__members__.get("DEFAULT", next(iter(family)))
        names.setdefault(family.__name__.casefold(), default)
        names.setdefault(family.__name__.casefold().removesuffix("_weights"), default)
        names.setdefault(default.architecture.casefold(), default)
    return names


def _register_checkpoint(checkpoint: Checkpoint) -> None:
    taken = {member.id.casefold(): member.checkpoint for family in registered_families() for member in family}
    with _lock:
        known = (taken | _own_checkpoints).setdefault(checkpoint.id.casefold(), checkpoint)
        if known != checkpoint:
            raise RegistrationError(f"the name `{checkpoint.id}` is taken by the checkpoint at `{known.url}`")
        _own_checkpoints.setdefault(checkpoint.id.casefold(), checkpoint)


def _left_over(entries: list[Entry], given: Collection[str]) -> list[Checkpoint]:
    """The checkpoints of the entries whose names are still free."""
    taken = names_of_families() if entries else {}
    for entry in entries:
        if entry.checkpoint.id.casefold() in taken:
            leave_out(entry.path, f"the name `{entry.checkpoint.id}` is taken by weights that come with a package")
    names = taken.keys() | given
    return [entry.checkpoint for entry in entries if entry.checkpoint.id.casefold() not in names]


def _register_family(family: type[WeightsEnum]) -> None:
    _check_members(family)
    known = {each.__name__.casefold(): each for each in registered_families()}
    taken = known.get(family.__name__.casefold(), family)
    if taken is not family:
        raise RegistrationError(f"the family name `{family.__name__}` is taken by one of `{taken.__module__}`")
    if family.__name__.casefold() not in known:
        with _lock:
            _own_families[family.__name__.casefold()] = family


def _check_members(family: object) -> None:
    if not (isinstance(family, type) and issubclass(family, WeightsEnum)):
        raise RegistrationError(f"`{family!r}` is neither a Checkpoint nor a family (a subclass of WeightsEnum)")
    if not len(family):
        raise RegistrationError(f"family `{family.__name__}` has no members")
    for member in family:
        if not isinstance(member._value_, Checkpoint):
            raise RegistrationError(f"member `{member.name}` of `{family.__name__}` is not a Checkpoint")
        if member.id != f"{family.__name__}.{member.name}":
            raise RegistrationError(
                f"member `{member.name}` of `{family.__name__}` has the id `{member.id}`; "
                f"it must be `{family.__name__}.{member.name}`"
            )


@cache
def _installed_families() -> tuple[type[WeightsEnum], ...]:
    """Families of installed packages. One that fails to load is warned of and left out: the others must still work."""
    found: dict[str, type[WeightsEnum]] = {family.__name__.casefold(): family for family in BUNDLED}
    for entry in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda entry: entry.name):
        try:
            family = entry.load()
            _check_members(family)
        except Exception as error:  # another package's code may raise anything
            _log.warning("the family `%s` of entry point `%s` was left out: %s", entry.name, entry.value, error)
            continue
        if found.setdefault(family.__name__.casefold(), family) is not family:
            _log.warning("the family `%s` of entry point `%s` was left out: taken", entry.name, entry.value)
    return tuple(found.values())[len(BUNDLED) :]
