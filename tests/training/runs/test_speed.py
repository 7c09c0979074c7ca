"""The speed of a few steps: measured as the run would run, and over processes without one waiting for ever.

As a script, one of two processes whose clocks disagree.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch

from tests.training.data_folders import write_data_folder
from tests.training.processes import TORCHRUN, ended
from tests.training.tiny_runs import TINY, open_tiny
from training.distributed import joined
from training.runs.opening import Run
from training.runs.speed import measure_speed

NUM_IMAGES = 4 * TINY.global_batch_size * 3  # of three colours: 12 steps an epoch


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("data") / "colours", num_train=NUM_IMAGES // 3)


class Watched:
    """A learner that notes how torch is set in each of its steps."""

    def __init__(self, run: Run) -> None:
        self.learner, self.seen = run.learner, list[tuple[bool, bool]]()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.learner, name)

    def step(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        self.seen.append((torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()))
        return self.learner.step(*args, **kwargs)


def watched(run: Run) -> Watched:
    run.learner = found = Watched(run)  # type: ignore[assignment]
    return found


@pytest.mark.parametrize("deterministic", [False, True])
def test_torch_is_set_as_the_run_would_set_it_and_then_as_it_was(
    data: Path, tmp_path: Path, deterministic: bool
) -> None:
    before = torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()
    run = open_tiny(data, tmp_path, deterministic=deterministic)
    learner = watched(run)
    assert measure_speed(run, seconds=0) > 0
    assert learner.seen == [(not deterministic, deterministic)] * 3, "two to warm up, and one that counts"
    assert (torch.backends.cudnn.benchmark, torch.are_deterministic_algorithms_enabled()) == before


def test_it_ends_with_the_epoch(data: Path, tmp_path: Path) -> None:
    run = open_tiny(data, tmp_path)
    learner = watched(run)
    assert measure_speed(run, seconds=1e9) > 0
    assert len(learner.seen) == run.learner.steps_per_epoch == 12


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_two_processes_whose_clocks_disagree_stop_at_the_same_step(data: Path) -> None:
    done = ended([*TORCHRUN, "-m", __name__, str(data)], timeout=150)
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["3", "3"]


def main(data: str) -> None:
    torch.set_num_threads(1)
    with joined("cpu") as process, TemporaryDirectory() as output:
        run = open_tiny(Path(data), Path(output), process=process)
        learner = watched(run)
        measure_speed(run, seconds=1e9 if process.is_first else 0)
        sys.stdout.write(f"{len(learner.seen)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
