"""What a study found, as JSON types. Knows no study."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def to_record(study: "DataclassInstance") -> dict[str, Any]:
    """Every field by name, those within too; tuples become lists. Raises ValueError for NaN and infinity."""
    record: dict[str, Any] = json.loads(json.dumps(asdict(study), allow_nan=False))
    return record
