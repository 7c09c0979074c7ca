"""What one of two processes meets, both know: they name it, count it and end together, and never wait for ever."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.partial_runs import log_of, stopped_after
from tests.training.processes import ENVIRONMENT, ROOT, TORCHRUN
from tests.training.tiny_runs import open_tiny
from training.runs.locking import FolderLock

SCENARIOS = ("apart", "named", "limit", "locked", "looks", "unwritable")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def data(root: Path) -> Path:
    """Five training pictures of 24 are damaged, so that each process meets some."""
    data = write_data_folder(root / "colours")
    for name in ("blue/000", "blue/003", "green/001", "red/000", "red/007"):
        (data / "train" / f"{name}.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    return data


@pytest.fixture(scope="module")
def said(data: Path, root: Path) -> Mapping[str, tuple[str, str, str]]:
    """By scenario, what both processes raised or noted, and what all of it together was talked about."""
    assert not stopped_after(open_tiny(data, root / "apart-0"), 4)
    (root / "locked").mkdir()
    (root / "unwritable" / "run.lock").mkdir(parents=True)
    lock = FolderLock(root / "locked")
    assert lock.take()
    with subprocess.Popen(
        [*TORCHRUN, "-m", "tests.training.two_processes", str(data), str(root), *SCENARIOS],
        env=ENVIRONMENT,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as started:
        try:
            _, talk = started.communicate(timeout=240)
        except subprocess.TimeoutExpired:  # what these tests are about: one waits for the other for ever
            os.killpg(started.pid, signal.SIGKILL)
            raise
    lock.release()
    assert started.returncode == 0, talk
    first, second = (json.loads((root / f"process-{number}.json").read_text()) for number in range(2))
    return {each: (first[each], second[each], talk) for each in SCENARIOS}


def test_without_a_shared_folder_none_goes_on_from_another_place(said: Mapping[str, tuple[str, str, str]]) -> None:
    first, second, _ = said["apart"]
    assert first == second
    assert "process 0 at epoch 2, step 1; process 1 at epoch 1, step 0. `--output` must be a folder" in first


def test_pictures_that_any_process_could_not_read_are_named_and_counted(
    said: Mapping[str, tuple[str, str, str]], root: Path
) -> None:
    first, second, talk = said["named"]
    assert (first, second) == ("", "")
    assert log_of(root / "named")[-1]["num_unreadable"] == 5
    for name in ("blue/000", "blue/003", "green/001", "red/000", "red/007"):
        assert f"Passed over: `{name}.png`" in talk


def test_the_limit_is_that_of_all_and_all_end_together(said: Mapping[str, tuple[str, str, str]]) -> None:
    first, second, _ = said["limit"]
    assert first == second
    assert first.startswith("TooManyUnreadable: ")
    assert "and the limit is 3" in first


def test_a_folder_in_use_is_told_to_both(said: Mapping[str, tuple[str, str, str]]) -> None:
    first, second, _ = said["locked"]
    assert first == second
    assert f"is in use: process {os.getpid()} on " in first


def test_a_folder_that_the_first_cannot_write_ends_both(said: Mapping[str, tuple[str, str, str]]) -> None:
    first, second, _ = said["unwritable"]
    assert first.startswith("IsADirectoryError: ")
    assert second == first.replace("IsADirectoryError", "RunError")


def test_they_ask_each_other_for_a_stop_by_time_and_not_by_steps_alone(
    said: Mapping[str, tuple[str, str, str]],
) -> None:
    # Every 100 steps would be after the third, the last. How long a step takes is known after the second.
    assert said["looks"][:2] == ("looked after [1, 2, 3]", "looked after [1, 2, 3]")
