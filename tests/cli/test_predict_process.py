"""`predict` as a process: pipes, terminals and a sudden death."""

import json
import os
import pty
import shutil
import subprocess
import termios
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Start
from tests.small_checkpoints import SAMPLES

pytestmark = pytest.mark.slow


def test_stdin_is_a_picture_among_others_and_nothing_is_said_but_the_summary(
    start: Start, still_life_file: Path
) -> None:
    tabby, espresso = SAMPLES / "tabby_cat.jpg", SAMPLES / "espresso.jpg"
    arguments = ["predict", "--json", "--top-k", 1, "--weights", still_life_file, espresso, "-", SAMPLES / "tripod.jpg"]
    with tabby.open("rb") as file:
        process = start(*arguments, stdin=file)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    found = [json.loads(line) for line in out.splitlines()]
    assert [each["source"] for each in found] == [str(espresso), "-", str(SAMPLES / "tripod.jpg")]
    assert [each["categories"][0]["label"] for each in found] == ["espresso", "tiger cat", "tripod"]
    assert err.startswith(b"3 images with StillLife.V1, ")
    assert len(err.splitlines()) == 1  # neither bar nor warning


def test_killed_midway_it_leaves_no_file_under_the_name(start: Start, still_life_file: Path, tmp_path: Path) -> None:
    output = tmp_path / "labels.csv"
    output.write_text("of an earlier run\n")
    arguments = ["predict", "--format", "csv", "--weights", still_life_file, "--output", output, "--batch-size", 1]
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(20):  # so many that the first are written before stdin is read
        shutil.copy(SAMPLES / "espresso.jpg", pictures / f"{number}.jpg")
    process = start(*arguments, "--threads", 1, pictures, "-", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(bytes(300_000))  # more than a pipe holds: once it is written, the command has come to it
    process.stdin.flush()
    assert [path.name for path in tmp_path.glob(".labels.csv.*.part")] == [f".labels.csv.{process.pid}.part"]
    process.kill()
    process.wait(timeout=60)
    assert output.read_text() == "of an earlier run\n"


@pytest.mark.parametrize("stdout_is_terminal", [False, True])
def test_the_bar_is_on_a_terminal_that_has_room_for_it(
    stdout_is_terminal: bool, start: Start, still_life_file: Path
) -> None:
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 80))
    stdout = inside if stdout_is_terminal else subprocess.PIPE
    process = start("predict", "--json", "--weights", still_life_file, SAMPLES, stdout=stdout, stderr=inside)
    os.close(inside)
    shown = bytearray()
    reader = threading.Thread(target=lambda: shown.extend(read_terminal(terminal)))
    reader.start()
    out, _ = process.communicate(timeout=120)
    reader.join()
    os.close(terminal)
    assert process.returncode == 0
    assert b"3 images with StillLife.V1" in shown
    lines = shown.splitlines()[:3] if stdout_is_terminal else out.splitlines()
    assert [Path(json.loads(line)["source"]).name for line in lines] == ["espresso.jpg", "tabby_cat.jpg", "tripod.jpg"]
    assert (b"%|" in shown) is (not stdout_is_terminal)


def read_terminal(terminal: int) -> bytes:
    """All that is written to the terminal until its last writer has gone."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 2**16)
        except OSError:  # Linux's way to say that nobody holds the other end any more
            return b"".join(parts)
        if not part:
            return b"".join(parts)
        parts.append(part)
