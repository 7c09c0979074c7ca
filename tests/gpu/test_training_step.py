"""A step on a GPU is that of the CPU, in every precision and memory format, compiled, wrapped and averaged."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from tests.training.plain_steps import PLAIN, batches
from tests.training.tiny_runs import CPU, TINY
from training import Recipe, fit
from training.distributed import Process, joined
from training.learning.ema import WeightAverage
from training.learning.networks import build_network
from training.learning.step import Learner, build_learner

MIXED = replace(PLAIN, mixup_alpha=0.2, cutmix_alpha=1.0, random_erasing=0.5, ema_decay=0.9, ema_every_steps=2)


def learner(recipe: Recipe, process: Process, **options: Any) -> Learner:
    fitted = fit(recipe, num_gpus=1, batch_size_per_gpu=recipe.global_batch_size)
    parts: dict[str, Any] = {"seed": 5, "num_classes": 3, "steps_per_epoch": 4}
    return build_learner(build_network(recipe, 3, seed=0), fitted, process, **parts, **options)


def losses(ours: Learner, *, num_steps: int = 4, epoch: int = 1) -> list[float]:
    given = batches(num_steps, ours.recipe.global_batch_size)
    return [float(ours.step([batch], epoch=epoch, step=step)[0]) for step, batch in enumerate(given)]


def assert_close(one: nn.Module, other: nn.Module, *, rtol: float = 1e-2, atol: float = 1e-4) -> None:
    for (name, mine), theirs in zip(one.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.allclose(mine.float().cpu(), theirs.float().cpu(), rtol=rtol, atol=atol), name


@pytest.mark.parametrize("channels_last", [False, True])
def test_steps_are_those_of_the_cpu(gpu: torch.device, channels_last: bool) -> None:
    on_gpu, on_cpu = learner(MIXED, Process(device=gpu), channels_last=channels_last), learner(MIXED, CPU)
    assert losses(on_gpu) == pytest.approx(losses(on_cpu), rel=1e-3)
    assert_close(on_gpu.network, on_cpu.network)
    assert on_gpu.average is not None
    assert on_cpu.average is not None
    assert_close(on_gpu.average.model, on_cpu.average.model)
    kernels = [module.weight for module in on_gpu.network.modules() if isinstance(module, nn.Conv2d)]
    assert all(each.is_contiguous(memory_format=torch.channels_last) for each in kernels) or not channels_last


@pytest.mark.parametrize("amp", ["bfloat16", "float16"])
def test_sixteen_bits_go_the_same_way(gpu: torch.device, amp: Any) -> None:
    whole = losses(learner(MIXED, Process(device=gpu)))
    half = learner(replace(MIXED, amp=amp), Process(device=gpu), channels_last=True)
    assert losses(half) == pytest.approx(whole, rel=0.05)
    assert all(parameter.dtype == torch.float32 for parameter in half.network.parameters())
    assert half.scaler.is_enabled() == (amp == "float16")


def test_a_step_that_overflows_float16_is_left_out_and_the_scale_falls(gpu: torch.device) -> None:
    ours = learner(replace(PLAIN, amp="float16"), Process(device=gpu))
    before = {name: each.clone() for name, each in ours.network.named_parameters()}
    ours.scaler.load_state_dict({**ours.scaler.state_dict(), "scale": 2.0**60})
    losses(ours, num_steps=1)
    assert ours.scaler.get_scale() < 2.0**60
    assert all(torch.equal(each, before[name]) for name, each in ours.network.named_parameters())
    ours.scaler.load_state_dict({**ours.scaler.state_dict(), "scale": 2.0**10})
    losses(ours, num_steps=1)
    assert not all(torch.equal(each, before[name]) for name, each in ours.network.named_parameters())


@pytest.mark.slow
def test_compiled_steps_are_the_plain_ones(gpu: torch.device) -> None:
    plain, compiled = (learner(MIXED, Process(device=gpu), compiled=each) for each in (False, True))
    assert losses(compiled) == pytest.approx(losses(plain), rel=1e-3)
    assert_close(compiled.network, plain.network)
    assert compiled.network.state_dict().keys() == plain.network.state_dict().keys()


def test_the_average_of_weights_is_that_of_the_cpu(gpu: torch.device) -> None:
    networks = [build_network(TINY, 3, seed=0).to(device) for device in (torch.device("cpu"), gpu)]
    averages = [WeightAverage(network) for network in networks]
    generator = torch.Generator().manual_seed(1)
    for decay in (0.0, 0.9, 0.998908):
        for values in zip(*(network.state_dict().values() for network in networks), strict=True):
            moved = torch.rand(values[0].shape, generator=generator)
            for value in values:
                value.copy_(moved if value.is_floating_point() else value + 1)
        for network, average in zip(networks, averages, strict=True):
            average.update(network, decay)
    assert_close(averages[1].model, averages[0].model, rtol=0.0, atol=1e-6)


@pytest.fixture
def over_nccl(gpu: torch.device, monkeypatch: pytest.MonkeyPatch) -> Iterator[Process]:
    """This process as a group of one, said to be one of two, so that all that several processes have is there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in told.items():
        monkeypatch.setenv(name, str(value))
    with joined("cuda") as process:
        assert torch.distributed.get_backend() == "nccl"
        yield replace(process, num_processes=2)
    assert "RANK" in os.environ


@pytest.mark.parametrize("sync_bn", [False, True])
def test_steps_over_nccl_are_the_plain_ones(gpu: torch.device, over_nccl: Process, sync_bn: bool) -> None:
    wrapped, plain = learner(replace(MIXED, sync_bn=sync_bn), over_nccl), learner(MIXED, Process(device=gpu))
    assert isinstance(wrapped.replica, DistributedDataParallel)
    found = [module for module in wrapped.network.modules() if isinstance(module, nn.SyncBatchNorm)]
    assert bool(found) == sync_bn
    assert losses(wrapped) == pytest.approx(losses(plain), rel=1e-3)
    assert_close(wrapped.network, plain.network)
