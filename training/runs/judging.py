"""What an epoch has come to: the scores of its weights, as numbers and as a line of the log. Knows no snapshot."""

from typing import Any

from torch import nn

from training.data.feeding import EvaluationSet, Unreadable, evaluation_loader
from training.data.pictures import Pictures
from training.learning.scores import Scores, score
from training.runs.epoch import Totals
from training.runs.opening import Run

ScoresBySplit = dict[str, dict[str, Scores]]


def judge(run: Run) -> ScoresBySplit:
    """The scores of the network and of the average, on every split to measure on.

    Raises TooManyUnreadable if more pictures of a split cannot be read than the settings bear with, and what `score`
    raises.
    """
    return {split: _scores(run, split) for split in _splits(run)}


def epoch_record(run: Run, totals: Totals, scores: ScoresBySplit, *, is_best: bool) -> dict[str, Any]:
    """The line of the log for the epoch at which the run stands."""
    learner, epoch = run.learner, run.memory.position.epoch
    num_images = totals.num_steps * learner.fitted.global_batch_size
    return {
        "epoch": epoch,
        "lr": learner.learning_rate(epoch, 0),
        "loss": totals.loss / totals.num_steps,
        "train_acc1": round(100 * totals.num_correct / num_images, 4),
        "images_per_second": round(totals.images / totals.seconds, 1) if totals.seconds else None,
        "waiting_share": round(totals.waiting_seconds / totals.seconds, 4) if totals.seconds else None,
        "seconds": round(totals.seconds, 3),
        "scores": {split: {name: each.record() for name, each in found.items()} for split, found in scores.items()},
        "num_unreadable": len(run.memory.unreadable),
        "is_best": is_best,
    }


def _scores(run: Run, split: str) -> dict[str, Scores]:
    """Of the network and of the average, on the pictures of one split."""
    networks: dict[str, nn.Module] = {"model": run.learner.network}
    if run.learner.average is not None:
        networks["average"] = run.learner.average.model
    if split not in run.evaluation:
        part = EvaluationSet(
            _splits(run)[split],
            run.learner.recipe,
            process=run.process.number,
            num_processes=run.process.num_processes,
        )
        run.evaluation[split] = evaluation_loader(
            part,
            batch_size=max(64, run.learner.fitted.batch_size_per_gpu),
            num_workers=run.settings.num_workers,
            pin_memory=run.process.device.type == "cuda",
        )
    batches, device = run.evaluation[split], run.process.device
    found = {}
    for name, network in networks.items():
        found[name] = score(network, batches, run.learner.recipe.inference, device=device)
        _count_unreadable(run, split, found[name].unreadable)
    return found


def _count_unreadable(run: Run, split: str, told: tuple[str, ...]) -> None:
    """Name those that were not known yet."""
    if split not in run.unreadable:
        run.unreadable[split] = Unreadable(run.settings.max_unreadable, {}, f"pictures of {split}")
    known = run.unreadable[split]
    if new := known.add(told):
        run.progress.say(f"{len(known.names)} {known.what} cannot be read: {'; '.join(new)}")


def _splits(run: Run) -> dict[str, Pictures]:
    data = run.data
    held_out: dict[str, Pictures] = {} if data.held_out is None else {"held-out": data.held_out}
    return {data.eval_split: data.eval, **held_out}
