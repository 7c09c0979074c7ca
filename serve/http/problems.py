"""Errors -> `application/problem+json` responses (RFC 9457). Knows nothing of where errors come from.

Under `/v2` and `/hf` others' protocols are spoken, whose clients read `{"error": "..."}`.
"""

import json
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from serve.answers import TITLES, Json, problem
from serve.errors import NoKey, Unavailable
from serve.http.methods import allowed_methods

MEDIA_TYPE = "application/problem+json"

_OTHER_STATUSES: Final[dict[str, dict[int, int]]] = {"v2": {422: 400}, "hf": {}}
"""First part of a path -> statuses that its protocol does not use, and those it has instead."""


def problem_response(error: Exception, request_id: str, path: str = "/") -> Response:
    """What is sent for `error` to who asked for `path`, with the headers that its status asks for."""
    found = problem(error, request_id=request_id)
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, NoKey):
        headers["WWW-Authenticate"] = "Bearer"
    return _response(found, headers, path)


def answer_in_problems(app: FastAPI) -> None:
    """Have the framework's own errors (no such route, wrong arguments) answered in the same form as ours.

    OPTIONS is among them: the framework knows no route for it.
    """
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(RequestValidationError, _invalid_arguments)


async def _framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(allowed_methods(request.app, request.scope))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=headers)
    found = _of_status(request, error.status_code, str(error.detail))
    return _response(found, headers, request.scope["path"])


async def _invalid_arguments(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = "; ".join(f"`{'.'.join(str(part) for part in each['loc'])}`: {each['msg']}" for each in error.errors())
    return _response(_of_status(request, 422, found), {}, request.scope["path"])


def _of_status(request: Request, status: int, detail: str) -> Json:
    return {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "request_id": request.scope["state"]["request_id"],
    }


def _response(found: Json, headers: dict[str, str], path: str) -> Response:
    others = _OTHER_STATUSES.get(path.split("/", 2)[1] if path.startswith("/") else "")
    if others is None:
        return Response(json.dumps(found), status_code=found["status"], headers=headers, media_type=MEDIA_TYPE)
    status = others.get(found["status"]) or found["status"]
    body = json.dumps({"error": found["detail"]})
    return Response(body, status_code=status, headers=headers, media_type="application/json")
