"""Steps without chance: a recipe that draws nothing, and the batches it is shown."""

from dataclasses import replace

import torch

from tests.training.tiny_runs import TINY
from training.data.augment import NOTHING_ERASED
from training.data.feeding import Batch

PLAIN = replace(
    TINY,
    stochastic_depth=0.0,
    mixup_alpha=0.0,
    cutmix_alpha=0.0,
    random_erasing=0.0,
    ema_decay=None,
    ema_every_steps=None,
)


def batches(num_batches: int, size: int) -> list[Batch]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randint(0, 256, (num_batches, size, 3, 8, 8), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, 3, (num_batches, size), generator=generator)
    boxes = torch.tensor([NOTHING_ERASED] * size)
    return [Batch(each, boxes, label, ()) for each, label in zip(images, labels, strict=True)]
