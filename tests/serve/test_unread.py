"""Answers that come before the whole body: the client sees them, and the server does not read for ever."""

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.serve.conftest import Running, running

MAX_BYTES = 100_000
FAR_TOO_LARGE = 9 * MAX_BYTES  # still within what is dropped
HEAD = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\n"
LENGTH = b"Content-Length: %d\r\n"


@pytest.fixture(scope="module")
def small() -> Iterator[Running]:
    with running(max_bytes=MAX_BYTES, body_timeout_s=20) as found:
        yield found


@contextmanager
def connected(server: Running) -> Iterator[socket.socket]:
    """A connection whose buffers hold little, so that what is sent must be read by the server."""
    with socket.socket() as connection:
        connection.settimeout(30)
        for buffer in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            connection.setsockopt(socket.SOL_SOCKET, buffer, 4096)
        connection.connect(("127.0.0.1", server.port))
        yield connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and whole text of the next answer."""
    text = b""
    while b"\r\n\r\n" not in text:
        text += connection.recv(1)
    for _ in range(int(text.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)):
        text += connection.recv(1)
    return int(text.split()[1]), text


def chunked(num_bytes: int) -> bytes:
    piece = b"2000\r\n" + bytes(0x2000) + b"\r\n"
    return piece * (num_bytes // 0x2000) + b"0\r\n\r\n"


REQUESTS = {
    "chunked": b"Transfer-Encoding: chunked\r\n\r\n" + chunked(FAR_TOO_LARGE),
    "chunked, expecting": b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n" + chunked(FAR_TOO_LARGE),
    "declared": LENGTH % FAR_TOO_LARGE + b"\r\n" + bytes(FAR_TOO_LARGE),
    "declared, expecting": LENGTH % FAR_TOO_LARGE + b"Expect: 100-continue\r\n\r\n" + bytes(FAR_TOO_LARGE),
}


@pytest.mark.parametrize("connection_header", [b"", b"Connection: close\r\n"])
@pytest.mark.parametrize("request_text", REQUESTS.values(), ids=REQUESTS)
def test_a_client_that_sends_all_of_a_too_large_body_before_it_reads_gets_its_413(
    small: Running, request_text: bytes, connection_header: bytes
) -> None:
    with connected(small) as connection:
        connection.sendall(HEAD + connection_header + request_text)
        status, text = answer(connection)
        if text.startswith(b"HTTP/1.1 100 "):  # it asked, and the length of a chunked body was not known
            status, text = answer(connection)
        assert status == 413
        assert b"connection: close" in text.lower()
        assert b"100,000 bytes" in text
        assert connection.recv(1) == b""


def test_a_client_that_asks_first_is_told_not_to_send(small: Running) -> None:
    with connected(small) as connection:
        connection.sendall(HEAD + LENGTH % FAR_TOO_LARGE + b"Expect: 100-continue\r\n\r\n")
        assert answer(connection)[0] == 413


def test_a_slow_sender_that_goes_on_sending_gets_its_408() -> None:
    with running(body_timeout_s=0.2) as found, connected(found) as slow:
        slow.sendall(HEAD + b"Connection: close\r\n" + LENGTH % MAX_BYTES + b"\r\nhalf")
        assert select.select([slow], [], [], 30)[0]
        for _ in range(3):  # the first that reached a closed connection would have it reset
            slow.sendall(b"more")
        status, text = answer(slow)
        assert status == 408
        assert b"connection: close" in text.lower()


def test_a_body_without_an_end_is_not_read_for_ever(small: Running) -> None:
    num_sent = 0
    with connected(small) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while num_sent < 100 * MAX_BYTES:
                num_sent += connection.send(b"2000\r\n" + bytes(0x2000) + b"\r\n")
    assert 10 * MAX_BYTES < num_sent < 100 * MAX_BYTES


def test_a_connection_goes_on_after_a_body_that_was_refused_for_another_reason(small: Running) -> None:
    with connected(small) as connection:
        for path, status in ((b"/predict?weights=nobody", 404), (b"/predict", 200)):
            head = HEAD.replace(b"/predict", path) + LENGTH % MAX_BYTES
            connection.sendall(head + b"\r\n" + bytes(MAX_BYTES))
            found, text = answer(connection)
            assert found == status
            assert b"connection: close" not in text.lower()


def test_a_client_that_is_silent_after_its_413_is_not_waited_for_nor_is_that_time_the_answers() -> None:
    with running(max_bytes=1000) as found:
        with connected(found) as connection:
            connection.sendall(HEAD + LENGTH % 2000 + b"\r\n")
            assert answer(connection)[0] == 413
            assert connection.recv(1) == b""  # after two silent seconds
        text = found.client.get("/metrics").text
    assert 'serve_request_seconds_bucket{le="2.0",route="none"} 1.0' in text
