"""`serve-weights` as a process: flags and environment, stopping without loss, several workers, the access log."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import httpx2
import pytest

from serve.cli.main import main
from serve.cli.server import Server
from serve.cli.workers import _Supervisor
from serve.settings import Settings
from tests.serve.conftest import encode, running, wait_until


@dataclass
class Process:
    popen: "subprocess.Popen[str]"
    client: httpx2.Client
    stdout: TextIO

    def is_ready(self) -> bool:
        assert self.popen.poll() is None, "the server has ended"
        try:
            return self.client.get("/readyz").status_code == 200
        except httpx2.TransportError:
            return False

    def end(self) -> tuple[int, str]:
        """Exit code and stdout, once it has stopped."""
        code = self.popen.wait(60)
        self.stdout.seek(0)
        return code, self.stdout.read()


@contextmanager
def process(*flags: str, **environment: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "serve.cli.main", "run", "--port", "0", *flags]
    # Not a pipe for stdout: once the access log had filled it, lines would be lost.
    with tempfile.TemporaryFile("w+") as stdout:
        popen = subprocess.Popen(
            command, stdout=stdout, stderr=subprocess.PIPE, text=True, env=os.environ | environment
        )
        yield from _served(popen, stdout)


def _served(popen: "subprocess.Popen[str]", stdout: TextIO) -> Iterator[Process]:
    try:
        assert popen.stderr is not None
        line = popen.stderr.readline()
        url = re.findall(r"http://\S+", line)
        assert url, line + popen.stderr.read()
        with httpx2.Client(base_url=url[0], timeout=60) as client:
            found = Process(popen, client, stdout)
            wait_until(found.is_ready, timeout_s=120)
            yield found
    finally:
        if popen.poll() is None:
            popen.terminate()
        popen.communicate(timeout=60)


def post(found: Process, **options: Any) -> httpx2.Response:
    return found.client.post("/predict", content=encode(), headers={"content-type": "image/png"}, **options)


def num_accepted(found: Process) -> int:
    """Pictures' requests that were answered or are under way."""
    text = found.client.get("/metrics").text
    answered = re.findall(r'serve_requests_total\{route="/predict",status="200"\} (\S+)', text)
    (in_flight,) = re.findall(r"^serve_in_flight (\S+)", text, re.MULTILINE)
    return sum(int(float(number)) for number in answered) + int(float(in_flight)) - 1  # the scrape itself


@pytest.mark.slow
def test_a_stop_answers_what_is_in_flight_is_unready_at_once_and_exits_with_0() -> None:
    with process("--drain-s", "60", SERVE_TOP_K="3") as found, ThreadPoolExecutor(4) as pool:
        assert len(post(found).json()["pictures"][0]["categories"]) == 3
        requests = [pool.submit(post, found) for _ in range(4)]
        found.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: found.client.get("/readyz").json()["status"] == "stopping")
        wait_until(lambda: num_accepted(found) == 5)
        found.popen.send_signal(signal.SIGTERM)  # asked twice, it does not wait for load balancers any longer
        assert [request.result().status_code for request in requests] == [200] * 4
        code, stdout = found.end()
        assert code == 0
    lines = [json.loads(line) for line in stdout.splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [("/predict", 200)] * 5  # the probes are left out
    assert len({line["request_id"] for line in lines}) == 5


@pytest.mark.slow
def test_two_workers_share_a_port_and_their_metrics() -> None:
    with process("--workers", "2", "--access-log", "off") as found:
        prefixes = set()

        def both_have_answered() -> bool:
            with httpx2.Client(base_url=found.client.base_url, timeout=60) as fresh:
                response = fresh.get("/readyz")
            if response.status_code == 200:
                prefixes.add(response.headers["x-request-id"].partition("-")[0])
            return len(prefixes) == 2

        wait_until(both_have_answered, timeout_s=120)
        for _ in range(4):
            assert post(found).status_code == 200
        assert 'serve_requests_total{route="/predict",status="200"} 4.0' in found.client.get("/metrics").text
        found.popen.send_signal(signal.SIGTERM)
        assert found.end() == (0, "")


class ToldAtTheFirst:
    """Starts real processes that sleep; once the first has started, this one is told to stop."""

    def __init__(self) -> None:
        self.workers: list[ToldAtItsStart] = []

    def Process(self, **_: Any) -> "ToldAtItsStart":  # multiprocessing's name
        process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
        self.workers.append(ToldAtItsStart(process, is_told=not self.workers))
        return self.workers[-1]


class ToldAtItsStart:
    def __init__(self, process: Any, *, is_told: bool) -> None:
        self._process = process
        self._is_told = is_told

    def start(self) -> None:
        self._process.start()
        if self._is_told:
            os.kill(os.getpid(), signal.SIGTERM)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._process, name)


def test_a_stop_while_workers_start_reaches_every_one_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        supervisor = _Supervisor(Settings(workers=3), listener)
        context = ToldAtTheFirst()
        monkeypatch.setattr(supervisor, "_context", context)
        try:
            assert supervisor.run() == 0
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
    assert [worker.exitcode for worker in context.workers] == [-signal.SIGTERM]


def test_a_model_that_cannot_be_loaded_ends_the_server_with_1(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "serve.cli.main", "run", "--port", "0", "--weights", "resnet50"]
    nowhere = {"WEIGHTS_REGISTRY_OFFLINE": "1", "WEIGHTS_REGISTRY_CACHE": str(tmp_path), "TORCH_HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ | nowhere)
    assert done.returncode == 1
    assert "`ResNet50_Weights.ImageNet1K_V2` could not be fetched" in done.stderr


def test_a_name_that_nothing_has_is_refused_before_anything_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--port", "0", "--weights", "resnet51"]) == 1
    told = capsys.readouterr().err
    assert "cannot start: no weights are called `resnet51`" in told
    assert "listening" not in told


def test_a_variable_that_sets_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVE_PROT", "9")
    monkeypatch.setenv("SERVE_DTYPE", "int4")
    assert main(["run"]) == 2
    told = capsys.readouterr().err
    assert "`SERVE_PROT` in the environment is no setting and does nothing; did you mean `SERVE_PORT`?" in told
    assert "`SERVE_DTYPE` in the environment" not in told


def test_a_port_that_is_taken_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["run", "--port", str(taken.getsockname()[1])]) == 1
    assert "try another --port" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "environment", "told"),
    [
        (["--max-batch", "0"], {}, "`--max-batch`: Input should be greater than or equal to 1, not `0`"),
        (["--dtype", "int4"], {}, "`--dtype`"),
        ([], {"SERVE_PORT": "http"}, "`SERVE_PORT`"),
        ([], {"SERVE_API_KEY": ""}, "must not be empty"),
    ],
)
def test_a_wrong_setting_is_told_by_the_name_it_was_given_by(
    flags: list[str],
    environment: dict[str, str],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main(["run", *flags]) == 2
    assert told in capsys.readouterr().err


def test_help_shows_every_setting_with_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for name, field in Settings.model_fields.items():
        assert f"--{name.replace('_', '-')}" in text
        assert field.description
    assert text.count("default:") + text.count("default\n") >= len(Settings.model_fields)


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys\nfrom serve.cli.main import main\ntry: main({arguments!r})\nexcept SystemExit: pass\n"
    code += "print(sorted({'torch', 'numpy', 'PIL', 'fastapi', 'uvicorn'} & set(sys.modules)), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.strip() == "[]"


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVE_WEIGHTS", "resnet18, resnet50")
    assert Settings().weights == ("resnet18", "resnet50")
    assert Settings(weights=("resnet34",)).weights == ("resnet34",)


def test_a_connection_that_stays_silent_is_closed_and_one_that_waits_for_its_answer_is_not() -> None:
    class Connection:
        def __init__(self, cycle: Any) -> None:
            self.cycle = cycle
            self.transport = self
            self.is_closed = False

        def close(self) -> None:
            self.is_closed = True

    class Cycle:
        def __init__(self, *, response_complete: bool) -> None:
            self.response_complete = response_complete

    with running() as found:
        server = Server(Settings(port=0), found.app, found.serving)
    silent, waiting, active = Connection(None), Connection(Cycle(response_complete=False)), Connection(None)
    server.server_state.connections |= {silent, waiting, active}  # type: ignore[arg-type]
    for now in (0.0, 10.0, 20.5):
        server._end_silent_connections(now)
        active.cycle = Cycle(response_complete=True)  # another request each time
    assert (silent.is_closed, waiting.is_closed, active.is_closed) == (True, False, False)


def test_the_table_of_commands_names_modules_that_are_there() -> None:
    from serve.cli.main import COMMANDS

    folder = Path(__file__).parents[2] / "serve" / "cli"
    assert all((folder / f"{name}.py").is_file() for name in COMMANDS)
