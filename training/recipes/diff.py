"""Where two recipes differ, field by field. Knows nothing of names, notes and published figures."""

from dataclasses import dataclass, fields
from typing import Any

from training.recipes.recipe import Recipe
from training.recipes.recipe_fields import RUN_FIELDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field that two recipes fill differently; a field of the preprocessing is `inference.resize_size`."""

    field: str
    before: Any
    after: Any

    @property
    def sentence(self) -> str:
        """The change in words: `lr 0.1 -> 0.5`."""
        return f"{self.field} {format_value(self.before)} -> {format_value(self.after)}"

    @property
    def setting(self) -> str:
        """The change as `--set` takes it: `lr=0.5`."""
        return f"{self.field}={format_value(self.after)}"


def recipe_diff(a: Recipe, b: Recipe) -> tuple[Change, ...]:
    """The fields that shape the run and differ, in the order of the recipe; empty if both describe the same run."""
    return tuple(_changes("", a, b))


def retrains(a: Recipe, b: Recipe) -> bool:
    """Whether getting from `a` to `b` takes a training run; a change of the evaluation alone takes none."""
    return any(not change.field.startswith("inference.") for change in recipe_diff(a, b))


def format_value(value: Any) -> str:
    """A value as `--set` takes it: `none`, `true`, `0.1`, `0.08,1`."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, tuple):
        return ",".join(format_value(each) for each in value)
    return str(value)


def _changes(prefix: str, a: Any, b: Any) -> list[Change]:
    found = []
    for field in fields(a):
        before, after = getattr(a, field.name), getattr(b, field.name)
        if before == after or (not prefix and field.name not in RUN_FIELDS):
            continue
        if field.name == "inference":
            found += _changes("inference.", before, after)
        else:
            found.append(Change(field=prefix + field.name, before=before, after=after))
    return found
