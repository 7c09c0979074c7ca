"""A run that takes seconds: every ingredient on, on pictures of 12 x 12. As a script, one in a process of its own."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from training import Recipe, fit, get_recipe
from training.data.dataset import hold_out, open_data_set
from training.distributed import Process, joined
from training.runs.opening import Run, open_run
from training.runs.progress import progress_for
from training.runs.run import train
from training.runs.settings import RunSettings
from training.runs.stopping import StopWish, stop_wishes
from weights_registry import Preprocessing

ARCHITECTURE = "registry/resnet8-w4"
TINY = replace(
    get_recipe("resnet50/v2"),
    id=f"{ARCHITECTURE}/tiny",
    architecture=ARCHITECTURE,
    epochs=3,
    num_gpus=2,
    batch_size_per_gpu=4,
    lr=0.05,
    warmup_epochs=1,
    ema_every_steps=2,
    ema_decay=0.9,
    stochastic_depth=0.2,
    train_crop_size=8,
    repeated_augmentations=2,
    random_erasing=0.5,
    inference=Preprocessing(resize_size=8, crop_size=8),
    published=(),
    notes=(),
)
CPU = Process(device=torch.device("cpu"))


def tiny_settings(data: Path, output: Path, **changes: Any) -> RunSettings:
    plain = {"data": str(data), "output": output, "device": "cpu", "num_workers": 0, "log_every_steps": 2, **changes}
    return RunSettings(**plain)


def open_tiny(data: Path, output: Path, *, recipe: Recipe = TINY, process: Process = CPU, **changes: Any) -> Run:
    """A run of `recipe` as one process that accumulates, or as several."""
    settings = tiny_settings(data, output, **changes)
    opened = hold_out(open_data_set(settings.data), settings.hold_out, seed=settings.seed)
    fitted = fit(recipe, num_gpus=process.num_processes, batch_size_per_gpu=recipe.batch_size_per_gpu)
    return open_run(fitted, settings, opened, process, progress_for(is_first=process.is_first))


def train_tiny(data: Path, output: Path, **changes: Any) -> Run:
    """The run, carried out to its end."""
    run = open_tiny(data, output, **changes)
    assert train(run, StopWish())
    return run


def main(data: str, output: str, num_workers: str) -> int:
    torch.set_num_threads(1)
    with joined("cpu") as process, stop_wishes() as stop:
        run = open_tiny(Path(data), Path(output), process=process, num_workers=int(num_workers), snapshot_every_steps=1)
        if train(run, stop):
            return 0
        print(f"process {process.number} stopped", file=sys.stderr, flush=True)
        return 128 + stop.signal


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
