"""One line a request, as JSON or as text, written by a thread of its own. Knows nothing of HTTP beyond the line.

A write to a pipe that nobody reads never ends: on the event loop it would stop the server. Here lines wait in a bounded
queue for the thread; those for which there is no room are dropped and counted.
"""

import json
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Literal

_MAX_WAITING: Final = 10_000
_MAX_PATH: Final = 2000
_GATHER_S: Final = 0.02
"""Lines of so long are written together: a wake-up and a system call for each would cost more than the line."""

_MAX_WRITE: Final = getattr(select, "PIPE_BUF", 512)
"""Bytes that a pipe takes whole, so that lines of several workers do not mix."""

_STDOUT: Final = 1


class AccessLog:
    """Takes lines without ever waiting, from `start` to `close`. `on_dropped` hears of each that was lost."""

    def __init__(
        self,
        form: Literal["json", "text"],
        *,
        descriptor: int,
        max_waiting: int,
        on_dropped: Callable[[], None] | None,
    ) -> None:
        self._format_line = _as_json if form == "json" else _as_text
        self._descriptor = descriptor
        self._max_waiting = max_waiting
        self._on_dropped = on_dropped
        self._lines: deque[str] = deque()
        self._has_lines = threading.Event()
        self._is_closing = threading.Event()
        self._has_dropped = False
        self._thread = threading.Thread(target=self._work, name="access-log", daemon=True)

    def __call__(self, method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> None:
        """Have a line written. `path` is without the query, which may hold secrets."""
        if len(self._lines) >= self._max_waiting:
            self._drop()
            return
        self._lines.append(self._format_line(method, path[:_MAX_PATH], status, seconds, client, request_id))
        if not self._has_lines.is_set():
            self._has_lines.set()

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Write all that waits, for `timeout_s` at most: whoever reads may have stopped."""
        self._is_closing.set()
        self._has_lines.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _work(self) -> None:
        is_last = False
        while not is_last:
            self._has_lines.wait()
            self._is_closing.wait(_GATHER_S)
            # Both before the lines are taken: one that comes meanwhile is taken in the next turn.
            is_last = self._is_closing.is_set()
            self._has_lines.clear()
            while self._lines:
                self._write(self._take())

    def _take(self) -> list[bytes]:
        """The oldest lines, as many as are written at once; one at least."""
        taken = [self._lines.popleft().encode()]
        num_bytes = len(taken[0])
        while self._lines and num_bytes + len(self._lines[0]) <= _MAX_WRITE:  # lines are ASCII
            taken.append(self._lines.popleft().encode())
            num_bytes += len(taken[-1])
        return taken

    def _write(self, lines: list[bytes]) -> None:
        # Not by `sys.stdout`: a thread that hangs in its lock would keep the process from ending.
        rest = memoryview(b"".join(lines))
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:  # the reader is gone, or the disk is full
            for _ in lines:
                self._drop()

    def _drop(self) -> None:
        if self._on_dropped is not None:
            self._on_dropped()
        if not self._has_dropped:
            self._has_dropped = True
            # In a thread, once: whoever does not read stdout may not read stderr either.
            threading.Thread(target=_say_dropped, name="say", daemon=True).start()


def access_log(
    wanted: Literal["auto", "on", "off"],
    form: Literal["json", "text"],
    *,
    descriptor: int = _STDOUT,
    max_waiting: int = _MAX_WAITING,
    on_dropped: Callable[[], None] | None = None,
) -> AccessLog | None:
    """The log that is wanted, None for none; `auto` logs unless the descriptor (default: stdout) is a terminal's."""
    if wanted == "off" or (wanted == "auto" and os.isatty(descriptor)):
        return None
    return AccessLog(form, descriptor=descriptor, max_waiting=max_waiting, on_dropped=on_dropped)


def _as_json(method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> str:
    line = {
        "time": _now(),
        "method": method,
        "path": path,
        "status": status,
        "ms": round(1e3 * seconds, 3),
        "client": client,
        "request_id": request_id,
    }
    return f"{json.dumps(line)}\n"


def _as_text(method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> str:
    # repr-like escaping: a path may hold anything once it is unquoted, line breaks included.
    return f"{_now()} {client} {method} {json.dumps(path)} {status} {1e3 * seconds:.3f} ms {request_id}\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _say_dropped() -> None:
    message = "serve-weights: lines of the access log are dropped, as stdout does not take them; /metrics counts them\n"
    try:
        os.write(sys.stderr.fileno(), message.encode())
    except (OSError, ValueError):  # no stderr: the metrics tell
        return
