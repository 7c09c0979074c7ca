"""What a field means, in which unit, in which range: as data, and held against a value. Knows no single field."""

import math
import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from training.errors import RecipeError


@dataclass(frozen=True, slots=True)
class Facts:
    """What one field means, in `unit`, and the `source` of its meaning.

    A number lies between `low` and `high`, both included, or above `low` if `above_low`. None leaves an end open.
    """

    meaning: str
    unit: str
    source: str
    low: float | None = None
    high: float | None = None
    above_low: bool = False


def checked(name: str, value: object, kind: Any, facts: Facts) -> object:
    """`value` if it fits the type `kind` and the range of `facts`; a whole number for a `float` comes back as a float.

    Raises RecipeError that names the field, what it takes and what was found.
    """
    fitted = _fitted(value, kind)
    numbers = fitted if isinstance(fitted, tuple) else (fitted,)
    if fitted is _MISFIT or not all(_in_range(number, facts) for number in numbers):
        raise RecipeError(f"`{name}` must be {describe(kind, facts)}, not `{value!r}`")
    return fitted


def describe(kind: Any, facts: Facts) -> str:
    """What a field takes, in words: `a whole number from 1 up`, `one of step, cosine`, `a number above 0 or none`."""
    if is_union(kind):
        return " or ".join(describe(each, facts) for each in get_args(kind))
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    if get_origin(kind) is tuple:
        of = get_args(kind)
        return "a tuple" if of[-1] is ... else f"{len(of)} numbers{describe_range(facts)}"
    words = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", types.NoneType: "none"}
    return words.get(kind, f"a {getattr(kind, '__name__', kind)}") + (describe_range(facts) if kind in _NUMBERS else "")


def describe_range(facts: Facts) -> str:
    """The range in words after a space, such as ` from 0 to 1`; nothing if both ends are open."""
    if facts.low is None:
        return "" if facts.high is None else f" up to {facts.high:g}"
    if facts.above_low:
        return f" above {facts.low:g}" + ("" if facts.high is None else f" and up to {facts.high:g}")
    return f" from {facts.low:g}" + (" up" if facts.high is None else f" to {facts.high:g}")


def is_union(kind: Any) -> bool:
    """Whether a type is a choice, such as `float | None`."""
    return get_origin(kind) in (Union, types.UnionType)


_NUMBERS = (int, float)
_MISFIT = object()


def _in_range(value: object, facts: Facts) -> bool:
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        return True
    if not math.isfinite(value):
        return False
    if facts.low is not None and (value < facts.low or (facts.above_low and value == facts.low)):
        return False
    return facts.high is None or value <= facts.high


def _fitted(value: object, kind: Any) -> object:
    """`value` as `kind`, or _MISFIT. Only a whole number for a float is turned; all else must fit as it is."""
    if is_union(kind):
        fits = (_fitted(value, each) for each in get_args(kind))
        return next((fitted for fitted in fits if fitted is not _MISFIT), _MISFIT)
    if get_origin(kind) is Literal:
        return value if isinstance(value, str) and value in get_args(kind) else _MISFIT
    if get_origin(kind) is tuple:
        return _fitted_tuple(value, get_args(kind))
    if isinstance(value, bool):
        return value if kind is bool else _MISFIT
    if kind is float and isinstance(value, int) and abs(value) < 2**53:
        return float(value)
    return value if isinstance(value, kind) else _MISFIT


def _fitted_tuple(value: object, of: tuple[Any, ...]) -> object:
    if not isinstance(value, tuple):
        return _MISFIT
    kinds = (of[0],) * len(value) if of[-1] is ... else of
    if len(kinds) != len(value):
        return _MISFIT
    fitted = tuple(_fitted(each, kind) for each, kind in zip(value, kinds, strict=True))
    return _MISFIT if any(each is _MISFIT for each in fitted) else fitted
