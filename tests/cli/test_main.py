"""The command line as a whole: help, exit statuses, and how it ends when something outside of it does."""

import os
import re
import shlex
import signal
import subprocess
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.cli.conftest import Register, Run, Start
from tests.small_checkpoints import SAMPLES, record
from weights_registry.cli import _parser, main

COMMANDS = ("list", "show", "card", "download", "verify", "predict", "evaluate", "add", "remove")


def test_without_a_command_the_help_goes_to_stderr_and_the_status_says_misused(run: Run) -> None:
    ran = run()
    assert (ran.status, ran.out) == (2, "")
    assert all(f"\n    {command}" in ran.err for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_every_help_goes_to_stdout_and_its_examples_parse(
    arguments: list[str], run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run(*arguments)
    assert (ran.status, ran.err) == (0, "")
    lines = re.findall(r"^  weights-registry (.+?)(?: <photo.jpg)?  +\S.*$", ran.out, re.MULTILINE)
    assert len(lines) >= 2
    for line in lines:
        parsed = _parser().parse_args(shlex.split(line))
        assert parsed.command == (arguments[0] if arguments != ["--help"] else parsed.command)


def test_the_version_is_the_packages(run: Run) -> None:
    ran = run("--version")
    assert (ran.status, ran.out) == (0, f"weights-registry {version('weights-registry')}\n")


def test_an_unknown_command_or_option_is_misuse(run: Run) -> None:
    for arguments in (["lst"], ["list", "--colour"]):
        ran = run(*arguments)
        assert (ran.status, ran.out) == (2, "")
        assert arguments[-1] in ran.err


def test_a_genuine_bug_keeps_its_traceback(registered: Register) -> None:
    # No person typed the name of this category set: whoever registered the checkpoint made a mistake.
    registered(record(category_set="never shipped"))
    with pytest.raises(ValueError, match="never shipped"):
        main(["show", "Colours.V1"])


@pytest.mark.parametrize(
    "command", [["download", "resnet18"], ["verify", "resnet18"], ["predict", SAMPLES / "tripod.jpg"]]
)
@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("WEIGHTS_REGISTRY_OFFLINE", "perhaps"),
        ("WEIGHTS_REGISTRY_TIMEOUT_S", "soon"),
        ("WEIGHTS_REGISTRY_MIRROR", "ftp://x"),
    ],
)
def test_a_wrong_variable_is_named(
    command: list[object], variable: str, value: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    ran = run(*command)
    assert (ran.status, ran.out) == (1, "")
    assert variable in ran.err
    assert value in ran.err


def test_a_reader_that_has_gone_ends_it_quietly(start: Start) -> None:
    # As `weights-registry list --json | head -0`: the reading end is closed before the first byte is written.
    reader, writer = os.pipe()
    os.close(reader)
    process = start("list", "--json", stdout=writer)
    os.close(writer)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_a_reader_that_leaves_midway_ends_it_quietly(start: Start) -> None:
    process = start("show", "resnet50", "--json")
    assert process.stdout is not None
    assert process.stdout.read(1) == b"{"
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told_in_one_line(start: Start) -> None:
    with open("/dev/full", "wb") as full:
        process = start("list", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.decode().splitlines()[-1] == "weights-registry: No space left on device"
    assert b"Traceback" not in err


def test_a_closed_stdout_is_a_failure_and_a_closed_stderr_is_none(start: Start) -> None:
    process = start("list", preexec_fn=lambda: os.close(1))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err == b"weights-registry: stdout is closed; there is nowhere to write to\n"

    process = start("list", preexec_fn=lambda: os.close(2))
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith(b"NAME ")
    assert b"all that is known of one" not in out  # that is talk


@pytest.mark.slow
def test_ctrl_c_ends_it_in_one_line_even_while_it_waits_for_stdin(start: Start, tmp_path: Path) -> None:
    output = tmp_path / "labels.csv"
    process = start("predict", "-", "--output", output, stdin=subprocess.PIPE)
    assert process.stdin is not None
    # More than a pipe holds: once it is written, the command is reading.
    process.stdin.write(bytes(300_000))
    process.stdin.flush()
    while process.poll() is None:  # the first may come just between looking for one and waiting for bytes
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
    assert process.returncode == 130
    assert process.stderr is not None
    assert process.stderr.read() == b"interrupted\n"
    assert not list(tmp_path.glob("*labels*"))
