"""`serve-weights run`: settings, a socket, and one process or several that serve on it."""

import argparse
import socket
import sys

from serve.cli.flags import add_flags, settings_from
from serve.settings import Settings
from weights_registry.errors import RegistryError
from weights_registry.finding import find_checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings as flags."""
    add_flags(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop; gives the exit code."""
    settings = settings_from(arguments)
    if settings is None:
        return 2
    try:
        for name in settings.weights:
            find_checkpoint(name)
    except (RegistryError, OSError) as error:
        _say(f"cannot start: {error}")
        return 1
    try:
        listener = listen(settings)
    except OSError as error:
        _say(f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; try another --port")
        return 1
    _say(f"listening on http://{_shown(listener)} - a page for pictures at /, documents at /docs, stop with Ctrl+C")
    if settings.workers == 1:
        from serve.cli.server import serve

        return serve(settings, listener)
    from serve.cli.workers import supervise

    return supervise(settings, listener)


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Workers inherit it, so that no connection is lost with a worker that ends."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    listener.setblocking(False)
    return listener


def _shown(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _say(message: str) -> None:
    print(f"serve-weights: {message}", file=sys.stderr, flush=True)
