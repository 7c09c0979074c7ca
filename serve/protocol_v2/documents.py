"""What routes say of bodies and errors in the OpenAPI document. Knows no route."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from serve.protocol_v2.schemas import Error


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, each with the body that all errors have here."""
    return {status: {"model": Error, "description": HTTPStatus(status).phrase} for status in statuses}


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The model's JSON schema in one piece: the document has no place that references to its parts could lead to."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})
    inlined: dict[str, Any] = _inlined(schema, parts)
    return inlined


def _inlined(node: Any, parts: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inlined(each, parts) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        node = parts[node["$ref"].removeprefix("#/$defs/")] | {key: node[key] for key in node if key != "$ref"}
    return {key: _inlined(value, parts) for key, value in node.items()}
