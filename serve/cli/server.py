"""One serving process: uvicorn around the application, with a stop that loses no request. Knows no route."""

import logging
import socket
import sys
import time
from types import FrameType
from typing import Any

import uvicorn

from serve.assembly import build_app
from serve.cli.connection import Connection
from serve.serving import Serving
from serve.settings import Settings

_SWEEP_EVERY_TICKS = 50  # of 0.1 s each
_SILENCE_S = 20.0


def serve(settings: Settings, listener: socket.socket) -> int:
    """Serve on the socket until SIGTERM or SIGINT; gives the exit code, 1 if a model could not be loaded."""
    logging.basicConfig(level=logging.WARNING, format="serve-weights: %(message)s", stream=sys.stderr)
    app = build_app(settings)
    server = Server(settings, app, app.state.serving)
    server.run(sockets=[listener])
    return server.exit_code


class Server(uvicorn.Server):
    """uvicorn that says not ready first, exits with 0 when told to stop, and ends connections that stay silent."""

    def __init__(self, settings: Settings, app: Any, serving: Serving) -> None:
        super().__init__(uvicorn_config(settings, app))
        self.exit_code = 0
        self._serving = serving
        self._drain_s = settings.drain_s
        self._stops_at: float | None = None
        self._silent: dict[Any, tuple[Any, float]] = {}

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Not ready from now on; stop `drain_s` later, or at once when told a second time."""
        if self._stops_at is not None or not self._drain_s:
            self.should_exit = True
        self._stops_at = self._stops_at or time.monotonic() + self._drain_s
        self._serving.is_stopping = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn every 0.1 s."""
        if self._serving.start_error is not None:
            self.exit_code = 1
            self.should_exit = True
        if self._stops_at is not None and time.monotonic() >= self._stops_at:
            self.should_exit = True
        if counter % _SWEEP_EVERY_TICKS == 0:
            self._end_silent_connections(time.monotonic())
        return await super().on_tick(counter)

    def _end_silent_connections(self, now: float) -> None:
        """Close connections that have no request under way and begin none: uvicorn lets a half-sent header wait.

        One that was answered and sends nothing is closed by uvicorn's own keep-alive timeout.
        """
        seen = {}
        for connection in tuple(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                continue
            before, since = self._silent.get(connection, (None, now))
            seen[connection] = (cycle, since if before is cycle else now)
            if now - seen[connection][1] > _SILENCE_S:
                connection.transport.close()
        self._silent = seen


def uvicorn_config(settings: Settings, app: Any) -> uvicorn.Config:
    """uvicorn as we want it: its fast parts, none of its logs, and as long to finish as a request may take."""
    return uvicorn.Config(
        app,
        loop="auto",  # uvloop, but on Windows, which has none
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.deadline_ms / 1e3 + settings.body_timeout_s) + 1,
    )
