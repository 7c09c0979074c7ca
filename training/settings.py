"""How a run is carried out, as against what it trains: place, device, workers, care. Data; knows no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from training.hardware import LrRule

Choice = Literal["last", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Nothing here changes what is learnt but `seed`, `hold_out`, and the batch through its batch norm.

    `data` is what `dataset.open_data_set` takes and `output` the folder of the run. `batch_size_per_gpu` is the
    recipe's if left out. `snapshot_every_steps` saves within an epoch too, `keep_every_epochs` keeps snapshots for
    good. `log_every_steps` is how often a GPU is waited for. At most `max_unreadable` pictures may be damaged.
    """

    data: str
    output: Path
    categories: str | None = None
    seed: int = 0
    device: str | None = None
    batch_size_per_gpu: int | None = None
    lr_rule: LrRule | None = None
    num_workers: int = 4
    hold_out: int = 0
    snapshot_every_steps: int | None = None
    keep_every_epochs: int | None = None
    log_every_steps: int = 20
    max_unreadable: int = 100
    channels_last: bool = True
    compile: bool = False
    deterministic: bool = False
