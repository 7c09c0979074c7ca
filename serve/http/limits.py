"""An ASGI layer that bounds request bodies: their bytes, the bytes of all of them, and the time they take.

Knows nothing of what is in a body. uvicorn has no such bounds of its own.
"""

import asyncio
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.errors import BodyTimeout, ClientGone, InvalidRequest, TooLarge, Unavailable
from serve.http.unread import BODY_IS_READ


class BodyLimits:
    """Raises TooLarge before reading where the length is declared, and while reading where it is not or is a lie.

    Raises Unavailable while `max_buffered_bytes` are held for all requests together, BodyTimeout for a sender that
    takes longer than `timeout_s`, and ClientGone for one that hangs up half-way.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, max_buffered_bytes: int, timeout_s: float) -> None:
        self._app = app
        self.max_bytes = max_bytes
        self.max_buffered_bytes = max_buffered_bytes
        self.timeout_s = timeout_s
        self.num_buffered = 0
        self._reading: set[_CountedBody] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a `receive` that counts; `unread` is told by the scope when all is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        num_declared = _declared_bytes(scope)
        if num_declared is not None and num_declared > self.max_bytes:
            raise TooLarge(_too_large(self.max_bytes))
        body = _CountedBody(self, receive, scope["state"])
        self._time(body)
        try:
            await self._app(scope, body.receive, send)
        finally:
            self._reading.discard(body)
            self.num_buffered -= body.num_bytes

    def _time(self, body: "_CountedBody") -> None:
        """One timer for all bodies: one for each would cost every request some 8 us of CPU."""
        self._reading.add(body)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(min(1.0, self.timeout_s / 4), self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        for body in tuple(self._reading):
            if body.is_complete:
                self._reading.discard(body)
            else:
                body.look(now)
        if self._reading:
            self._timer = asyncio.get_running_loop().call_later(min(1.0, self.timeout_s / 4), self._look)


class _CountedBody:
    __slots__ = ("_ends_at", "_is_late", "_limits", "_reader", "_receive", "_state", "is_complete", "num_bytes")

    def __init__(self, limits: BodyLimits, receive: Receive, state: dict[str, Any]) -> None:
        self._limits = limits
        self._receive = receive
        self._state = state
        self._ends_at = time.monotonic() + limits.timeout_s
        self._is_late = False
        self._reader: asyncio.Task[object] | None = None
        self.is_complete = False
        self.num_bytes = 0

    async def receive(self) -> Message:
        """The next message: counted and timed until the body is complete, then as it comes."""
        if self.is_complete:
            return await self._receive()
        self._reader = asyncio.current_task()
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if self._is_late and self._reader is not None:
                self._reader.uncancel()
                raise BodyTimeout(f"the body was not complete after {self._limits.timeout_s:g} seconds") from None
            raise
        finally:
            self._reader = None
        if message["type"] == "http.disconnect":
            raise ClientGone("the client hung up while it sent its body")
        self._count(len(message.get("body", b"")))
        if not message.get("more_body", False):
            self.is_complete = True
            self._state[BODY_IS_READ] = True  # not this object: the scope and it would keep each other in memory
        return message

    def look(self, now: float) -> None:
        """Wake the reader with a BodyTimeout if it waits for a body that is late."""
        if now >= self._ends_at and self._reader is not None:
            self._is_late = True
            self._reader.cancel()

    def _count(self, num_bytes: int) -> None:
        limits = self._limits
        self.num_bytes += num_bytes
        limits.num_buffered += num_bytes
        if self.num_bytes > limits.max_bytes:
            raise TooLarge(_too_large(limits.max_bytes))
        if limits.num_buffered > limits.max_buffered_bytes:
            raise Unavailable("the bodies of other requests fill the server's memory")


def _declared_bytes(scope: Scope) -> int | None:
    for name, value in scope["headers"]:
        if name == b"content-length":
            if not value.isdigit():
                raise InvalidRequest("`Content-Length` must be a whole number")
            return int(value)
    return None


def _too_large(max_bytes: int) -> str:
    return f"the body has more than the {max_bytes:,} bytes that this server takes"
