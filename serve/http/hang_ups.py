"""Notices clients that hang up while they wait for an answer. Knows nothing of what they wait for.

A task that listens to each client would cost every request some 15 us of CPU; here one timer looks at all that wait,
and only those that have waited for a while get a listener.
"""

import asyncio
from types import TracebackType

from starlette.types import Receive

from serve.errors import ClientGone


class HangUpWatch:
    """Guards waiting requests. A hang-up is noticed within about twice `look_every_s`, or at once when listened to."""

    def __init__(self, *, look_every_s: float = 0.05) -> None:
        self._look_every_s = look_every_s
        self._guards: set[_Guard] = set()
        self._timer: asyncio.TimerHandle | None = None

    def guard(self, receive: Receive) -> "_Guard":
        """For `with`, around the waiting, once the body is read: raises ClientGone there if the client hangs up."""
        return _Guard(self, receive)

    def add(self, guard: "_Guard") -> None:
        """Watch from now on."""
        self._guards.add(guard)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._look_every_s, self._look)

    def remove(self, guard: "_Guard") -> None:
        """Watch no longer."""
        self._guards.discard(guard)

    def _look(self) -> None:
        self._timer = None
        for guard in self._guards:
            guard.look()
        if self._guards:
            self._timer = asyncio.get_running_loop().call_later(self._look_every_s, self._look)


class _Guard:
    __slots__ = ("_has_hung_up", "_listener", "_receive", "_task", "_was_seen", "_watch")

    def __init__(self, watch: HangUpWatch, receive: Receive) -> None:
        self._watch = watch
        self._receive = receive
        self._task = asyncio.current_task()
        self._listener: asyncio.Task[None] | None = None
        self._was_seen = False
        self._has_hung_up = False

    def __enter__(self) -> None:
        self._watch.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._watch.remove(self)
        if self._listener is not None:
            self._listener.cancel()
        if kind is asyncio.CancelledError and self._has_hung_up and self._task is not None:
            self._task.uncancel()
            raise ClientGone("the client hung up while it waited") from None

    def look(self) -> None:
        """Listen to the client, unless this wait has only just begun."""
        if self._was_seen and self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        self._was_seen = True

    async def _listen(self) -> None:
        await self._receive()  # after the body, the only message there is says that the client is gone
        self._has_hung_up = True
        if self._task is not None:
            self._task.cancel()
