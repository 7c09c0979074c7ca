"""A recipe as JSON, and the digest of what it says. Knows nothing of files or of published recipes."""

import hashlib
import json
from dataclasses import MISSING, asdict, fields, is_dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from training.errors import RecipeError
from training.recipes.fields import is_union
from training.recipes.recipe import Recipe, field_types
from training.recipes.recipe_fields import RUN_FIELDS
from weights_registry.checkpoint import Metrics
from weights_registry.preprocessing import Preprocessing

FORMAT_VERSION = 1


def to_dict(recipe: Recipe) -> dict[str, Any]:
    """Every field as JSON's types, with the format's version and the digest."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(recipe), allow_nan=False))
    return {"format_version": FORMAT_VERSION, "digest": digest(recipe), **plain}


def to_json(recipe: Recipe) -> str:
    """The recipe as indented JSON text; `from_json` gives it back."""
    return json.dumps(to_dict(recipe), indent=2, ensure_ascii=False)


def from_json(text: str) -> Recipe:
    """The recipe that `to_json` wrote; a field that is left out has its default.

    Raises RecipeError if the text is no JSON object, of a later format, has a field that no recipe has, or says
    something else than its digest.
    """
    try:
        plain = json.loads(text)
    except ValueError as error:
        raise RecipeError(f"a recipe is a JSON object, and this is no JSON: {error}") from error
    if not isinstance(plain, dict):
        raise RecipeError(f"a recipe is a JSON object, not a `{type(plain).__name__}`")
    return from_dict(plain)


def from_dict(plain: dict[str, Any]) -> Recipe:
    """The recipe that `to_dict` took apart. Raises RecipeError as `from_json` does."""
    rest = dict(plain)
    version, stated = rest.pop("format_version", FORMAT_VERSION), rest.pop("digest", None)
    if version != FORMAT_VERSION:
        raise RecipeError(f"this recipe has format version `{version}`, and this package reads `{FORMAT_VERSION}`")
    try:
        recipe = Recipe(**_fields_from(Recipe, field_types(), rest))
    except TypeError as error:  # a required field is missing
        raise RecipeError(f"this recipe is not complete: {error}") from error
    if stated is not None and stated != digest(recipe):
        raise RecipeError(
            f"`{recipe.id}` was changed after it was written: it says digest `{stated}`, its fields have "
            f"`{digest(recipe)}`. Change a recipe with `override`, which gives it an id of its own"
        )
    return recipe


def digest(recipe: Recipe) -> str:
    """SHA-256, 64 hexadecimal digits, of the canonical JSON of the fields that shape the run; `id` is none of them."""
    return hashlib.sha256(canonical_json(recipe).encode()).hexdigest()


def canonical_json(recipe: Recipe) -> str:
    """The fields that shape the run: keys sorted, no spaces, and without those that have their default.

    So an ingredient that a later version adds, off by default, leaves the digests of older recipes as they are.
    """
    told = {name: value for name, value in _beyond_defaults(recipe).items() if name in RUN_FIELDS}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _beyond_defaults(record: Any) -> dict[str, Any]:
    told = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.default is MISSING or value != field.default:
            told[field.name] = _beyond_defaults(value) if is_dataclass(value) else value
    return told


def _fields_from(record: type, types: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    if strangers := [name for name in plain if name not in types]:
        close = get_close_matches(strangers[0], types, n=1)
        hint = f"; did you mean `{close[0]}`?" if close else ""
        raise RecipeError(f"a `{record.__name__}` has no field `{strangers[0]}`{hint}")
    return {name: _from_plain(name, value, types[name]) for name, value in plain.items()}


def _from_plain(name: str, value: Any, kind: Any) -> Any:
    """JSON's `value` as the type of a field: lists become tuples, objects become records."""
    if is_union(kind):
        kinds = [each for each in get_args(kind) if each is not type(None)]
        return None if value is None else _from_plain(name, value, kinds[0])
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_from_plain(name, each, get_args(kind)[0]) for each in value)
    if kind in (Preprocessing, Metrics) and isinstance(value, dict):
        types = {field.name: _RECORD_TYPES.get(field.name) for field in fields(kind)}
        try:
            return kind(**_fields_from(kind, types, value))
        except (TypeError, ValueError) as error:
            raise RecipeError(f"`{name}` cannot be read: {error}") from error
    return value


# The fields of the registry's records that JSON does not keep as they are.
_RECORD_TYPES: dict[str, Any] = {
    "mean": tuple[float, ...],
    "std": tuple[float, ...],
    "preprocessing": Preprocessing,
}
