"""The outermost ASGI layer: gives each request its id, counts and logs it, and answers whatever is raised below.

Knows nothing of what a request is about.
"""

import logging
import os
import re
import time
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.errors import status_of
from serve.http.access_log import AccessLog
from serve.http.problems import problem_response
from serve.http.unread import UnreadBodies, is_unread, must_close
from serve.telemetry import Telemetry

_log = logging.getLogger("serve")

_PROBES = frozenset({"/healthz", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready"})
"""Asked every few seconds for ever: they are counted, but would only fill the log."""

_VALID_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_PROCESS = os.urandom(6).hex()
_numbers = count(1)


class RequestLayer:
    """Takes the client's X-Request-ID if it is 1 to 128 of `A-Za-z0-9._:-`, makes one otherwise, and gives it back."""

    def __init__(self, app: ASGIApp, *, telemetry: Telemetry, log: AccessLog | None, unread: UnreadBodies) -> None:
        self._app = app
        self._telemetry = telemetry
        self._log = log
        self._unread = unread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and see to it that it is answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = _request_id(scope["headers"])
        scope.setdefault("state", {})["request_id"] = request_id
        status, ended = 0, 0.0

        async def send_with_id(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
                if is_unread(scope) and must_close(scope, status):
                    message["headers"].append((b"connection", b"close"))
            elif not message.get("more_body", False) and is_unread(scope):
                ended = time.perf_counter()
                await self._unread.send_last(message, receive, send)
                return
            await send(message)

        self._telemetry.request_began()
        try:
            await self._app(scope, receive, send_with_id)
        except Exception as error:
            self._note(error, request_id)
            if status:
                raise
            await problem_response(error, request_id, scope["path"])(scope, receive, send_with_id)
        finally:
            self._end(scope, status, (ended or time.perf_counter()) - began, request_id)

    def _note(self, error: Exception, request_id: str) -> None:
        if status_of(error) == 500:
            _log.error("request %s failed", request_id, exc_info=error)
        else:
            self._telemetry.rejected(error)

    def _end(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        self._telemetry.request_ended(_route(scope), status, seconds)
        if self._log is not None and scope["path"] not in _PROBES:
            client = scope.get("client") or ("-", 0)
            self._log(scope["method"], scope["path"], status, seconds, client[0], request_id)


def _request_id(headers: list[tuple[bytes, bytes]]) -> str:
    for name, value in headers:
        if name == b"x-request-id" and _VALID_ID.fullmatch(value):
            return value.decode()
    return f"{_PROCESS}-{next(_numbers):x}"


def _route(scope: Scope) -> str:
    """The route's own path, such as `/models/{name}`: never the client's, or strangers could fill the metrics."""
    return str(getattr(scope.get("route"), "path", None) or scope.get("serve.route", "none"))
