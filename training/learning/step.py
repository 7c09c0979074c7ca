"""One optimiser step: batches in, weights moved. Knows nothing of epochs' ends, files or where batches come from.

Shapes: N pictures of one batch, C channels, H x W pixels, K categories. Nothing here waits for a GPU but torch's
GradScaler, in float16: it reads in every step whether a gradient overflowed.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from training.data.augment import finish
from training.data.feeding import Batch
from training.distributed import Process
from training.errors import RunError
from training.learning import ema
from training.learning.losses import Loss, build_loss
from training.learning.mixing import mix, smooth_targets
from training.learning.optimizers import build_optimizer, clip_gradients, clips_before_step, set_learning_rate
from training.randomness import generator_of, seed_of
from training.recipes.hardware import Fit
from training.recipes.recipe import Recipe
from training.recipes.schedule import learning_rate_at_step

_AMP_DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """A network and what moves it. `network` is the bare one, `replica` the same wrapped for DDP and compiled.

    `steps_per_epoch` and `seed` place a step in the run; `average` is None if the recipe averages nothing.
    """

    fitted: Fit
    process: Process
    seed: int
    num_classes: int
    steps_per_epoch: int
    network: nn.Module
    replica: nn.Module
    optimizer: Optimizer
    scaler: torch.amp.GradScaler
    average: ema.WeightAverage | None
    loss: Loss
    channels_last: bool

    @property
    def recipe(self) -> Recipe:
        """The recipe that runs, as fitted to this hardware."""
        return self.fitted.recipe

    def learning_rate(self, epoch: int, step: int) -> float:
        """Learning rate of step `step` of `epoch`."""
        return learning_rate_at_step(
            self.recipe, epoch * self.steps_per_epoch + step, steps_per_epoch=self.steps_per_epoch
        )

    def step(self, batches: Sequence[Batch], *, epoch: int, step: int) -> torch.Tensor:
        """Move the weights once, by the gradients of all `batches` together.

        Gives (2,) on the device: the mean of the batches' losses, and in how many pictures the likeliest category was
        that with the largest share of the target.
        """
        set_learning_rate(self.optimizer, self.learning_rate(epoch, step))
        self.optimizer.zero_grad(set_to_none=True)
        totals = torch.zeros(2, device=self.process.device)
        for number, batch in enumerate(batches):
            is_last = number == len(batches) - 1
            lane = self.process.number + self.process.num_processes * number
            with nullcontext() if is_last else self._without_exchange():
                totals += self._learn(batch, (epoch, step, lane), share=1 / len(batches))
        if clips_before_step(self.recipe):
            self.scaler.unscale_(self.optimizer)
            clip_gradients(self.recipe, self.network.parameters())
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.average is not None and ema.is_due(self.recipe, step):
            self.average.update(self.network, ema.decay_at(self.recipe, epoch=epoch, step_in_epoch=step))
        return totals

    def _learn(self, batch: Batch, place: tuple[int, int, int], *, share: float) -> torch.Tensor:
        """Add `share` of one batch's gradient; gives `share` of its loss, and how many pictures were right."""
        images_NCHW, targets_NK = self._mixed(batch, place)
        # Blocks that are skipped, and dropout: a function of the place as well, so that a resume finds them again.
        torch.manual_seed(seed_of(self.seed, "network", *place))
        dtype = _AMP_DTYPES.get(self.recipe.amp)
        with torch.autocast(self.process.device.type, dtype=dtype, enabled=dtype is not None):
            logits_NK = self.replica(images_NCHW)
        loss = self.loss(logits_NK, targets_NK) * share
        torch.autograd.backward(self.scaler.scale(loss))
        hits = (logits_NK.detach().argmax(1) == targets_NK.argmax(1)).sum()
        return torch.stack([loss.detach(), hits.to(loss.dtype)])

    def _mixed(self, batch: Batch, place: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        device, recipe = self.process.device, self.recipe
        images_NCHW, boxes_N4, labels_N = (
            each.to(device, non_blocking=True) for each in (batch.images_NCHW, batch.boxes_N4, batch.labels_N)
        )
        if self.channels_last:
            images_NCHW = images_NCHW.contiguous(memory_format=torch.channels_last)
        return mix(
            finish(images_NCHW, boxes_N4, recipe),
            smooth_targets(labels_N, num_classes=self.num_classes, smoothing=recipe.label_smoothing),
            mixup_alpha=recipe.mixup_alpha,
            cutmix_alpha=recipe.cutmix_alpha,
            generator=generator_of(self.seed, "mix", *place),
        )

    def _without_exchange(self) -> AbstractContextManager[None]:
        """Within it processes keep their gradients to themselves, until the last batch of the step."""
        if isinstance(self.replica, DistributedDataParallel):
            return self.replica.no_sync()
        return nullcontext()


def build_learner(
    network: nn.Module,
    fitted: Fit,
    process: Process,
    *,
    seed: int,
    num_classes: int,
    steps_per_epoch: int,
    channels_last: bool = False,
    compiled: bool = False,
) -> Learner:
    """A learner of `network`, which is moved to the device of `process`.

    Raises RunError for batch norm over several processes on CPUs, which torch does not have.
    """
    recipe = fitted.recipe
    if recipe.sync_bn and process.num_processes > 1:
        if process.device.type == "cpu":
            raise RunError(
                f"`{recipe.id}` has `sync_bn`, which torch does on GPUs alone; on CPUs take one process and a batch as "
                "large as it must be, or `--set sync_bn=false`, which makes it another recipe"
            )
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
    network.to(process.device)
    if channels_last:
        network.to(memory_format=torch.channels_last)
    replica: nn.Module = network
    if process.num_processes > 1:
        devices = [process.device] if process.device.type == "cuda" else None
        replica = DistributedDataParallel(network, device_ids=devices, gradient_as_bucket_view=True)
    if compiled:
        replica.compile()
    return Learner(
        fitted=fitted,
        process=process,
        seed=seed,
        num_classes=num_classes,
        steps_per_epoch=steps_per_epoch,
        network=network,
        replica=replica,
        optimizer=build_optimizer(recipe, network),
        scaler=torch.amp.GradScaler(process.device.type, enabled=recipe.amp == "float16"),
        average=None if recipe.ema_decay is None else ema.WeightAverage(network),
        loss=build_loss(recipe),
        channels_last=channels_last,
    )
