"""What several routes say of themselves in the OpenAPI document."""

from http import HTTPStatus
from typing import Any

from fastapi import Security
from fastapi.security import HTTPBearer

from serve.problems import MEDIA_TYPE
from serve.schemas import Problem

# Only says in the document that a key may be needed; the layer in `serve.auth` is what asks for it.
SECURITY = Security(HTTPBearer(auto_error=False, description="The server's API key, where it was started with one."))

_WHEN = {
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

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": f"{HTTPStatus(status).phrase}: {when}",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
    for status, when in _WHEN.items()
}
