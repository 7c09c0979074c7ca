"""How a run is carried out, as against what it trains: place, device, workers, care. Data; knows no torch."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from training.recipes.hardware import LrRule

Choice = Literal["last", "best"]


_MAX_WORKERS: Final = 16


def default_num_workers() -> int:
    """One process that reads a core, shared out between the processes of this machine that train; at most 16 each."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_MAX_WORKERS, cores // int(os.environ.get("LOCAL_WORLD_SIZE", "1"))))


def num_processes() -> int:
    """How many processes train together: as many as torchrun started, 1 without it.

    Many a scheduler's script exports WORLD_SIZE; only beside a RANK does it say that this process is one of so many.
    """
    return int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Nothing here changes what is learnt but `seed`, `hold_out`, and the batch through its batch norm.

    `data` is what `dataset.open_data_set` takes and `output` the folder of the run. `batch_size_per_gpu` is the
    recipe's if left out. `snapshot_every_steps` saves within an epoch too, `keep_every_epochs` keeps snapshots for
    good. `log_every_steps` is how often a GPU is waited for. Of the pictures to train on, and of those of each split to
    measure on, at most `max_unreadable` may be damaged.
    """

    data: str
    output: Path
    categories: str | None = None
    seed: int = 0
    device: str | None = None
    batch_size_per_gpu: int | None = None
    lr_rule: LrRule | None = None
    num_workers: int = field(default_factory=default_num_workers)
    hold_out: int = 0
    snapshot_every_steps: int | None = None
    keep_every_epochs: int | None = None
    log_every_steps: int = 20
    max_unreadable: int = 100
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
