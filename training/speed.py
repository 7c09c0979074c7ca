"""How fast this hardware trains a recipe: measured on a few steps that nobody keeps. Knows nothing of plans."""

import time
from itertools import islice

import torch

from training.feeding import training_loader
from training.opening import Run


def measure_speed(run: Run, *, seconds: float = 10.0, num_warmup_steps: int = 2) -> float:
    """Training pictures a second of all processes together, reading them included.

    Takes whole steps until `seconds` have passed, one at least, after `num_warmup_steps` that are not counted: kernels
    are chosen, workers started and caches filled in those. The run's weights are changed.
    """
    learner = run.learner
    loader = training_loader(
        run.data.train, learner.recipe, run.sampler, seed=run.settings.seed, num_workers=run.settings.num_workers
    )
    batches = iter(loader)
    num_steps, begun = 0, time.perf_counter()
    for step in range(learner.steps_per_epoch):
        given = list(islice(batches, learner.fitted.accumulation_steps))
        # Reading the loss waits for the device, so that the time is that of the work.
        learner.step(given, epoch=0, step=step).sum().item()
        if step < num_warmup_steps and step + 1 < learner.steps_per_epoch:
            begun = time.perf_counter()
            continue
        num_steps += 1
        if time.perf_counter() - begun > seconds:
            break
    if learner.process.device.type == "cuda":
        torch.cuda.synchronize()
    return num_steps * learner.fitted.global_batch_size / (time.perf_counter() - begun)
