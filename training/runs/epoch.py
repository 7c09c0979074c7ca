"""One pass over the training set, from any step on. Knows neither files nor what comes after an epoch."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import torch

from training.data.feeding import Batch, Unreadable
from training.distributed import gather_texts, sum_over_processes
from training.errors import LossDiverged
from training.learning.step import Learner
from training.runs.progress import Pace, Progress
from training.runs.stopping import StopWish

LOOK_EVERY_S: Final = 5.0  # torchrun gives its processes 30 s from SIGTERM to SIGKILL, and they have to save as well


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
    Several processes can agree to stop only where they read, so where steps are slow they read more often: a stop takes
    `LOOK_EVERY_S` and one step, and the time to save. While they evaluate, none stops.
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
    _told: dict[str, None] = field(default_factory=dict)
    _seconds_per_step: float | None = None
    _look_at: int = 0

    def run(self) -> bool:
        """Train to the end of the epoch, which gives True, or until a signal asked to stop, which gives False.

        Raises, in all processes at one step, TooManyUnreadable, and LossDiverged before anything was saved that came of
        a loss or of weights that are no numbers.
        """
        num_steps = self.learner.steps_per_epoch
        begun, num_read = time.perf_counter(), self.totals.num_steps
        self._look_at = num_read + 1
        for step in range(self.totals.num_steps, num_steps):
            self._losses.append(self.learner.step(self._next_batches(), epoch=self.epoch, step=step))
            done = step + 1
            is_save = self.save_every_steps is not None and done % self.save_every_steps == 0 and done < num_steps
            if is_save or done == num_steps or done % self.log_every_steps == 0 or self._must_hurry(done):
                self._read()
                now = time.perf_counter()
                self._seconds_per_step = (now - begun) / (done - num_read)
                self.totals.seconds, begun, num_read = self.totals.seconds + now - begun, now, done
                self.progress.pace(self._pace())
                wants_stop = self._anyone_wants_to_stop()
                if is_save or wants_stop:
                    self._check_weights()
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
            self._told.update((told, None) for told in batch.unreadable if told not in self.unreadable.names)
        return batches

    def _read(self) -> None:
        """Wait for the device, and add what it found to the totals; learn what the other processes have to tell."""
        # Whole numbers, whose sum is the same in whatever order: the processes must draw one conclusion from it.
        milliseconds = 0 if self._seconds_per_step is None else max(1, round(1000 * self._seconds_per_step))
        others = torch.tensor([[len(self._told), milliseconds]], dtype=torch.float64)
        losses_S2 = torch.stack(self._losses).double()
        *steps, (num_told, milliseconds_of_all) = sum_over_processes(
            torch.cat([losses_S2, others.to(losses_S2.device)])
        ).tolist()
        for loss, num_correct in steps:
            loss /= self.learner.process.num_processes
            if not math.isfinite(loss):
                raise self._diverged(f"the loss was `{loss}`", self.totals.num_steps)
            self.totals.num_steps += 1
            self.totals.loss += loss
            self.totals.num_correct += num_correct
        self._losses.clear()
        if num_told:
            for told in self.unreadable.add(gather_texts(tuple(self._told))):
                self.progress.say(f"Passed over: {told}")
            self._told.clear()
        seconds = milliseconds_of_all / 1000 / self.learner.process.num_processes
        self._look_at = self.totals.num_steps + steps_to_next_look(seconds, at_most=self.log_every_steps)

    def _check_weights(self) -> None:
        """Raises LossDiverged if a step whose loss was a number has left weights that are none."""
        finite = torch.stack([each.detach().isfinite().all() for each in self.learner.network.parameters()])
        if not finite.all():
            raise self._diverged("weights became NaN or infinity", self.totals.num_steps - 1)

    def _diverged(self, what: str, step: int) -> LossDiverged:
        return LossDiverged(
            f"{what} at step {step + 1} of epoch {self.epoch + 1}, with learning rate "
            f"{self.learner.learning_rate(self.epoch, step):g}. Try a lower rate, a longer warm-up, or another number "
            "format than float16, in another folder; whatever was saved here is from before this step"
        )

    def _must_hurry(self, done: int) -> bool:
        """Whether this process, being alone, was asked to stop; several first have to agree on the step."""
        if self.learner.process.num_processes == 1:
            return self.stop.signal != 0
        return done == self._look_at

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


def steps_to_next_look(seconds_per_step: float, *, at_most: int) -> int:
    """How many steps several processes take until they ask again whether any was told to stop; 1 if 0 s are known."""
    return max(1, min(at_most, int(LOOK_EVERY_S / seconds_per_step))) if seconds_per_step else 1
