"""Trains with our loop and with that of torchvision's references, in turn, on the same data. Prints samples as JSON.

    python training_loops.py SETTINGS

SETTINGS is the JSON that `train_throughput.py` gives: recipe, data, device, workers, threads, steps, rounds. A
contender that fails is dropped, and printed with its reason.
"""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.datasets import ImageFolder

from tests.benchmarks.programs.references_loop import ReferencesLoop, make_loader, train_transforms
from tests.benchmarks.read_ahead import SampleSteps
from tests.benchmarks.rounds import Sample, interleave, reason
from training import Recipe, fit, from_json
from training.data.dataset import DataSet, open_data_set
from training.data.feeding import Unreadable, training_loader
from training.data.pictures import ArrayPictures
from training.data.sampler import BatchSampler, Deal, Position
from training.distributed import Process
from training.learning.networks import build_network
from training.learning.step import build_learner
from training.runs.epoch import EpochRun, Totals
from training.runs.progress import Silence
from training.runs.stopping import StopWish


@dataclass(frozen=True, slots=True)
class Loop:
    """A contender: its batches, without end, and so many steps on them, which tell the seconds they took."""

    batches: Iterator[Any]
    train: Callable[[int], dict[str, float]]


def main(
    recipe: str,
    data: str,
    device: str,
    num_workers: int,
    num_threads: int,
    steps: dict[str, int],
    num_rounds: int,
) -> None:
    """Measure, print."""
    torch.set_num_threads(num_threads)
    torch.backends.cudnn.benchmark = True
    given, opened, where = from_json(recipe), open_data_set(data), torch.device(device)
    parts = given, opened, where, num_workers
    contenders = {
        "references": lambda: references(*parts, channels_last=False),
        "references, channels last": lambda: references(*parts, channels_last=True),
        "ours": lambda: ours(*parts),
        # On a CPU it would take the compiler that torch looks for, and a minute of it.
        **({"ours, compiled": lambda: ours(*parts, compiled=True)} if where.type == "cuda" else {}),
    }
    samples, failed = measure(contenders, SampleSteps(**steps), num_rounds, batch_size=given.global_batch_size)
    gpu = torch.cuda.get_device_name() if where.type == "cuda" else "not used"
    print(json.dumps({"samples": samples, "failed": failed, "gpu": gpu}))


def measure(
    contenders: Mapping[str, Callable[[], Loop]], steps: SampleSteps, num_rounds: int, *, batch_size: int
) -> tuple[dict[str, list[Sample]], dict[str, str]]:
    """Samples of the contenders that go well, by name, and of the others why they do not."""
    failed: dict[str, str] = {}
    ready: dict[str, Callable[[], Sample]] = {}
    for name, build in contenders.items():
        try:
            loop = build()
            loop.train(max(2, steps.num_untimed))  # kernels are chosen, caches filled
        except Exception as error:
            traceback.print_exc()
            failed[name] = reason(error)
        else:
            ready[name] = sampler(loop, steps, batch_size=batch_size)
    return interleave(ready, num_rounds, failed), failed


def sampler(loop: Loop, steps: SampleSteps, *, batch_size: int) -> Callable[[], Sample]:
    """A sample of one contender; what its workers read ahead while others were measured is used up before."""

    def sample() -> Sample:
        for _ in range(steps.num_discarded):
            next(loop.batches)
        if steps.num_untimed:
            loop.train(steps.num_untimed)
        found = loop.train(steps.num_timed)
        return {
            "images_per_s": steps.num_timed * batch_size / found["seconds"],
            "waiting_percent": 100 * min(1.0, found["waiting_s"] / found["seconds"]),
        }

    return sample


def ours(recipe: Recipe, data: DataSet, device: torch.device, num_workers: int, *, compiled: bool = False) -> Loop:
    """Our loop: the very `EpochRun` that a run is made of."""
    process = Process(device=device)
    fitted = fit(recipe, num_gpus=1, batch_size_per_gpu=recipe.global_batch_size)
    deal = Deal(num_images=len(data.train), batch_size=recipe.global_batch_size)
    batches = BatchSampler(deal)
    on_gpu = device.type == "cuda"
    loader = training_loader(data.train, recipe, batches, seed=0, num_workers=num_workers, pin_memory=on_gpu)
    endless = _endless(loader, before=lambda epoch: setattr(batches, "position", Position(epoch=epoch)))
    network = build_network(recipe, len(data.labels), seed=0)

    def train(num_steps: int) -> dict[str, float]:
        learner.steps_per_epoch = num_steps
        totals = Totals()
        EpochRun(
            learner=learner,
            epoch=1,
            batches=endless,
            totals=totals,
            progress=Silence(),
            stop=StopWish(),
            unreadable=Unreadable(0, {}),
            save=lambda: None,
            log_every_steps=20,
        ).run()
        return {"seconds": totals.seconds, "waiting_s": totals.waiting_seconds}

    learner: Any = _Resizable(
        build_learner(
            network,
            fitted,
            process,
            seed=0,
            num_classes=len(data.labels),
            steps_per_epoch=1000,
            channels_last=True,
            compiled=compiled,
        )
    )
    return Loop(endless, train)


def references(recipe: Recipe, data: DataSet, device: torch.device, num_workers: int, *, channels_last: bool) -> Loop:
    """That of torchvision's references."""
    pictures = _with_transforms(data, train_transforms(recipe))
    loader = make_loader(pictures, recipe, num_classes=len(data.labels), num_workers=num_workers)
    network = build_network(recipe, len(data.labels), seed=0)
    loop = ReferencesLoop(network, recipe, device, channels_last=channels_last)
    endless = _endless(loader)
    return Loop(endless, lambda num_steps: loop.train(endless, num_steps))


class _Resizable:
    """A learner whose epochs are as long as a sample needs them."""

    def __init__(self, learner: Any) -> None:
        self._learner = learner
        self.steps_per_epoch = learner.steps_per_epoch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._learner, name)


class _Arrays(Dataset[Any]):
    """As torchvision's MNIST reads: an array's row becomes a Pillow picture, and goes through the transforms."""

    def __init__(self, pictures: ArrayPictures, transform: Callable[[Any], torch.Tensor]) -> None:
        self.pictures, self.transform = pictures, transform

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        picture = Image.fromarray(self.pictures.images_NHWC[index])
        return self.transform(picture), int(self.pictures.labels_N[index])


def _with_transforms(data: DataSet, transform: Callable[[Any], torch.Tensor]) -> Dataset[Any]:
    if isinstance(data.train, ArrayPictures):
        return _Arrays(data.train, transform)
    return ImageFolder(str(data.train.root), transform)  # type: ignore[attr-defined]


def _endless(loader: DataLoader[Any], before: Callable[[int], None] = lambda epoch: None) -> Iterator[Any]:
    epoch = 0
    while True:
        before(epoch)
        yield from loader
        epoch += 1


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
