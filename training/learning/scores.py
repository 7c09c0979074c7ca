"""How often a network is right on labelled pictures, each counted once. Knows nothing of training.

Shapes: N pictures, K categories.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from training.data.feeding import Batch
from training.distributed import gather_texts, share_state, sum_over_processes
from training.errors import DataSetError, LossDiverged
from weights_registry.inference.evaluation import wilson_interval
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Preprocessing


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Of `num_images` pictures, in how many the truth came first or among the first five; and those not readable.

    With fewer than five categories, among all of them.
    """

    num_images: int
    num_correct1: int
    num_correct5: int
    unreadable: tuple[str, ...] = ()

    @property
    def acc1(self) -> float:
        """In percent."""
        return 100 * self.num_correct1 / self.num_images

    @property
    def acc5(self) -> float:
        """In percent."""
        return 100 * self.num_correct5 / self.num_images

    @property
    def interval1(self) -> tuple[float, float]:
        """95 % interval of `acc1`, in percent."""
        return wilson_interval(self.num_correct1, self.num_images)

    @property
    def interval5(self) -> tuple[float, float]:
        """95 % interval of `acc5`, in percent."""
        return wilson_interval(self.num_correct5, self.num_images)

    def record(self) -> dict[str, Any]:
        """As JSON types: accuracies in percent, rounded to what the number of pictures can tell.

        `num_unreadable` is there if a picture could not be read.
        """
        return {
            "acc1": round(self.acc1, 4),
            "acc5": round(self.acc5, 4),
            "interval1": [round(end, 4) for end in self.interval1],
            "interval5": [round(end, 4) for end in self.interval5],
            "num_images": self.num_images,
            "num_correct1": self.num_correct1,
            "num_correct5": self.num_correct5,
        } | ({"num_unreadable": len(self.unreadable)} if self.unreadable else {})


@torch.inference_mode()
def score(
    network: nn.Module, batches: Iterable[Batch], preprocessing: Preprocessing, *, device: torch.device
) -> Scores:
    """The scores over the batches of all processes, in float32 and in eval mode; the network's mode is as before then.

    Every process must call it. Raises DataSetError if no picture can be read, and LossDiverged if the network answers
    one with NaN or infinity, which would be counted as any other answer.
    """
    share_state(network)
    transforms = ImageTransforms(preprocessing)
    counts = torch.zeros(4, dtype=torch.int64, device=device)
    unreadable: list[str] = []
    was_training = network.training
    network.eval()
    for batch in batches:
        labels_N = batch.labels_N.to(device, non_blocking=True)
        logits_NK = network(transforms.normalise(batch.images_NCHW.to(device, non_blocking=True)))
        counts += _count(logits_NK, labels_N)
        unreadable += batch.unreadable
    network.train(was_training)
    num_images, num_correct1, num_correct5, num_not_finite = sum_over_processes(counts).tolist()
    told = gather_texts(tuple(unreadable))
    if not num_images:
        raise DataSetError(f"no picture to measure on can be read: {told[0] if told else 'there is none'}")
    if num_not_finite:
        raise LossDiverged(
            f"the network answers {num_not_finite} of {num_images} pictures with NaN or infinity: its training has "
            "diverged. Train with a lower learning rate, a longer warm-up, or another number format than float16"
        )
    return Scores(num_images=num_images, num_correct1=num_correct1, num_correct5=num_correct5, unreadable=told)


def _count(logits_NK: torch.Tensor, labels_N: torch.Tensor) -> torch.Tensor:
    """Pictures with a label; those whose label is first, among the first five; those answered with no numbers: (4,)."""
    best_N5 = logits_NK.topk(min(5, logits_NK.shape[1])).indices
    hits_N5 = best_N5 == labels_N[:, None]
    is_counted_N = labels_N >= 0
    not_finite_N = is_counted_N & ~logits_NK.isfinite().all(1)
    return torch.stack([is_counted_N.sum(), hits_N5[:, 0].sum(), hits_N5.sum(), not_finite_N.sum()])
