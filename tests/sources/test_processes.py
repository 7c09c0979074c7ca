"""Several processes at once, and processes that are killed. Every one is a real one."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.sources.server import Fault, FileServer
from tests.sources.toy import Make
from weights_registry import sources
from weights_registry.checkpoint import Checkpoint
from weights_registry.sources import Transfer
from weights_registry.sources.cache import Entry, lock

SCRIPT = """
import sys
from weights_registry import sources
from weights_registry.checkpoint import Checkpoint
from weights_registry.preprocessing import Preprocessing

checkpoint = Checkpoint(
    id="Toy_Weights.V1", description="", architecture="toy", url=sys.argv[1], sha256=sys.argv[2], num_bytes=None,
    category_set="imagenet_1k", preprocessing=Preprocessing(resize_size=256, crop_size=224), metrics=(), recipe=None,
    num_params=1, gmacs=None, min_size=(1, 1), code_licence="Apache-2.0", weights_licence="Apache-2.0",
)
path = sources.fetch(checkpoint)
assert "torch" not in sys.modules
sys.stderr.write(str(path))
"""


def start(checkpoint: Checkpoint) -> subprocess.Popen[str]:
    assert checkpoint.sha256 is not None
    command = [sys.executable, "-c", SCRIPT, checkpoint.url, checkpoint.sha256]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_bytes(part: Path, num_bytes: int, process: subprocess.Popen[str]) -> None:
    """Until the file has that many bytes; the test's own time limit ends a wait for ever."""
    while not (part.exists() and part.stat().st_size >= num_bytes):
        assert process.poll() is None, "the process ended before it was killed"
        time.sleep(0.01)


def test_processes_that_ask_at_once_download_once(server: FileServer, make: Make, body: bytes) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    processes = [start(checkpoint) for _ in range(4)]
    told = [process.communicate() for process in processes]
    assert told == [("", str(Entry.of(checkpoint).path))] * 4
    assert len(server.seen) == 1
    assert server.num_sent == len(body)


def test_threads_that_ask_at_once_download_once(server: FileServer, make: Make, body: bytes) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    threads = [threading.Thread(target=sources.fetch, args=[checkpoint]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.seen) == 1


def test_what_a_killed_process_began_the_next_one_finishes(server: FileServer, make: Make, body: bytes) -> None:
    checkpoint = make(server.serve("/w.pth", body))
    server.faults.append(Fault(stall_after=200_000))
    path = Entry.of(checkpoint).path
    with start(checkpoint) as killed:
        wait_for_bytes(path.with_name("w.pth.part"), 200_000, killed)
        os.kill(killed.pid, signal.SIGKILL)
    assert not path.exists()
    with start(checkpoint) as second:
        assert second.communicate() == ("", str(path))
    assert path.read_bytes() == body
    assert [(seen.range, seen.if_range) for seen in server.seen] == [
        (None, None),
        ("bytes=200000-", server.etag("/w.pth")),
    ]
    assert server.num_sent == len(body)


def test_the_lock_of_a_killed_process_is_free(make: Make, server: FileServer, tmp_path: Path) -> None:
    script = "import sys, pathlib; from weights_registry.sources.cache import lock\n"
    script += "with lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", script, str(tmp_path / "w")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        with lock(tmp_path / "w"):
            assert (tmp_path / "w.lock").exists()


@pytest.mark.parametrize("progress", [True, False, None])
def test_a_bar_is_shown_on_stderr_when_asked_for_and_nothing_ever_on_stdout(
    server: FileServer,
    make: Make,
    body: bytes,
    transfer: Transfer,
    capfd: pytest.CaptureFixture[str],
    progress: bool | None,
) -> None:
    server.faults += [Fault(status=503), Fault(cut_after=100_000), Fault(ignore_range=True)]
    checkpoint = make(server.serve("/w.pth", bytes(len(body))), server.serve("/mirror/w.pth", body))
    sources.fetch(checkpoint, transfer=transfer, progress=progress)
    out, err = capfd.readouterr()
    assert out == ""
    assert ("w.pth: 100%" in err) is (progress is True)


def test_importing_the_sources_loads_only_the_standard_library() -> None:
    script = """
import sys
before = set(sys.modules)
import weights_registry.sources
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - set(sys.stdlib_module_names) - {"weights_registry"}))
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
