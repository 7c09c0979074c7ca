"""`serve-weights bench` against real servers: ours on a model that does nothing, and some that misbehave."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.bench.load import Outcome, Target, drive
from serve.bench.pictures import SAMPLES, read_pictures
from serve.bench.processes import run_load
from serve.bench.report import row_of, table
from serve.bench.server_side import Between, Look, cpu_s_of, look
from serve.cli.main import main
from tests.serve.conftest import GatedModel, Running, running

SHORT = ["--seconds", "0.2", "--warm-up", "0.05"]


@pytest.fixture(scope="module")
def noop() -> Iterator[Running]:
    with running(max_bytes=1000) as found:
        yield found


def load(url: str, body: bytes = b"a picture", **options: Any) -> Outcome:
    target = Target.of(url)
    request = target.request(body, {"Content-Type": "image/jpeg"})
    return until_sent(lambda: asyncio.run(drive(target, [request], **{"concurrency": 3, "seconds": 0.2} | options)))


def until_sent(run: Callable[[], Outcome]) -> Outcome:
    """The first outcome with a request in it: a busy machine may not connect within its time."""
    while not (outcome := run()).num_sent:
        pass
    return outcome


def counted(server: Running, status: int) -> float:
    """Requests of `/predict` that the server says it has answered so."""
    text = server.client.get("/metrics").text
    sample = f'serve_requests_total{{route="/predict",status="{status}"}} '
    return next((float(line.removeprefix(sample)) for line in text.splitlines() if line.startswith(sample)), 0.0)


def test_every_request_is_counted_as_the_server_counts_it(noop: Running) -> None:
    before = counted(noop, 200)
    outcome = load(f"{noop.url}/predict")
    assert outcome.num_sent == len(outcome.latencies_s) == counted(noop, 200) - before
    assert outcome.statuses == {200: outcome.num_sent}
    assert outcome.took_s >= 0.2
    assert outcome.requests_per_s == outcome.num_sent / outcome.took_s
    assert not outcome.failures


def test_refused_requests_are_counted_by_status_and_are_no_good_answers(noop: Running) -> None:
    outcome = load(f"{noop.url}/predict", b"x" * 1001)
    assert set(outcome.statuses) == {413}
    assert outcome.num_failed == outcome.num_sent
    assert outcome.requests_per_s == 0
    assert outcome.percentile_ms(50) is None


def test_the_pictures_are_sent_in_turn(noop: Running) -> None:
    target = Target.of(f"{noop.url}/predict")
    requests = [target.request(b"x" * size, {}) for size in (1, 1001)]
    outcome = asyncio.run(drive(target, requests, concurrency=1, seconds=0.2))
    assert abs(outcome.statuses[200] - outcome.statuses[413]) <= 1


def test_several_processes_share_the_connections_and_add_up(noop: Running) -> None:
    target = Target.of(f"{noop.url}/predict")
    before = counted(noop, 200)
    requests = [target.request(b"x", {})]
    outcome = until_sent(lambda: run_load(target, requests, concurrency=3, seconds=0.2, num_processes=2))
    assert outcome.num_sent == counted(noop, 200) - before
    assert outcome.own_cpu_s > 0


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """A server that gives each connection's first request these bytes and hangs up, or says nothing if None."""

    def serve() -> None:
        with ExitStack() as held:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.enter_context(connection)
                with suppress(ConnectionError):
                    connection.recv(65536)
                    if answer is not None:
                        connection.sendall(answer)
                        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"", "connection lost"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "connection lost"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no HTTP in the answer"),
    ],
)
def test_a_request_without_an_answer_is_a_failure_and_the_connection_is_opened_again(
    answer: bytes, expected: str
) -> None:
    with answering(answer) as url:
        outcome = load(url, concurrency=1)
    assert outcome.failures[expected] == outcome.num_sent > 1


def test_an_answer_after_which_the_server_hangs_up_is_a_good_one() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok") as url:
        outcome = load(url, concurrency=1)
    assert outcome.statuses[200] > 1
    assert not outcome.failures


def test_a_server_that_never_answers_does_not_hold_the_loop_for_ever() -> None:
    with answering(None) as url:
        outcome = load(url, concurrency=2, seconds=0.1, timeout_s=0.05)
    assert set(outcome.failures) == {"timed out"}


def test_where_nobody_listens_the_reason_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = load(f"http://127.0.0.1:{port}/")
    assert set(outcome.failures) == {"not connected: Connection refused"}


@given(st.lists(st.floats(0, 10), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_latency_that_so_many_stay_within(latencies: list[float], percent: int) -> None:
    outcome = Outcome(1.0)
    outcome.latencies_s.extend(latencies)
    found = outcome.percentile_ms(percent)
    assert found in [1e3 * each for each in latencies]
    assert sum(1e3 * each <= found for each in latencies) * 100 >= percent * len(latencies)
    assert sum(1e3 * each < found for each in latencies) * 100 < percent * len(latencies)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://localhost", Target("localhost", 80, "/", False)),
        ("https://[::1]/predict?top_k=1", Target("::1", 443, "/predict?top_k=1", True)),
    ],
)
def test_addresses_are_taken_apart(url: str, expected: Target) -> None:
    assert Target.of(url) == expected


def test_the_mean_batch_is_the_servers_own(noop: Running) -> None:
    before = look(f"{noop.url}/metrics")
    outcome = load(f"{noop.url}/predict", concurrency=1)
    between = Between(before, look(f"{noop.url}/metrics"))
    assert between.mean_batch == 1
    row = row_of(outcome, between, concurrency=1)
    assert row.num_good == outcome.num_sent
    assert row.cpu_ms is None or row.cpu_ms >= 0


def test_a_server_without_our_metrics_has_none_of_their_figures() -> None:
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n") as url:
        found = look(f"{url}metrics")
    assert found == Look(None, None, None)
    assert "  -  " in table([row_of(Outcome(1.0), Between(found, found), concurrency=1)])


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_cpu_time_of_a_process_grows_with_its_work() -> None:
    before = cpu_s_of(os.getpid())
    work_until(lambda: cpu_s_of(os.getpid()) > before)
    with pytest.raises(ProcessLookupError, match="no process"):
        cpu_s_of(2**22 + 1)


def work_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        sum(range(10_000))


def test_the_command_prints_a_table_and_stores_what_it_found(
    noop: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, picture = tmp_path / "found.json", tmp_path / "small.png"
    picture.write_bytes(b"x" * 9)
    assert main(["bench", noop.url, str(picture), "--concurrency", "1,2", "--out", str(out), *SHORT]) == 0
    printed = capsys.readouterr()
    assert [line.split()[0] for line in printed.out.splitlines()[1:]] == ["1", "2"]
    assert all(line.endswith("none") for line in printed.out.splitlines()[1:])
    found = json.loads(out.read_text())
    assert [row["concurrency"] for row in found["rows"]] == [1, 2]
    assert all(row["num_good"] > 0 and row["errors"] == {} and row["p99_ms"] > 0 for row in found["rows"])
    assert (found["num_pictures"], found["seconds"]) == (1, 0.2)
    assert str(out) in printed.err


def test_the_samples_are_sent_unless_others_are_named(
    noop: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "found.json"
    assert main(["bench", noop.url, "--concurrency", "1", "--json", "--out", str(out), *SHORT]) == 1  # too large here
    printed = capsys.readouterr()
    (row,) = json.loads(printed.out)["rows"]
    assert row["errors"] == {"413": row["num_failed"]}
    assert "3 pictures" in printed.err
    assert json.loads(out.read_text()) == json.loads(printed.out)


def test_a_queue_that_overflows_shows_as_errors_beside_good_answers(
    gated: tuple[Running, GatedModel], tmp_path: Path
) -> None:
    server, model = gated
    model.shut()
    opener = threading.Timer(0.05, model.gate.set)
    opener.start()
    outcome = load(f"{server.url}/predict", concurrency=12)
    opener.join()
    assert set(outcome.statuses) == {200, 503}
    assert outcome.num_failed == outcome.statuses[503]


def test_a_server_that_is_not_there_is_said_to_be_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    given = ["bench", f"http://127.0.0.1:{port}", "--concurrency", "1", "--out", str(tmp_path / "x.json"), *SHORT]
    assert main(given) == 1
    assert "serve-weights run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (["ftp://host"], "http://HOST:PORT"),
        (["http://host", "nowhere/at/all.jpg"], "nowhere/at/all.jpg"),
        (["http://127.0.0.1:1", "--pid", str(2**22 + 1), *SHORT], "no process"),
    ],
)
def test_wrong_calls_are_explained(
    given: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *given, "--out", str(tmp_path / "x.json")]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--concurrency", "0"], ["--seconds", "-1"], ["--seconds", "inf"]])
def test_numbers_that_make_no_sense_are_refused(given: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["bench", *given])


def test_of_a_folder_the_pictures_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.PNG").write_bytes(b"a")
    (tmp_path / "notes.txt").write_bytes(b"b")
    assert [(each.content, each.content_type) for each in read_pictures([tmp_path])] == [(b"a", "image/png")]
    assert [each.content_type for each in read_pictures([tmp_path / "notes.txt"])] == ["application/octet-stream"]
    (tmp_path / "a.PNG").unlink()
    with pytest.raises(ValueError, match="no picture in"):
        read_pictures([tmp_path])
    assert {each.name for each in read_pictures([])} == {path.name for path in SAMPLES.glob("*.jpg")}
