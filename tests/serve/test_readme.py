"""Runs what the README shows of the server, on a free port instead of 8000."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.markdown_blocks import Block, find_blocks, find_commands
from tests.serve.conftest import Running

ROOT = Path(__file__).parent.parent.parent
ON_A_FREE_PORT = "tests/serve/test_readme.py runs it"

BLOCKS = [block for block in find_blocks((ROOT / "README.md").read_text()) if ON_A_FREE_PORT in (block.not_run or "")]


def _run(command: list[str]) -> str:
    return subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True).stdout


def test_the_readme_has_console_and_python_lines_for_the_server() -> None:
    assert {block.language for block in BLOCKS} == {"console", "python"}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.language)
def test_what_the_readme_shows_of_the_server_finds_an_espresso(block: Block, server: Running) -> None:
    code = block.code.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
    if block.language == "python":
        assert "espresso" in _run([sys.executable, "-c", code])
        return
    start, *asked = (each.command for each in find_commands(block))
    assert start.strip() == "make serve"
    if shutil.which("curl") is None and not os.environ.get("CI"):
        pytest.skip("the README's line needs curl: `apt install curl`")
    for command in asked:
        typed = shlex.split(command.replace("127.0.0.1:8000", f"127.0.0.1:{server.port}"))
        assert '"espresso"' in _run(typed)


def test_the_answer_in_json_is_what_the_server_says_of_the_espresso(server: Running) -> None:
    (block,) = [each for each in find_blocks((ROOT / "README.md").read_text()) if each.language == "json"]
    picture = (ROOT / "weights_registry/samples/espresso.jpg").read_bytes()
    shown, found = json.loads(block.code), server.post(picture, "/predict?top_k=1").json()
    scores = [answer["pictures"][0]["categories"][0].pop("score") for answer in (shown, found)]
    assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    timings = [answer["pictures"][0].pop("timings") for answer in (shown, found)]
    assert timings[0].keys() == timings[1].keys()
    assert shown | {"request_id": ""} == found | {"request_id": ""}


def test_make_serve_starts_the_server() -> None:
    assert "serve-weights run" in _run(["make", "--dry-run", "--always-make", "serve"])
