"""The papers of a figure say what is known and no more: of the commit, of others' work, of whose versions."""

import resource
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.benchmarks import papers, peers
from tests.benchmarks.own_cpu import own_cpu_s
from tests.benchmarks.served import serving
from weights_registry.surroundings import COMMIT_VARIABLE

BURNED_S = 0.4

# Ready when its worker has worked; told to stop it goes without waiting for the worker, which knows no SIGTERM.
SERVER = f"""\
import http.server, os, signal, sys, time

ours, workers = os.pipe()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while time.process_time() < {BURNED_S}:
        pass
    os.write(workers, b"!")
    signal.pause()
    os._exit(0)
os.read(ours, 1)

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells")
def test_the_work_of_a_servers_worker_that_it_leaves_behind_counts_as_ours() -> None:
    def not_waited_for_s() -> float:
        used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return own_cpu_s() - sum(each.ru_utime + each.ru_stime for each in used)

    before_s = not_waited_for_s()
    with serving([sys.executable, "-c", SERVER, "{port}"]):
        pass
    # Short of what the server itself took to end, which nobody tells apart, and of the hundredths that Linux counts in.
    assert not_waited_for_s() - before_s >= BURNED_S / 2


def test_a_copy_without_git_has_the_commit_that_it_is_told_or_none_and_no_opinion_on_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(papers, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv(COMMIT_VARIABLE, raising=False)
    found = papers.code_and_machine("not used")
    assert (found["commit"], found["uncommitted_changes"]) == (None, None)
    assert "commit_told_by" not in found
    monkeypatch.setenv(COMMIT_VARIABLE, "11ad3fa6")
    found = papers.code_and_machine("not used")
    assert (found["commit"], found["uncommitted_changes"]) == ("11ad3fa6", None)
    assert found["commit_told_by"] == COMMIT_VARIABLE


def test_versions_of_peers_are_those_that_their_processes_import() -> None:
    found = peers.versions("fastapi", "no-such-package")
    assert found == {"fastapi": version("fastapi"), "no-such-package": "not installed"}
