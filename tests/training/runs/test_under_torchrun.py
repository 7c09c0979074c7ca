"""`reproduce-weights` as `train --help` says to start it on several GPUs: by torchrun, here two processes on a CPU."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from tests.training.processes import TORCHRUN, ended
from tests.training.train_words import SMALL

ON_CPU = ("--device", "cpu", "--workers", "0")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(280)]


def under_torchrun(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = shutil.which("reproduce-weights", path=str(Path(sys.executable).parent))
    assert command is not None
    return ended([*TORCHRUN, "--no-python", command, *words, *ON_CPU], cwd=here, timeout=130)


def test_two_processes_train_and_verify_beside_a_folder_that_is_called_as_this_package(tmp_path: Path) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "__init__.py").write_text("raise SystemExit('the folder of the user was run')")
    write_data_folder(tmp_path / "colours")
    changes = [word for setting in SMALL for word in ("--set", setting)]
    done = under_torchrun(tmp_path, "resnet50/v2", "--data", "colours", *changes, "--no-catalog", "--output", "run")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["run/model.safetensors"]
    done = under_torchrun(tmp_path, "verify", "run", "--data", "colours")
    assert done.returncode == 0, done.stderr
    verdict, *rows = done.stdout.splitlines()
    assert verdict == "holds", "one process tells it, and tells it once"
    assert [row.split()[:2] for row in rows[2:]] == [["pictures", "9"]], "each picture is counted once"
