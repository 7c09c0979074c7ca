"""Checkpoint <-> plain JSON: the form in file headers, catalogs and `--json`. Knows nothing of files.

A record names its categories in full, so that it means the same on a machine that lacks the category set's file.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final, TypeVar

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


def from_record(record: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint that `record` describes; the exact inverse of `to_record`.

    Raises RecordError that names the field if one is missing, unknown, of a wrong type or breaks a rule, or if the
    record was written by a later version of this package.
    """
    if not isinstance(record, Mapping):
        raise RecordError(f"a checkpoint record must be a JSON object, not `{type(record).__name__}`")
    version = record.get("record_version")
    if version != RECORD_VERSION:
        raise RecordError(
            f"the record has `record_version` `{version}`, this package reads `{RECORD_VERSION}`: "
            "upgrade weights-registry, or write the file again with this one"
        )
    content = {key: value for key, value in record.items() if key != "record_version"}
    try:
        content["preprocessing"] = _build(Preprocessing, content.get("preprocessing"), "preprocessing")
        content["metrics"] = tuple(
            _metrics(each, f"metrics[{index}]") for index, each in enumerate(content.get("metrics", ()))
        )
        content["category_set"] = _category_set(content.get("category_set"))
        return _build(Checkpoint, content, "checkpoint")
    except (TypeError, ValueError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(f"the checkpoint record cannot be read: {error}") from error


def _metrics(record: Any, where: str) -> Metrics:
    if not isinstance(record, Mapping):
        raise RecordError(f"`{where}` must be a JSON object, not `{record!r}`")
    inner = _build(Preprocessing, record.get("preprocessing"), f"{where}.preprocessing")
    return _build(Metrics, {**record, "preprocessing": inner}, where)


def _category_record(labels: CategorySet) -> Record:
    return {"name": labels.name, "names": list(labels.names), "wordnet_ids": list(labels.wordnet_ids)}


def _category_set(record: Any) -> CategorySet | str:
    return record if isinstance(record, str) else _build(CategorySet, record, "category_set")


def _build(kind: type[T], record: Any, where: str) -> T:
    """`kind(**record)` with lists as tuples; every field that has no default must be there, and no other."""
    if not isinstance(record, Mapping):
        raise RecordError(f"`{where}` must be a JSON object, not `{record!r}`")
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # kind is one of our dataclasses
    unknown = sorted(set(record) - known)
    if unknown:
        raise RecordError(f"`{where}` has the unknown field `{unknown[0]}`; known are {', '.join(sorted(known))}")
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in record.items()})
    except (TypeError, ValueError) as error:
        raise RecordError(f"`{where}` cannot be read: {error}") from error


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_json(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    return value
