"""What several routes say of themselves in the OpenAPI document."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import Security
from fastapi.security import HTTPBearer
from pydantic import BaseModel

from serve.http.problems import MEDIA_TYPE
from serve.schemas import Error, Problem

# Only says in the document that a key may be needed; the layer in `serve.http.auth` is what asks for it.
SECURITY = Security(HTTPBearer(auto_error=False, description="The server's API key, where it was started with one."))

_WHEN: Final = {
    400: "A picture that cannot be read, or a body that cannot be parsed.",
    401: "An API key is needed.",
    403: "The API key is wrong, or the server has none and this route needs one.",
    404: "No such model.",
    408: "The body did not arrive in time.",
    413: "More bytes or pixels than the server takes.",
    415: "A content type that is not taken.",
    422: "Wrong arguments, or a body of another form.",
    502: "The checkpoint could not be fetched or loaded.",
    503: "The queue is full, or the server is starting or stopping; see Retry-After.",
    504: "No answer within the deadline.",
}

_PROBLEMS: Final[dict[int, dict[str, Any]]] = {
    status: {
        "description": f"{HTTPStatus(status).phrase}: {when}",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
    for status, when in _WHEN.items()
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, each with the body that errors have here: `application/problem+json`."""
    return {status: _PROBLEMS[status] for status in statuses}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, each with the body that errors have in the protocols of others: `{"error": "..."}`."""
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
