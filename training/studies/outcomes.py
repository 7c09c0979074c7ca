"""What a network makes of pictures fed in several ways: right at once, among five, or not at all. Knows no study.

Each picture is decoded once for all ways to feed it. What is done is kept in parts of 1,024 pictures, so a measurement
that was killed goes on. Legend: W ways to feed, N pictures, K categories, C channels, H x W pixels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from training.data.feeding import outlast_signals
from training.data.pictures import Pictures
from training.errors import DataSetError, RunError
from training.studies.parts import Parts, Record
from weights_registry.errors import InvalidImage
from weights_registry.inference.engine import Engine
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Preprocessing

NUM_IN_PART: Final = 1024
BATCH_SIZE: Final = 64  # divides the part, so that batches are the same after a resume

_FIRST, _AMONG_FIVE, _MISSED = "1", "5", "0"


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Of `labels_N` pictures that could be read, what came out each way: codes (W, N), `1`, `5` or `0` each."""

    labels_N: npt.NDArray[np.int64]
    codes_WN: npt.NDArray[np.str_]
    unreadable: tuple[str, ...]

    def hits(self, way: int, *, among: Literal[1, 5] = 1) -> npt.NDArray[np.bool_]:
        """Of each picture whether the truth came first, or among the first five, (N,)."""
        codes_N = self.codes_WN[way]
        hits_N: npt.NDArray[np.bool_] = (codes_N == _FIRST) if among == 1 else (codes_N != _MISSED)
        return hits_N


def percent(hits_N: npt.NDArray[np.bool_]) -> float:
    """The share of hits in percent, rounded as `training.learning.scores` rounds it."""
    return 100 * int(hits_N.sum()) / len(hits_N)


class _Crops(NamedTuple):
    """A batch: uint8 pictures (N, C, H, W) for each way to feed them, labels (-1: not readable), what was wrong."""

    images_WNCHW: tuple[torch.Tensor, ...]
    labels: list[int]
    unreadable: list[str]


class _CropSet(Dataset[Any]):
    """A picture in every way it is to be fed, decoded once."""

    def __init__(self, pictures: Pictures, transforms: Sequence[ImageTransforms]) -> None:
        self.pictures, self.transforms = pictures, tuple(transforms)

    def __getitem__(self, index: int) -> tuple[tuple[torch.Tensor, ...], int, str]:
        num_channels = self.transforms[0].preprocessing.num_channels
        try:
            picture, label = self.pictures.read(index, num_channels=num_channels)
        except InvalidImage as error:
            sides = (each.preprocessing.crop_size for each in self.transforms)
            return tuple(torch.zeros(num_channels, side, side, dtype=torch.uint8) for side in sides), -1, str(error)
        return tuple(each.to_uint8(picture) for each in self.transforms), label, ""


def measure(
    network: nn.Module,
    ways: Sequence[Preprocessing],
    pictures: Pictures,
    parts: Parts,
    *,
    device: torch.device,
    num_workers: int = 0,
    on_progress: Callable[[int], None] = lambda num_images: None,
) -> Outcomes:
    """The outcomes of `network`, in eval mode on `device`, on all pictures fed in each of `ways`.

    Parts that are there already are taken as they are. `on_progress` is told of pictures as they are done. Raises
    DataSetError if no picture can be read, RunError if the network answers with NaN or infinity.
    """
    if len({way.num_channels for way in ways}) != 1:
        raise ValueError("all ways to feed a network must have as many channels, and there must be one")
    transforms = [ImageTransforms(way) for way in ways]
    engines = [Engine(network, each, device=device) for each in transforms]
    ranges = [range(start, min(start + NUM_IN_PART, len(pictures))) for start in range(0, len(pictures), NUM_IN_PART)]
    found = {part.start: parts.get(_name(part)) for part in ranges}
    missing = [part for part in ranges if found[part.start] is None]
    on_progress(len(pictures) - sum(map(len, missing)))
    batches = _batches(_CropSet(pictures, transforms), missing, num_workers, pin_memory=device.type == "cuda")
    for part in missing:
        record: Record = {"labels": [], "codes": [""] * len(ways), "unreadable": []}
        for _ in range(0, len(part), BATCH_SIZE):
            batch = next(batches)
            readable = [index for index, label in enumerate(batch.labels) if label >= 0]
            record["labels"] += [batch.labels[index] for index in readable]
            record["unreadable"] += batch.unreadable
            for way, (engine, images_NCHW) in enumerate(zip(engines, batch.images_WNCHW, strict=True)):
                codes = _codes(engine, images_NCHW, batch.labels)
                record["codes"][way] += "".join(codes[index] for index in readable)
            on_progress(len(batch.labels))
        parts.keep(_name(part), record)
        found[part.start] = record
    return _together([record for record in found.values() if record is not None])


def _name(part: range) -> str:
    return f"pictures-{part.start:08}"


def _batches(crops: _CropSet, parts: Sequence[range], num_workers: int, *, pin_memory: bool) -> Iterator[_Crops]:
    if not parts:
        return iter(())
    loader: DataLoader[Any] = DataLoader(
        crops,
        batch_sampler=[
            list(part[start : start + BATCH_SIZE]) for part in parts for start in range(0, len(part), BATCH_SIZE)
        ],
        collate_fn=_collate,
        num_workers=num_workers,
        pin_memory=pin_memory,
        worker_init_fn=outlast_signals,
        generator=torch.Generator(),
    )
    return iter(loader)


def _collate(samples: Sequence[tuple[tuple[torch.Tensor, ...], int, str]]) -> _Crops:
    images, labels, told = zip(*samples, strict=True)
    stacked = tuple(torch.stack(way) for way in zip(*images, strict=True))
    return _Crops(stacked, list(labels), [each for each in told if each])


def _codes(engine: Engine, images_NCHW: torch.Tensor, labels: list[int]) -> list[str]:
    """What came out for each picture of a batch."""
    logits_NK = engine.logits(images_NCHW)
    if not logits_NK.isfinite().all():
        described = engine.transforms.preprocessing.describe()
        raise RunError(f"the network answers with NaN or infinity to pictures fed so: {described}")
    best_N5 = logits_NK.topk(min(5, logits_NK.shape[1])).indices
    hits_N5 = best_N5 == torch.tensor(labels)[:, None]
    return [_FIRST if hits[0] else _AMONG_FIVE if any(hits) else _MISSED for hits in hits_N5.tolist()]


def _together(parts: Sequence[Record]) -> Outcomes:
    labels = [label for part in parts for label in part["labels"]]
    unreadable = tuple(told for part in parts for told in part["unreadable"])
    if not labels:
        raise DataSetError(f"no picture to measure on can be read: {unreadable[0] if unreadable else 'there is none'}")
    ways = ["".join(each) for each in zip(*(part["codes"] for part in parts), strict=True)]
    return Outcomes(np.array(labels, dtype=np.int64), np.array([list(way) for way in ways]), unreadable)
