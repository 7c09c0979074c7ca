"""One optimiser step is what the plain loop of the references does, however it is cut into batches."""

import warnings
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.transforms import v2

from tests.training.plain_steps import PLAIN, batches
from tests.training.tiny_runs import CPU, TINY
from training import Recipe, RunError, fit
from training.data.feeding import Batch
from training.distributed import Process
from training.learning.networks import build_network
from training.learning.step import Learner, build_learner
from training.recipes.recipe import Amp


def learner(recipe: Recipe, *, batch_size: int = 4, channels_last: bool = False, compiled: bool = False) -> Learner:
    return build_learner(
        build_network(recipe, 3, seed=0),
        fit(recipe, num_gpus=1, batch_size_per_gpu=batch_size),
        CPU,
        seed=5,
        num_classes=3,
        steps_per_epoch=4,
        channels_last=channels_last,
        compiled=compiled,
    )


def references_steps(recipe: Recipe, network: nn.Module, given: list[list[Batch]]) -> list[float]:
    """As train_one_epoch of torchvision's references, with accumulation; gives the losses."""
    decayed = [p for name, p in network.named_parameters() if "bn" not in name and "downsample.1" not in name]
    norms = [p for name, p in network.named_parameters() if "bn" in name or "downsample.1" in name]
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": norms, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=recipe.lr * 0.01, momentum=0.9)
    normalise = v2.Compose(
        [v2.ToDtype(torch.float32, scale=True), v2.Normalize(recipe.inference.mean, recipe.inference.std)]
    )
    losses = []
    for step in given:
        optimizer.zero_grad()
        total = 0.0
        for batch in step:
            logits = network(normalise(batch.images_NCHW))
            loss = cross_entropy(logits, batch.labels_N, label_smoothing=0.1) / len(step)
            torch.autograd.backward(loss)
            total += loss.item()
        optimizer.step()
        losses.append(total)
    return losses


@pytest.mark.parametrize("channels_last", [False, True])
def test_steps_are_those_of_torchvisions_loop(channels_last: bool) -> None:
    ours, theirs = learner(PLAIN, channels_last=channels_last), build_network(PLAIN, 3, seed=0)
    given = [batches(2, 4), batches(2, 4)[::-1], batches(2, 4)]
    expected = references_steps(PLAIN, theirs, given)
    found = [float(ours.step(step, epoch=0, step=number)[0]) for number, step in enumerate(given)]
    assert found == pytest.approx(expected, rel=1e-4)
    for (name, mine), (_, one) in zip(ours.network.named_parameters(), theirs.named_parameters(), strict=True):
        assert torch.allclose(mine, one, atol=1e-5), name


def test_a_step_takes_the_rate_of_its_epoch() -> None:
    ours = learner(PLAIN)
    for epoch, rate in ((0, 0.0005), (1, 0.05), (2, 0.025)):
        ours.step(batches(2, 4), epoch=epoch, step=3)
        assert [group["lr"] for group in ours.optimizer.param_groups] == pytest.approx([rate, rate])


def test_a_step_depends_on_its_place_and_on_no_generator() -> None:
    recipe = replace(PLAIN, mixup_alpha=0.2, cutmix_alpha=1.0, stochastic_depth=0.5)

    def loss(epoch: int, step: int) -> float:
        torch.manual_seed(int(torch.randint(1000, ())))
        return float(learner(recipe).step(batches(2, 4), epoch=epoch, step=step)[0])

    assert loss(1, 2) == loss(1, 2)
    assert len({loss(1, 1), loss(1, 2), loss(2, 1)}) == 3


def test_the_average_moves_when_it_is_due_and_not_before() -> None:
    ours = learner(TINY)
    assert ours.average is not None
    moved = []
    for step in range(4):
        before = ours.average.model.state_dict()["fc.weight"].clone()
        ours.step(batches(2, 4), epoch=1, step=step)
        moved.append(not torch.equal(ours.average.model.state_dict()["fc.weight"], before))
    assert moved == [True, False, True, False]


def test_what_counts_as_right_is_the_largest_share_of_the_target() -> None:
    ours = learner(replace(PLAIN, lr=1e-9, warmup_epochs=0, warmup_start_factor=None))
    (batch,) = batches(1, 8)
    ours.network.train()
    logits = ours.replica(v2.functional.normalize(batch.images_NCHW / 255, *_mean_and_std(PLAIN)))
    expected = int((logits.argmax(1) == batch.labels_N).sum())
    assert float(ours.step([batch], epoch=0, step=0)[1]) == expected


def _mean_and_std(recipe: Recipe) -> tuple[list[float], list[float]]:
    return list(recipe.inference.mean), list(recipe.inference.std)


def test_gradients_are_clipped_to_the_global_norm_once() -> None:
    recipe = replace(PLAIN, grad_clip_norm=0.01)
    ours = learner(recipe)
    ours.step(batches(2, 4), epoch=1, step=0)
    grads = torch.cat([each.grad.flatten() for each in ours.network.parameters() if each.grad is not None])
    assert float(grads.norm()) == pytest.approx(0.01, rel=1e-3)


class NoNumbers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Within it no tensor's number may be read, which on a GPU waits for all that was asked of it before."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert func is not torch.ops.aten._local_scalar_dense.default, "a step read a number: `.item()` or the like"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("amp", ["off", "bfloat16"])
def test_no_step_reads_a_number_off_the_device(amp: Amp) -> None:
    recipe = replace(TINY, amp=amp, grad_clip_norm=1.0)
    ours = learner(recipe)
    ours.step(batches(2, 4), epoch=1, step=0)
    with NoNumbers():  # type: ignore[no-untyped-call]
        for step in (1, 2, 3):
            ours.step(batches(2, 4), epoch=1, step=step)
    with NoNumbers(), pytest.raises(AssertionError, match="read a number"):  # type: ignore[no-untyped-call]
        torch.ones(1).item()


@pytest.mark.parametrize("compiled", [False, True])
def test_the_parameters_keep_their_names_whether_compiled_or_not(compiled: bool) -> None:
    names = build_network(TINY, 3, seed=0).state_dict().keys()
    ours = learner(TINY, compiled=compiled)
    assert ours.network.state_dict().keys() == names
    assert ours.average is not None
    assert ours.average.model.state_dict().keys() == names


def test_batch_norm_over_several_cpus_is_refused_and_the_way_out_is_told() -> None:
    recipe = replace(TINY, sync_bn=True)
    fitted = fit(recipe, num_gpus=2, batch_size_per_gpu=4)
    parts: dict[str, Any] = {"seed": 5, "num_classes": 3, "steps_per_epoch": 4}
    two = Process(number=0, num_processes=2, device=torch.device("cpu"))
    with pytest.raises(RunError, match=r"torch does on GPUs alone; on CPUs take one process"):
        build_learner(build_network(recipe, 3, seed=0), fitted, two, **parts)
    alone = fit(recipe, num_gpus=1, batch_size_per_gpu=4)
    kept = build_learner(build_network(recipe, 3, seed=0), alone, CPU, **parts).network
    assert not [each for each in kept.modules() if isinstance(each, nn.SyncBatchNorm)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("amp", ["off", "bfloat16"])
def test_no_step_waits_for_the_gpu(amp: Amp) -> None:
    recipe = replace(TINY, amp=amp, grad_clip_norm=1.0)
    ours = build_learner(
        build_network(recipe, 3, seed=0),
        fit(recipe, num_gpus=1, batch_size_per_gpu=4),
        Process(device=torch.device("cuda", 0)),
        seed=5,
        num_classes=3,
        steps_per_epoch=4,
        channels_last=True,
    )
    given = [
        Batch(batch.images_NCHW.pin_memory(), batch.boxes_N4.pin_memory(), batch.labels_N.pin_memory(), ())
        for batch in batches(2, 4)
    ]
    ours.step(given, epoch=1, step=0)
    try:
        with warnings.catch_warnings(action="ignore"):  # torch says that the mode is a prototype
            torch.cuda.set_sync_debug_mode("error")
        ours.step(given, epoch=1, step=1)
        ours.step(given, epoch=1, step=2)
    finally:
        torch.cuda.set_sync_debug_mode("default")
