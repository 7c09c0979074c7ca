"""The access log: its lines, on real pipes and terminals, and what becomes of them when nobody reads."""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from serve import assembly
from serve.http.access_log import AccessLog, access_log
from tests.serve.conftest import running, wait_until


class Pipe:
    """A pipe, of which nobody reads until `read` is called."""

    def __init__(self) -> None:
        self.output, self.input = os.pipe()

    def fill(self) -> int:
        """Write until it takes no more; gives the number of bytes."""
        flags = fcntl.fcntl(self.input, fcntl.F_GETFL)
        fcntl.fcntl(self.input, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        num_bytes = 0
        try:
            while True:
                num_bytes += os.write(self.input, bytes(4096))
        except BlockingIOError:
            fcntl.fcntl(self.input, fcntl.F_SETFL, flags)
            return num_bytes

    def read(self) -> bytes:
        """All that was and will be written, until `end_input`."""
        text = b""
        while piece := os.read(self.output, 65536):
            text += piece
        return text

    def end_input(self) -> None:
        os.close(self.input)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    found = Pipe()
    yield found
    for descriptor in (found.output, found.input):
        try:
            os.close(descriptor)
        except OSError:  # closed by the test
            continue


def log(number: int, to: AccessLog, path: str = "/a") -> None:
    to("GET", path, 200, 0.0125, "127.0.0.1", f"id-{number}")


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_is_json_or_text_and_never_more_than_one_line(pipe: Pipe, form: str) -> None:
    found = access_log("auto", form, descriptor=pipe.input)  # type: ignore[arg-type]
    assert found is not None
    found.start()
    log(1, found, "/a\nb\u2028\u00e9\ud800" + "x" * 100_000)
    found.close()
    pipe.end_input()
    text = pipe.read().decode()
    assert len(text.splitlines()) == 1
    assert "12.5" in text
    assert len(text) < 5000
    assert form == "text" or json.loads(text)["request_id"] == "id-1"


def test_it_is_off_by_default_on_a_terminal() -> None:
    terminal, inside = os.openpty()
    try:
        assert access_log("auto", "json", descriptor=inside) is None
        assert access_log("on", "json", descriptor=inside) is not None
        assert access_log("off", "json") is None
    finally:
        os.close(terminal)
        os.close(inside)


def test_no_line_is_lost_or_out_of_order_on_an_orderly_stop(pipe: Pipe) -> None:
    found = access_log("on", "json", descriptor=pipe.input)
    assert found is not None
    texts: list[bytes] = []
    reader = threading.Thread(target=lambda: texts.append(pipe.read()))
    reader.start()
    found.start()
    for number in range(5000):
        log(number, found)
    found.close(timeout_s=60)
    pipe.end_input()
    reader.join()
    assert [json.loads(line)["request_id"] for line in texts[0].splitlines()] == [f"id-{i}" for i in range(5000)]


def test_a_full_pipe_stops_neither_the_server_nor_its_end_and_what_is_lost_is_counted_and_said_once(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    opened = partial(access_log, descriptor=pipe.input, max_waiting=5)
    monkeypatch.setattr(assembly, "access_log", opened)
    num_filled = pipe.fill()
    with running(access_log="on") as found:
        statuses = {found.post(b"x", **{"x-request-id": f"id-{number}"}).status_code for number in range(20)}
        assert statuses == {200}
        # Some are in the hands of the thread that waits for the pipe, and five in the queue.
        (line,) = [
            line
            for line in found.client.get("/metrics").text.splitlines()
            if line.startswith("serve_access_log_dropped_total ")
        ]
        num_dropped = int(float(line.split()[1]))
        assert 0 < num_dropped <= 15
        texts: list[bytes] = []
        reader = threading.Thread(target=lambda: texts.append(pipe.read()))
        reader.start()
    pipe.end_input()
    reader.join()
    lines = texts[0][num_filled:].splitlines()
    ids = [json.loads(line)["request_id"] for line in lines]
    assert len(ids) == 20 - num_dropped
    assert ids == sorted(ids, key=lambda each: int(each.removeprefix("id-")))
    assert capfd.readouterr().err.count("are dropped") == 1


def test_a_pipe_that_nobody_ever_reads_does_not_hold_up_the_end(pipe: Pipe) -> None:
    pipe.fill()
    found = access_log("on", "json", descriptor=pipe.input)
    assert found is not None
    found.start()
    log(1, found)
    found.close(timeout_s=0.01)


def test_a_reader_that_has_gone_costs_lines_and_nothing_else(pipe: Pipe, capfd: pytest.CaptureFixture[str]) -> None:
    num_dropped: list[None] = []
    found = access_log("on", "json", descriptor=pipe.input, on_dropped=lambda: num_dropped.append(None))
    assert found is not None
    os.close(pipe.output)
    found.start()
    for number in range(3):
        log(number, found)
    found.close(timeout_s=60)
    assert len(num_dropped) == 3
    wait_until(lambda: "are dropped" in capfd.readouterr().err)
