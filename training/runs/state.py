"""All that a run has to remember, as plain values and tensors, and back. Knows nothing of files."""

import random
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from training.data.sampler import Position
from training.errors import RunError
from training.learning.step import Learner
from training.runs.epoch import Totals

Content = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Best:
    """The best epoch so far, and its acc@1 in percent."""

    epoch: int
    acc1: float


@dataclass(slots=True, kw_only=True)
class Memory:
    """Where a run is and what it has found, beside the weights. `identity` is what makes it this run and no other."""

    identity: dict[str, Any]
    position: Position
    totals: Totals
    best: Best | None
    unreadable: dict[str, None]


def gather(memory: Memory, learner: Learner) -> Content:
    """All of it, for a snapshot; tensors are those of the learner, not copies."""
    return {
        "identity": memory.identity,
        "position": asdict(memory.position),
        "totals": memory.totals.outcome(),
        "best": None if memory.best is None else asdict(memory.best),
        "unreadable": list(memory.unreadable),
        "network": learner.network.state_dict(),
        "average": None if learner.average is None else learner.average.model.state_dict(),
        "optimizer": learner.optimizer.state_dict(),
        "scaler": learner.scaler.state_dict(),
        "generators": _generators(),
    }


def restore(content: Content, learner: Learner, *, identity: dict[str, Any]) -> Memory:
    """Put the weights of a snapshot into the learner, and give the rest.

    Raises RunError if it is of another run than `identity` says, naming what differs.
    """
    found = content["identity"]
    if differing := sorted(key for key in identity.keys() | found.keys() if identity.get(key) != found.get(key)):
        raise RunError(
            f"the run that was begun there has another {', '.join(differing)}: give the settings it was begun with, or "
            "another `--output`"
        )
    learner.network.load_state_dict(content["network"])
    if learner.average is not None:
        learner.average.model.load_state_dict(content["average"])
    learner.optimizer.load_state_dict(content["optimizer"])
    learner.scaler.load_state_dict(content["scaler"])
    _set_generators(content["generators"])
    best = content["best"]
    return Memory(
        identity=identity,
        position=Position(**content["position"]),
        totals=Totals(**content["totals"]),
        best=None if best is None else Best(**best),
        unreadable=dict.fromkeys(content["unreadable"]),
    )


def _generators() -> Content:
    """The state of every global generator of this process.

    The run itself draws from none of them: its random numbers are functions of seed and place. But a network may.
    """
    _, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": (torch.from_numpy(np.asarray(keys, dtype=np.int64)), int(position), int(has_gauss), float(gauss)),
        "python": random.getstate(),
    }


def _set_generators(states: Content) -> None:
    torch.set_rng_state(states["torch"])
    if torch.cuda.is_available() and len(states["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(states["cuda"])
    keys, *others = states["numpy"]
    np.random.set_state(("MT19937", keys.numpy().astype(np.uint32), *others))
    random.setstate(states["python"])
