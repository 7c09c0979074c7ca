"""ResNet-50 with the V2 recipe: begun, killed for real, resumed, exported and asked what it sees."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.training.data_folders import write_data_folder
from training.runs.export import FILE

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
# The recipe itself but for what a CPU and 216 pictures need: fewer epochs, smaller batches and crops.
CHANGES = ("epochs=2", "warmup_epochs=1", "num_gpus=2", "batch_size_per_gpu=18", "train_crop_size=32", "lr=0.02")
EVALUATION = ("inference.resize_size=40", "inference.crop_size=32")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_resnet50_is_trained_killed_resumed_exported_and_predicts(tmp_path: Path) -> None:
    data = write_data_folder(tmp_path / "colours", num_train=72, num_val=12, size=48)
    changes = [word for setting in (*CHANGES, *EVALUATION) for word in ("--set", setting)]
    words = [sys.executable, "-m", "training.cli", "resnet50/v2", "--data", str(data), *changes]
    words += ["--output", str(tmp_path / "run"), "--device", "cpu", "--workers", "1", "--snapshot-every-steps", "2"]
    begun = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.DEVNULL)
    while begun.poll() is None and not (tmp_path / "run" / "last.snapshot").exists():
        time.sleep(0.05)
    begun.kill()
    assert begun.wait() == -signal.SIGKILL, "the run was over before it could be killed"
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    assert "Resumed at epoch 1, step 2." in done.stderr
    predict = [sys.executable, "-m", "weights_registry", "predict", str(data / "val" / "red" / "000.png")]
    asked = subprocess.run(
        [*predict, "--weights", str(tmp_path / "run" / FILE), "--device", "cpu"],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    assert "red" in asked.stdout
