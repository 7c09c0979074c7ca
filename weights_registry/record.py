"""Checkpoint <-> plain JSON: the form in file headers, catalogs and `--json`. Knows nothing of files.

A record names its categories in full, so that it means the same on a machine that lacks the category set's file.
"""

from collections.abc import Mapping
from dataclasses import asdict
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from weights_registry.categories import CategorySet
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import RecordError
from weights_registry.preprocessing import Preprocessing

RECORD_VERSION: Final = 1

Record = dict[str, Any]
T = TypeVar("T")


def to_record(checkpoint: Checkpoint, *, with_categories: bool = True) -> Record:
    """All facts of `checkpoint` as JSON types; without its categories it says only the set's name."""
    record = asdict(checkpoint)
    labels = checkpoint.labels
    record["category_set"] = _category_record(labels) if with_categories else labels.name
    return {"record_version": RECORD_VERSION, **_as_json(record)}


def from_record(record: object) -> Checkpoint:
    """The checkpoint that `record` describes; the exact inverse of `to_record`.

    Raises RecordError that names the field if one is missing, unknown, of a wrong type or breaks a rule, or if the
    record was written by a later version of this package.
    """
    content = _object(record, "checkpoint")
    version = content.pop("record_version", None)
    if version != RECORD_VERSION:
        raise RecordError(
            f"the record has `record_version` `{version}`, this package reads `{RECORD_VERSION}`: "
            "upgrade weights-registry, or write the file again with this one"
        )
    if "preprocessing" in content:
        content["preprocessing"] = _build(Preprocessing, content["preprocessing"], "preprocessing")
    if isinstance(content.get("metrics"), list):
        content["metrics"] = [
            metrics_from_record(each, f"metrics[{index}]") for index, each in enumerate(content["metrics"])
        ]
    if isinstance(content.get("category_set"), Mapping):
        content["category_set"] = _build(CategorySet, content["category_set"], "category_set")
    return _build(Checkpoint, content, "checkpoint")


def metrics_from_record(record: object, where: str) -> Metrics:
    """The evaluation that `record` describes. Raises RecordError that names the field, and `where` it was found."""
    content = _object(record, where)
    if "preprocessing" in content:
        content["preprocessing"] = _build(Preprocessing, content["preprocessing"], f"{where}.preprocessing")
    return _build(Metrics, content, where)


def _category_record(labels: CategorySet) -> Record:
    return {"name": labels.name, "names": list(labels.names), "wordnet_ids": list(labels.wordnet_ids)}


def _object(record: object, where: str) -> Record:
    if not isinstance(record, Mapping):
        raise RecordError(f"`{where}` must be a JSON object, not `{record!r}`")
    return dict(record)


def _build(kind: type[T], record: object, where: str) -> T:
    """`kind(**record)`, lists as tuples: each field of its type, none missing that has no default, and no other."""
    types = get_type_hints(kind)
    content = {key: tuple(each) if isinstance(each, list) else each for key, each in _object(record, where).items()}
    for key, value in content.items():
        if key not in types:
            raise RecordError(f"`{where}` has the unknown field `{key}`; known are {', '.join(types)}")
        if not _is(value, types[key]):
            raise RecordError(f"`{key}` of `{where}` must be of type `{types[key]}`, not `{value!r}`")
    try:
        return kind(**content)
    except (TypeError, ValueError) as error:
        raise RecordError(f"`{where}` cannot be read: {error}") from error


def _is(value: object, annotation: Any) -> bool:
    """Whether a value, as JSON gives it but for tuples, is of a type that our records' fields have."""
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return any(_is(value, part) for part in parts)
    if origin is Literal:
        return any(value == part for part in parts)
    if origin is tuple:
        each = parts[:1] * len(value) if isinstance(value, tuple) and parts[-1] is Ellipsis else parts
        return isinstance(value, tuple) and len(value) == len(each) and all(map(_is, value, each))
    if annotation is float:
        return isinstance(value, float | int) and not isinstance(value, bool)
    return isinstance(value, annotation) and (annotation is bool or not isinstance(value, bool))


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return value
