"""What the server asks of a model, and the facts it tells about one. Knows neither torch nor HTTP.

Legend: C channels, H x W pixels, K categories.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from weights_registry.checkpoint import Checkpoint

Probabilities: TypeAlias = NDArray[np.float32]
Pixels: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a served model is. `sha256` is the full digest of the bytes that were loaded."""

    checkpoint: Checkpoint
    sha256: str
    device: str
    dtype: str

    @property
    def name(self) -> str:
        """The checkpoint's id, by which clients ask for the model."""
        return self.checkpoint.id


class Model(Protocol):
    """A loaded checkpoint in two halves: `prepare` runs in decode threads, `run` on engine threads."""

    @property
    def facts(self) -> ModelFacts:
        """What it is."""
        ...

    @property
    def at_once(self) -> int:
        """How many batches may run at a time."""
        ...

    @property
    def best_batch(self) -> int | None:
        """Pictures of a batch beyond which a larger one is no faster; None where larger is always faster."""
        ...

    def prepare(self, picture: bytes | Pixels) -> Any:
        """The item to run: from an encoded picture, uint8 pixels (C, H, W), or a normalised float32 input (C, H, W).

        Called from several threads at once. Raises InvalidImage, TooLarge or InvalidRequest.
        """
        ...

    def run(self, items: list[Any], num_inside: int) -> Sequence[Probabilities]:
        """Probabilities (K,) of each item, in order.

        `num_inside` is how many pictures the server has in hand, these among them, whatever model they are for: what
        all of it may use, such as cores, is to be shared with those. Raises EngineDied if nothing can be run any more.
        """
        ...

    def example(self) -> Any:
        """An item to warm up with."""
        ...

    def close(self) -> None:
        """Give its memory back. Nothing is called after it."""
        ...
