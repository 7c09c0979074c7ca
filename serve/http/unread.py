"""Bodies that an answer comes before: what is still sent of them is dropped for a while, so that the answer is seen.

A system that closes a connection on which bytes lie unread resets it, and a client that still sends then loses the
answer too. Knows nothing of why a body was not read.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.types import Message, Receive, Scope, Send

BODY_IS_READ: Final = "body_is_read"
"""In the scope's state once it is so."""

_BODY_ENDS: Final = frozenset({408, 413})
"""Statuses that say the body itself is not wanted: no other request may follow it."""

_SILENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class UnreadBodies:
    """How much is dropped: `max_bytes` of a body, for `timeout_s` at most, or until the client is silent for 2 s."""

    max_bytes: int
    timeout_s: float

    async def send_last(self, message: Message, receive: Receive, send: Send) -> None:
        """Send the answer's last message and drop what comes of the body; only then is the answer said to be over."""
        await send({**message, "more_body": True})
        with suppress(TimeoutError):
            async with asyncio.timeout(self.timeout_s):
                await self._drop(receive)
        await send({"type": "http.response.body", "body": b""})

    async def _drop(self, receive: Receive) -> None:
        num_dropped = 0
        while num_dropped <= self.max_bytes:
            async with asyncio.timeout(_SILENCE_S):
                message = await receive()
            num_dropped += len(message.get("body", b""))
            if not message.get("more_body", False):  # the end, or the client hung up
                return


def is_unread(scope: Scope) -> bool:
    """Whether some of the request's body has not been read."""
    if BODY_IS_READ in scope["state"]:
        return False
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def must_close(scope: Scope, status: int) -> bool:
    """Whether the connection cannot be used again after an answer of `status` to a body that was not read.

    A client that asked whether it should send its body, and got an answer instead, may send it or not.
    """
    return status in _BODY_ENDS or any(name == b"expect" for name, _ in scope["headers"])
