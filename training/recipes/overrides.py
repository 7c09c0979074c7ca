"""Changes fields of a recipe by name, and says so in its id. Knows nothing of where the settings come from."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from training.errors import RecipeError, SettingError
from training.recipes.diff import recipe_diff
from training.recipes.fields import Facts, describe, is_union
from training.recipes.recipe import Recipe, field_types
from training.recipes.recipe_fields import RUN_FIELDS
from training.recipes.record import digest
from weights_registry.preprocessing import Preprocessing


def override(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with other values in the named fields, and an id that tells: `resnet50/v2+1a2b3c4d`.

    A field of the preprocessing is named behind its record, `{"inference.resize_size": 256}`. What was published and
    assumed of the changed fields does not hold any more and is dropped; `of` names the recipe it comes from. Given back
    as it is if nothing changes. Raises SettingError for a field that does not exist and RecipeError for a value that
    the recipe does not take.
    """
    for name in changes:
        kind_of(name)
    inference = {name.partition(".")[2]: changes[name] for name in changes if "." in name}
    plain = {name: value for name, value in changes.items() if "." not in name}
    try:
        if inference:
            plain["inference"] = replace(plain.get("inference", recipe.inference), **inference)
        architecture = str(plain.get("architecture", recipe.architecture))
        bare = f"{architecture}/{recipe.variant.partition('+')[0]}"
        changed = replace(recipe, **plain, id=bare)
    except RecipeError:
        raise
    except (TypeError, ValueError) as error:  # Preprocessing's own checks
        raise RecipeError(f"`inference` of `{recipe.id}` cannot be so: {error}") from error
    told = recipe_diff(recipe, changed)
    if not told:
        return recipe
    origin = recipe.of or recipe.id
    return replace(
        changed,
        id=f"{bare}+{digest(changed)[:8]}",
        of=origin,
        published=(),
        assumed=tuple(name for name in recipe.assumed if name not in {change.field for change in told}),
        notes=(*_inherited(recipe), f"Changed from {recipe.id}: {', '.join(change.sentence for change in told)}."),
    )


def parse_settings(settings: Iterable[str]) -> dict[str, Any]:
    """Field names and values from texts such as `lr=0.1`, `ema_decay=none` or `train_scale=0.25,1`.

    Raises SettingError for a text without `=`, a name no field has (with the closest one), a field set twice, and a
    value that is not of the field's type.
    """
    parsed: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = (part.strip() for part in setting.partition("="))
        if not equals:
            raise SettingError(f"a setting is written `field=value`, such as `lr=0.1`, not `{setting}`")
        kind = kind_of(name)
        if name in parsed:
            raise SettingError(f"`{name}` is set twice")
        value = _parsed(text, kind)
        if value is _UNREADABLE:
            facts = RUN_FIELDS.get(name, Facts("", "", ""))
            raise SettingError(f"`{name}` must be {describe(kind, facts)}, not `{text}`")
        parsed[name] = value
    return parsed


def kind_of(name: str) -> Any:
    """The type of a field that can be set. Raises SettingError for any other, and suggests the closest name."""
    kinds = _settable()
    if name in kinds:
        return kinds[name]
    close = get_close_matches(name.casefold(), kinds, n=1, cutoff=0.5)
    hint = f"did you mean `{close[0]}`?" if close else "`reproduce-weights show NAME` lists all of them"
    raise SettingError(f"a recipe has no field `{name}` that can be set; {hint}")


def _settable() -> Mapping[str, Any]:
    of_recipe = {name: kind for name, kind in field_types().items() if name in RUN_FIELDS}
    return of_recipe | {f"inference.{name}": kind for name, kind in get_type_hints(Preprocessing).items()}


def _inherited(recipe: Recipe) -> tuple[str, ...]:
    """The notes of a recipe that was changed before; a published recipe's notes are about its published figures."""
    return recipe.notes if recipe.of else ()


_UNREADABLE: Final = object()
_WORDS: Final[Mapping[Any, Mapping[str, object]]] = {bool: {"true": True, "false": False}, NoneType: {"none": None}}


def _parsed(text: str, kind: Any) -> object:
    """`text` as `kind`, or _UNREADABLE."""
    if is_union(kind):
        # `none` is tried first: it would be a fine `str`.
        kinds = sorted(get_args(kind), key=lambda each: each is not NoneType)
        return next((value for each in kinds if (value := _parsed(text, each)) is not _UNREADABLE), _UNREADABLE)
    if get_origin(kind) is tuple:
        of = get_args(kind)
        values = tuple(_parsed(part.strip(), of[0]) for part in text.split(","))
        fits = _UNREADABLE not in values and (of[-1] is ... or len(values) == len(of))
        return values if fits else _UNREADABLE
    if kind in _WORDS:
        return _WORDS[kind].get(text.casefold(), _UNREADABLE)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return _UNREADABLE
    if kind is Preprocessing:
        return _UNREADABLE
    return text
