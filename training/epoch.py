"""One pass over the training set, from any step on. Knows neither files nor what comes after an epoch."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

import torch

from training.distributed import sum_over_processes
from training.errors import LossDiverged
from training.feeding import Batch, Unreadable
from training.progress import Pace, Progress
from training.step import Learner
from training.stopping import StopWish


@dataclass(slots=True, kw_only=True)
class Totals:
    """What the steps of an epoch add up to; the times are those since the epoch began or was resumed."""

    num_steps: int = 0
    loss: float = 0.0
    num_correct: float = 0.0
    images: int = 0
    seconds: float = 0.0
    waiting_seconds: float = 0.0

    def outcome(self) -> dict[str, float]:
        """What a resumed epoch goes on from: all but the times."""
        return {"num_steps": self.num_steps, "loss": self.loss, "num_correct": self.num_correct}


@dataclass(slots=True, kw_only=True)
class EpochRun:
    """An epoch of `learner` over `batches`, which begin at step `totals.num_steps`.

    Losses are read every `log_every_steps` steps and before `save`, which is called every `save_every_steps` and when a
    signal asks to stop. In between no step waits for the device, but in float16, where GradScaler reads one number.
    """

    learner: Learner
    epoch: int
    batches: Iterator[Batch]
    totals: Totals
    progress: Progress
    stop: StopWish
    unreadable: Unreadable
    save: Callable[[], None]
    log_every_steps: int
    save_every_steps: int | None = None
    _losses: list[torch.Tensor] = field(default_factory=list)

    def run(self) -> bool:
        """Train to the end of the epoch, which gives True, or until a signal asked to stop, which gives False.

        Raises LossDiverged, before anything was saved that came from a loss that is no number.
        """
        num_steps = self.learner.steps_per_epoch
        begun = time.perf_counter()
        for step in range(self.totals.num_steps, num_steps):
            self._losses.append(self.learner.step(self._next_batches(), epoch=self.epoch, step=step))
            done = step + 1
            is_save = self.save_every_steps is not None and done % self.save_every_steps == 0 and done < num_steps
            if is_save or done == num_steps or done % self.log_every_steps == 0 or self._must_hurry():
                self._read()
                self.totals.seconds, begun = self.totals.seconds + time.perf_counter() - begun, time.perf_counter()
                self.progress.pace(self._pace())
                wants_stop = self._anyone_wants_to_stop()
                if is_save or wants_stop:
                    self.save()
                if wants_stop:
                    return False
        return True

    def _next_batches(self) -> list[Batch]:
        asked = time.perf_counter()
        batches = list(islice(self.batches, self.learner.fitted.accumulation_steps))
        self.totals.waiting_seconds += time.perf_counter() - asked
        for batch in batches:
            self.totals.images += len(batch.labels_N) * self.learner.process.num_processes
            for told in self.unreadable.add(batch.unreadable):
                self.progress.say(f"Passed over: {told}")
        return batches

    def _read(self) -> None:
        """Wait for the device, and add what it found to the totals."""
        totals_S2 = sum_over_processes(torch.stack(self._losses).double())
        for loss, num_correct in totals_S2.tolist():
            loss /= self.learner.process.num_processes
            if not math.isfinite(loss):
                step = self.totals.num_steps
                raise LossDiverged(
                    f"the loss was `{loss}` at step {step} of epoch {self.epoch}, with learning rate "
                    f"{self.learner.learning_rate(self.epoch, step):g}. Try a lower rate, a longer warm-up, or another "
                    "number format than float16; snapshots are from before it"
                )
            self.totals.num_steps += 1
            self.totals.loss += loss
            self.totals.num_correct += num_correct
        self._losses.clear()

    def _must_hurry(self) -> bool:
        """Whether this process, being alone, was asked to stop; several first have to agree on the step."""
        return self.stop.signal != 0 and self.learner.process.num_processes == 1

    def _anyone_wants_to_stop(self) -> bool:
        wish = torch.tensor([self.stop.signal], device=self.learner.process.device)
        return bool(sum_over_processes(wish).item())

    def _pace(self) -> Pace:
        totals, learner = self.totals, self.learner
        seconds = max(totals.seconds, 1e-9)
        return Pace(
            epoch=self.epoch,
            num_epochs=learner.recipe.epochs,
            step=totals.num_steps,
            num_steps=learner.steps_per_epoch,
            loss=totals.loss / totals.num_steps,
            acc1=100 * totals.num_correct / (totals.num_steps * learner.fitted.global_batch_size),
            images_per_second=totals.images / seconds,
            seconds_per_step=seconds * learner.fitted.global_batch_size / max(1, totals.images),
            waiting_share=min(1.0, totals.waiting_seconds / seconds),
        )
