"""The processes of a run, as torchrun starts them, or one alone. Knows nothing of networks but that they have tensors.

With one process every function here does nothing and costs nothing.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn

from training.errors import RunError


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """This process among `num_processes`: its number, and the device it trains on."""

    number: int = 0
    num_processes: int = 1
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether it is the one that writes and talks."""
        return self.number == 0


@contextmanager
def joined(device: str | None = None) -> Iterator[Process]:
    """This process, in touch with the others if torchrun started it, and out of touch at the end.

    `device` is cuda or cpu; left out, cuda where there is one. Processes talk over NCCL on GPUs, over gloo on CPUs.
    Raises RunError if there is no such device.
    """
    kind = device or ("cuda" if torch.cuda.is_available() else "cpu")
    if kind not in ("cpu", "cuda") or (kind == "cuda" and not torch.cuda.is_available()):
        raise RunError(f"there is no device `{kind}` here; `--device` takes cuda (an NVIDIA GPU) or cpu")
    if "RANK" not in os.environ:
        yield Process(device=torch.device(kind, 0) if kind == "cuda" else torch.device("cpu"))
        return
    here = torch.device(kind, int(os.environ["LOCAL_RANK"])) if kind == "cuda" else torch.device("cpu")
    if kind == "cuda":
        torch.cuda.set_device(here)
    dist.init_process_group("nccl" if kind == "cuda" else "gloo", device_id=here if kind == "cuda" else None)
    try:
        yield Process(number=dist.get_rank(), num_processes=dist.get_world_size(), device=here)
    finally:
        dist.destroy_process_group()


def sum_over_processes(tensor: torch.Tensor) -> torch.Tensor:
    """The sum of the processes' tensors, in place; each must call it with a tensor of the same shape."""
    if dist.is_initialized():
        dist.all_reduce(tensor)
    return tensor


def gather_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of all processes, in the order of their numbers."""
    if not dist.is_initialized():
        return texts
    gathered: list[tuple[str, ...]] = [()] * dist.get_world_size()
    dist.all_gather_object(gathered, texts)
    return tuple(text for each in gathered for text in each)


@contextmanager
def agreed() -> Iterator[None]:
    """Within it each process does its own; past it come all or none: the RunError or OSError of one ends all.

    So none waits for ever for one that has given up, and what comes after begins once all have done with it. The others
    raise a RunError that says the same.
    """
    fault: RunError | OSError | None = None
    try:
        yield
    except (RunError, OSError) as error:
        fault = error
    told = gather_texts(() if fault is None else (str(fault),))
    if fault is not None:
        raise fault
    if told:
        raise RunError(told[0])


def share_state(module: nn.Module) -> None:
    """Give every process the first one's parameters and buffers: their batch statistics differ."""
    if dist.is_initialized():
        for tensor in module.state_dict().values():
            dist.broadcast(tensor, src=0)


def wait_for_all() -> None:
    """Return once every process has called it."""
    if dist.is_initialized():
        dist.barrier()
