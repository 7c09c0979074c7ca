"""Slow calls, one at a time, on threads that the end of the process does not wait for. Knows nothing of models.

An executor's threads are joined when the interpreter ends: a server told to stop would wait for its downloads.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

from serve.errors import deliverable

Result = TypeVar("Result")


class LoadThread:
    """Calls wait for each other, in any order; each has a daemon thread."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What `function(*arguments)` gives or raises. If this is cancelled, the call goes on unheard."""
        told: Future[Result] = Future()
        told.set_running_or_notify_cancel()
        threading.Thread(
            target=_work, args=(self._one_at_a_time, told, function, arguments), name="load", daemon=True
        ).start()
        waiting = asyncio.wrap_future(told)
        try:
            return await waiting
        finally:
            del waiting, told  # as in `_work`


def _work(
    one_at_a_time: threading.Lock,
    told: "Future[Result]",
    function: Callable[..., Result],
    arguments: tuple[Any, ...],
) -> None:
    with one_at_a_time:
        found, error = _outcome(function, arguments)
    if error is None:
        told.set_result(found)  # type: ignore[arg-type]  # there is one, since there is no error
    else:
        told.set_exception(error)
    # An error's traceback leads to this frame: if the frame held the error, both would wait for the garbage collector,
    # and with them what had been loaded until then.
    del told, error


def _outcome(function: Callable[..., Result], arguments: tuple[Any, ...]) -> tuple[Result | None, Exception | None]:
    try:
        return function(*arguments), None
    except BaseException as error:
        return None, deliverable(error)
