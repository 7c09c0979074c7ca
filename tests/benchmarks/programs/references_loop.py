"""A training loop as torchvision's references/classification has it, written anew after its train.py and presets.py.

Its ways are kept where they cost time: pictures are opened by Pillow and become float32 in the workers, normalised and
erased one by one; mixup and CutMix are drawn in the collate function; batches go to the device and are waited for;
loss, acc@1 and acc@5 are read in every step; the average of the weights is a loop over tensors, every 32 steps.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset, RandomSampler, default_collate
from torchvision import transforms
from torchvision.transforms import InterpolationMode, v2

from training.recipes.recipe import Recipe
from training.recipes.schedule import ema_decay


def train_transforms(recipe: Recipe) -> Callable[[Any], torch.Tensor]:
    """ClassificationPresetTrain with its default backend, PIL."""
    mode = InterpolationMode(recipe.train_interpolation)
    kinds: Any = transforms  # untyped
    steps: list[Any] = [
        kinds.RandomResizedCrop(
            recipe.train_crop_size, scale=recipe.train_scale, ratio=recipe.train_ratio, interpolation=mode
        )
    ]
    if recipe.horizontal_flip > 0:
        steps.append(kinds.RandomHorizontalFlip(recipe.horizontal_flip))
    if recipe.auto_augment == "ta_wide":
        steps.append(kinds.TrivialAugmentWide(interpolation=mode))
    steps += [
        kinds.PILToTensor(),
        kinds.ConvertImageDtype(torch.float),
        kinds.Normalize(mean=recipe.inference.mean, std=recipe.inference.std),
    ]
    if recipe.random_erasing > 0:
        steps.append(kinds.RandomErasing(p=recipe.random_erasing))
    made: Callable[[Any], torch.Tensor] = kinds.Compose(steps)
    return made


@dataclass(frozen=True)
class MixingCollate:
    """Its collate function: a batch of the default form, then mixup or CutMix."""

    mixing: Any

    def __call__(self, samples: list[Any]) -> Any:
        images, labels = default_collate(samples)
        return (images, labels) if self.mixing is None else self.mixing(images, labels)


def make_loader(pictures: Dataset[Any], recipe: Recipe, *, num_classes: int, num_workers: int) -> DataLoader[Any]:
    """Its loader, but that workers stay: they would be started anew for each of the short epochs of a benchmark."""
    mixing = [
        *([v2.MixUp(alpha=recipe.mixup_alpha, num_classes=num_classes)] if recipe.mixup_alpha else []),
        *([v2.CutMix(alpha=recipe.cutmix_alpha, num_classes=num_classes)] if recipe.cutmix_alpha else []),
    ]
    return DataLoader(
        pictures,
        batch_size=recipe.global_batch_size,
        sampler=RandomSampler(pictures),  # type: ignore[arg-type]
        num_workers=num_workers,
        pin_memory=torch.cuda.is_available(),
        persistent_workers=num_workers > 0,
        collate_fn=MixingCollate(v2.RandomChoice(mixing) if mixing else None),
        drop_last=True,
    )


class ReferencesLoop:
    """One process of `train.py --model-ema`, in the number format of the recipe."""

    def __init__(self, network: nn.Module, recipe: Recipe, device: torch.device, *, channels_last: bool) -> None:
        self.network, self.recipe, self.device = network.to(device), recipe, device
        self.memory_format = torch.channels_last if channels_last else torch.preserve_format
        if channels_last:
            network.to(memory_format=torch.channels_last)
        self.criterion = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
        norms = [p for m in network.modules() if isinstance(m, nn.BatchNorm2d) for p in m.parameters()]
        known = {id(p) for p in norms}
        others = [p for p in network.parameters() if id(p) not in known]
        groups = [
            {"params": others, "weight_decay": recipe.weight_decay},
            {"params": norms, "weight_decay": recipe.norm_weight_decay or 0.0},
        ]
        self.optimizer = torch.optim.SGD(groups, lr=recipe.lr, momentum=recipe.momentum or 0.0)
        decay = ema_decay(recipe)
        # With `device` its counter lies there, as in torchvision's ExponentialMovingAverage; else each tensor waits.
        self.average = (
            None if decay is None else AveragedModel(network, device, avg_fn=_moving(decay), use_buffers=True)
        )

    def train(self, batches: Iterator[Any], num_steps: int) -> dict[str, float]:
        """So many steps; the seconds they took, and those of them that were spent on waiting for data."""
        self.network.train()
        waited, begun = 0.0, time.perf_counter()
        for step in range(num_steps):
            asked = time.perf_counter()
            images, target = next(batches)
            waited += time.perf_counter() - asked
            images, target = images.to(self.device), target.to(self.device)
            if self.memory_format is torch.channels_last:
                images = images.contiguous(memory_format=torch.channels_last)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.amp == "bfloat16"):
                output = self.network(images)
                loss = self.criterion(output, target)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if self.average is not None and step % (self.recipe.ema_every_steps or 1) == 0:
                self.average.update_parameters(self.network)
            self.read(output, target, loss)
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return {"seconds": time.perf_counter() - begun, "waiting_s": waited}

    def read(self, output: torch.Tensor, target: torch.Tensor, loss: torch.Tensor) -> tuple[float, float, float]:
        """What its metric logger keeps of a step, each number read off the device."""
        with torch.inference_mode():
            labels = target.max(dim=1)[1] if target.ndim == 2 else target
            best = output.topk(5, 1, True, True)[1].t()
            hits = best.eq(labels[None])
            acc1, acc5 = (hits[:k].flatten().sum(dtype=torch.float32) * (100.0 / len(labels)) for k in (1, 5))
        return loss.item(), acc1.item(), acc5.item()


def _moving(decay: float) -> Callable[[torch.Tensor, torch.Tensor, Any], torch.Tensor]:
    return lambda average, current, _: decay * average + (1 - decay) * current
