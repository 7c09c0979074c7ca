"""Pictures -> batches for a device, by worker processes. Knows neither networks nor where the pictures come from.

Shapes: N pictures, C channels, S the side of a crop. What a picture looks like depends on the seed and its `View`
alone, so it is the same for any number of workers and after any resume.
"""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch.utils.data import DataLoader, Dataset

from training.data.augment import Augmentation
from training.data.pictures import Pictures
from training.data.sampler import BatchSampler, View
from training.errors import TooManyUnreadable
from training.randomness import seed_of, seeded
from training.recipes.recipe import Recipe
from weights_registry.errors import InvalidImage
from weights_registry.inference.transforms import ImageTransforms


class Batch(NamedTuple):
    """uint8 crops (N, C, S, S), boxes to erase (N, 4), labels (N,), and what is wrong with pictures of it.

    At evaluation the label of a picture that could not be read is -1.
    """

    images_NCHW: torch.Tensor
    boxes_N4: torch.Tensor
    labels_N: torch.Tensor
    unreadable: tuple[str, ...]


class Sample(NamedTuple):
    """One picture of a batch."""

    image_CHW: torch.Tensor
    box: tuple[int, int, int, int]
    label: int
    unreadable: tuple[str, ...]


class TrainingSet(Dataset[Sample]):
    """The augmented picture of a `View`. For one that cannot be read the next that can stands in, and is told."""

    def __init__(self, pictures: Pictures, recipe: Recipe, *, seed: int) -> None:
        self.pictures, self.seed = pictures, seed
        self.augmentation = Augmentation(recipe)

    def __getitem__(self, view: View) -> Sample:
        num_channels = self.augmentation.recipe.inference.num_channels
        unreadable: list[str] = []
        for index in _from(view.picture, len(self.pictures)):
            try:
                picture, label = self.pictures.read(index, num_channels=num_channels)
            except InvalidImage as error:
                unreadable.append(str(error))
                continue
            seed = seed_of(self.seed, "augment", *view)
            with seeded(seed, torch_alone=self.augmentation.draws_from_torch_alone):
                return Sample(*self.augmentation(picture), label, tuple(unreadable))
        raise TooManyUnreadable(f"none of the {len(self.pictures)} training pictures can be read: {unreadable[0]}")


class EvaluationSet(Dataset[Sample]):
    """The pictures as they are fed at evaluation: of those of process `process`, every `num_processes`th, each once."""

    def __init__(self, pictures: Pictures, recipe: Recipe, *, process: int = 0, num_processes: int = 1) -> None:
        self.pictures = pictures
        self.indices = range(process, len(pictures), num_processes)
        self.transforms = ImageTransforms(recipe.inference)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, place: int) -> Sample:
        fed = self.transforms.preprocessing
        try:
            picture, label = self.pictures.read(self.indices[place], num_channels=fed.num_channels)
        except InvalidImage as error:
            nothing = torch.zeros(fed.num_channels, fed.crop_size, fed.crop_size, dtype=torch.uint8)
            return Sample(nothing, (0, 0, 0, 0), -1, (str(error),))
        return Sample(self.transforms.to_uint8(picture), (0, 0, 0, 0), label, ())


def collate(samples: Sequence[Sample]) -> Batch:
    """The batch of these samples, in their order."""
    return Batch(
        torch.stack([sample.image_CHW for sample in samples]),
        torch.tensor([sample.box for sample in samples]),
        torch.tensor([sample.label for sample in samples]),
        tuple(told for sample in samples for told in sample.unreadable),
    )


def training_loader(
    pictures: Pictures, recipe: Recipe, sampler: BatchSampler, *, seed: int, num_workers: int, pin_memory: bool = False
) -> DataLoader[Any]:
    """Iterates over the `Batch`es of `sampler`, from its position on whenever an iteration begins."""
    return DataLoader(
        TrainingSet(pictures, recipe, seed=seed),
        batch_sampler=sampler,
        collate_fn=collate,
        num_workers=num_workers,
        pin_memory=pin_memory,
        persistent_workers=num_workers > 0,
        worker_init_fn=outlast_signals,
        generator=torch.Generator(),  # the loader draws a seed for its workers, and must not draw it from the run's
    )


def evaluation_loader(
    pictures: EvaluationSet, *, batch_size: int, num_workers: int, pin_memory: bool = False
) -> DataLoader[Any]:
    """Iterates over `Batch`es of all pictures, each once and in order; the last batch may be smaller."""
    return DataLoader(
        pictures,
        batch_size=batch_size,
        collate_fn=collate,
        num_workers=num_workers,
        pin_memory=pin_memory,
        persistent_workers=num_workers > 0,
        worker_init_fn=outlast_signals,
        generator=torch.Generator(),
    )


def outlast_signals(worker: int) -> None:
    """Let this worker process live on when its whole group is told to stop, so that the run can save first.

    A terminal sends Ctrl-C, and many a scheduler SIGTERM, to every process of a group, and a run whose workers have
    died cannot go on to the end of its step. The second SIGTERM does end a worker: it is the loader's last means.
    """

    def end_next_time(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end_next_time)


@dataclass(slots=True)
class Unreadable:
    """The pictures that could not be read, each once, how many of them a run bears with, and what to call them."""

    limit: int
    names: dict[str, None]
    what: str = "pictures"

    def add(self, told: Sequence[str]) -> list[str]:
        """Those that were not known yet. Raises TooManyUnreadable once there are more than the limit."""
        new = [each for each in dict.fromkeys(told) if each not in self.names]
        self.names.update(dict.fromkeys(new))
        if len(self.names) > self.limit:
            raise TooManyUnreadable(
                f"{len(self.names)} {self.what} cannot be read, and the limit is {self.limit}: "
                f"{'; '.join(list(self.names)[-3:])}. Mend or remove them, or raise the limit"
            )
        return new


def _from(first: int, num_images: int) -> Iterator[int]:
    return ((first + offset) % num_images for offset in range(num_images))
