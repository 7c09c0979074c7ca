"""Which picture comes when: a pure function of seed, epoch and place, the same for any number of processes.

Knows neither pictures nor torch.distributed. A place is a number from 0 up within an epoch: step 0 takes the first
`global_batch_size` places, step 1 the next. The places of a step are dealt like cards to as many lanes as batches make
it up, a lane being one process's one accumulated batch. So 8 GPUs and one GPU that accumulates 8 batches train on the
very same batches, and the views of a picture go to different batches wherever there are enough of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from training.errors import DataSetTooSmall
from training.randomness import generator_of


class View(NamedTuple):
    """One sight of a picture: what its augmentation is a function of, together with the seed."""

    epoch: int
    picture: int
    view: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a run is: `num_steps` optimiser steps of `epoch` are done."""

    epoch: int = 0
    num_steps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """Deals the pictures of an epoch: shuffled, each `num_views` times in a row, in whole steps.

    An epoch keeps its length under repeated augmentation, so it shows fewer different pictures; what does not fill a
    step waits for another shuffle. Source: the RASampler of torchvision's references/classification, without its
    rounding to 256. Raises DataSetTooSmall if the pictures do not fill one step.
    """

    num_images: int
    batch_size: int
    num_lanes: int = 1
    num_views: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.batch_size, self.num_lanes, self.num_views) < 1:
            raise ValueError("`batch_size`, `num_lanes` and `num_views` start from 1")
        if self.num_images < self.global_batch_size:
            raise DataSetTooSmall(
                f"a step takes {self.global_batch_size} pictures and the training set has {self.num_images}; give it "
                "more pictures, or a smaller batch and a rule for the learning rate, `--batch-size-per-gpu N --lr-rule "
                "linear`, which makes it another recipe"
            )

    @property
    def global_batch_size(self) -> int:
        """Pictures of one optimiser step."""
        return self.batch_size * self.num_lanes

    @property
    def steps_per_epoch(self) -> int:
        """Whole steps that the training set fills."""
        return self.num_images // self.global_batch_size

    def batch(self, *, epoch: int, step: int, lane: int) -> list[View]:
        """The views that one lane takes in one step. Raises ValueError for a step or a lane that does not exist."""
        if not (0 <= step < self.steps_per_epoch and 0 <= lane < self.num_lanes):
            raise ValueError(
                f"`step` and `lane` must be below {self.steps_per_epoch} and {self.num_lanes}, not `{step}`, `{lane}`"
            )
        order = _shuffled(self.num_images, self.seed, epoch)
        first = step * self.global_batch_size + lane
        places = range(first, first + self.global_batch_size, self.num_lanes)
        return [View(epoch, int(order[place // self.num_views]), place % self.num_views) for place in places]


class BatchSampler:
    """The batches of one process from a position to the end of its epoch, for a torch DataLoader.

    Of the deal's lanes a process has every `num_processes`th, its own first; the batches of a step come one after
    another. `position` is read whenever an iteration begins, so that persistent workers serve every epoch.
    """

    def __init__(self, deal: Deal, *, process: int = 0, num_processes: int = 1) -> None:
        if deal.num_lanes % num_processes or not 0 <= process < num_processes:
            raise ValueError(f"{deal.num_lanes} lanes cannot be dealt to process {process} of {num_processes}")
        self.deal = deal
        self.lanes = range(process, deal.num_lanes, num_processes)
        self.position = Position()

    def __iter__(self) -> Iterator[list[View]]:
        position = self.position
        for step in range(position.num_steps, self.deal.steps_per_epoch):
            for lane in self.lanes:
                yield self.deal.batch(epoch=position.epoch, step=step, lane=lane)

    def __len__(self) -> int:
        return (self.deal.steps_per_epoch - self.position.num_steps) * len(self.lanes)


@lru_cache(maxsize=2)
def _shuffled(num_images: int, seed: int, epoch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    order: np.ndarray[tuple[int], np.dtype[np.int64]] = generator_of(seed, "shuffle", epoch).permutation(num_images)
    return order
