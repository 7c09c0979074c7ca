"""A model that looks at nothing: what is left is the server's own cost. For benchmarks of overhead, and for tests."""

import numpy as np

from serve.models.model import ModelFacts, Pixels, Probabilities
from weights_registry.catalog import get_weights


class NoopModel:
    """Gives every picture the same probabilities, under the name and the categories of the checkpoint `name`."""

    at_once = 1
    best_batch = None

    def __init__(self, name: str) -> None:
        checkpoint = get_weights(name).checkpoint
        num_categories = len(checkpoint.labels)
        falling = np.arange(num_categories, 0, -1, dtype=np.float32)
        self._probabilities_K: Probabilities = falling / falling.sum()
        self.facts = ModelFacts(checkpoint, sha256="0" * 64, device="none", dtype="none")

    def prepare(self, picture: bytes | Pixels) -> int:
        """The picture's length: nothing is decoded."""
        return len(picture)

    def run(self, items: list[int], num_inside: int) -> list[Probabilities]:
        """As many times the same answer."""
        return [self._probabilities_K] * len(items)

    def example(self) -> int:
        """Any number will do."""
        return 0

    def close(self) -> None:
        """Nothing to give back."""
