"""How fast this hardware trains a recipe: measured on a few steps that nobody keeps. Knows nothing of plans."""

import time
from itertools import islice

import torch

from training.data.feeding import training_loader
from training.distributed import sum_over_processes
from training.runs.opening import Run
from training.runs.switches import as_set


def measure_speed(run: Run, *, seconds: float = 10.0, num_warmup_steps: int = 2) -> float:
    """Training pictures a second of all processes together, reading them included; read and set as the run would be.

    Takes whole steps until `seconds` have passed for one of the processes, one at least, after `num_warmup_steps` that
    are not counted: kernels are chosen, workers started and caches filled in those. The clock is looked at after 1, 2,
    4, ... steps, and as often as training reads its losses: each look waits for the device and for the other processes.
    Every process must call it. The run's weights are changed.
    """
    learner, device = run.learner, run.process.device
    loader = training_loader(
        run.data.train,
        learner.recipe,
        run.sampler,
        seed=run.settings.seed,
        num_workers=run.settings.num_workers,
        pin_memory=device.type == "cuda",
    )
    batches = iter(loader)
    num_steps, begun = 0, time.perf_counter()
    with as_set(run.settings):
        for step in range(learner.steps_per_epoch):
            learner.step(list(islice(batches, learner.fitted.accumulation_steps)), epoch=0, step=step)
            if step < num_warmup_steps and step + 1 < learner.steps_per_epoch:
                _wait_for(device)
                begun = time.perf_counter()
                continue
            num_steps += 1
            if _is_looked_at(num_steps, run.settings.log_every_steps):
                _wait_for(device)
                # Every step waits for all processes, so all must stop at the same one, whatever their clocks say.
                if _anyone(time.perf_counter() - begun > seconds, device):
                    break
        _wait_for(device)
    return num_steps * learner.fitted.global_batch_size / (time.perf_counter() - begun)


def _is_looked_at(num_steps: int, log_every_steps: int) -> bool:
    return num_steps.bit_count() == 1 or num_steps % log_every_steps == 0


def _anyone(is_over: bool, device: torch.device) -> bool:
    return bool(sum_over_processes(torch.tensor([int(is_over)], device=device)).item())


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
