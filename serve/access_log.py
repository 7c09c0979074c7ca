"""One line a request, as JSON or as text. Knows nothing of HTTP beyond what stands in the line."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TextIO, TypeAlias

AccessLog: TypeAlias = Callable[[str, str, int, float, str, str], None]
"""Called with method, path (without the query, which may hold secrets), status, seconds, client, request id."""


def access_log(
    wanted: Literal["auto", "on", "off"], form: Literal["json", "text"], *, stream: TextIO | None = None
) -> AccessLog | None:
    """The log that is wanted, None for none; `auto` logs unless the stream (default: stdout) is a terminal."""
    stream = stream or sys.stdout
    if wanted == "off" or (wanted == "auto" and stream.isatty()):
        return None
    format_line = _as_json if form == "json" else _as_text

    def log(method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> None:
        # One write a line, so that lines of several workers do not mix.
        stream.write(format_line(method, path, status, seconds, client, request_id) + "\n")
        stream.flush()

    return log


def _as_json(method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> str:
    return json.dumps(
        {
            "time": _now(),
            "method": method,
            "path": path,
            "status": status,
            "ms": round(1e3 * seconds, 3),
            "client": client,
            "request_id": request_id,
        }
    )


def _as_text(method: str, path: str, status: int, seconds: float, client: str, request_id: str) -> str:
    # repr-like escaping: a path may hold anything once it is unquoted, line breaks included.
    return f"{_now()} {client} {method} {json.dumps(path)} {status} {1e3 * seconds:.3f} ms {request_id}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
