"""A real HTTP server on loopback that can be told to misbehave. Knows nothing of what is tested with it."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with one answer. `status` replaces the file; `cut_after` and `stall_after` count body bytes."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None
    stall_after: int | None = None
    claimed_length: int | None = None
    no_length: bool = False
    ignore_range: bool = False
    content_range: str | None = None


@dataclass(slots=True)
class Seen:
    """One request as it was answered. `num_sent` counts body bytes."""

    method: str
    path: str
    range: str | None
    if_range: str | None
    status: int = 0
    num_sent: int = 0


class FileServer:
    """Serves `files` by path with Range, If-Range and ETag; each request uses up one of `faults`, else `always`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.headers: dict[str, str] = {}
        self.faults: deque[Fault] = deque()
        self.always = Fault()
        self.etags = True
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self._httpd = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._httpd.daemon_threads = False  # joined at the end: no thread, no socket outlives a test
        self._thread = threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.released.set()
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._httpd.server_address[1]}"

    @property
    def num_sent(self) -> int:
        """Body bytes sent in all."""
        return sum(seen.num_sent for seen in self.seen)

    def serve(self, path: str, body: bytes) -> str:
        """Serve `body` at `path`; answers with its URL."""
        self.files[path] = body
        return self.url + path

    def etag(self, path: str) -> str:
        return f'"{hashlib.sha256(self.files[path]).hexdigest()}"'


def _handler_of(server: FileServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            seen = Seen(self.command, path, self.headers["Range"], self.headers["If-Range"])
            server.seen.append(seen)
            fault = server.faults.popleft() if server.faults else server.always
            self.close_connection = True
            status, headers, body = _answer(server, path, seen, fault)
            seen.status = status
            try:
                self.send_response(status)
                for name, value in {**headers, "Connection": "close", **server.headers, **fault.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command == "GET":
                    self._send(body, fault, seen)
            except ConnectionError:
                pass  # the client went away, as some tests want it to

        do_HEAD = do_GET

        def _send(self, body: bytes, fault: Fault, seen: Seen) -> None:
            end = min(len(body), *(n for n in (fault.cut_after, fault.stall_after, len(body)) if n is not None))
            seen.num_sent += end  # before the bytes leave: whoever has them may look at once
            self.wfile.write(body[:end])
            if fault.stall_after is not None:
                server.released.wait()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _answer(server: FileServer, path: str, seen: Seen, fault: Fault) -> tuple[int, dict[str, str], bytes]:
    status = fault.status or (200 if path in server.files else 404)
    if status not in (200, 206):
        return status, {"Content-Length": "0"}, b""
    body = server.files[path]
    headers = {"ETag": server.etag(path)} if server.etags else {}
    if seen.range and not fault.ignore_range and seen.if_range in (None, server.etag(path)):
        start = int(seen.range.removeprefix("bytes=").rstrip("-"))
        if start >= len(body):
            return 416, {"Content-Length": "0"}, b""
        status = 206
        headers["Content-Range"] = fault.content_range or f"bytes {start}-{len(body) - 1}/{len(body)}"
        body = body[start:]
    if not fault.no_length:
        headers["Content-Length"] = str(len(body) if fault.claimed_length is None else fault.claimed_length)
    return status, headers, body
