"""A model while it is served: its lane, and an end that waits for whoever still uses it. Knows nothing of HTTP."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from serve.batching.lane import Lane
from serve.models.model import Model, ModelFacts, Pixels, Probabilities


class ServedModel:
    """A model and the lane that its pictures queue in."""

    def __init__(self, model: Model, lane: Lane[Any, Probabilities]) -> None:
        self.model = model
        self.lane = lane
        self._num_using = 0
        self._changed = threading.Condition()

    @property
    def facts(self) -> ModelFacts:
        """What the model is."""
        return self.model.facts

    def prepare(self, picture: bytes | Pixels) -> Any:
        """The item to run, as `Model.prepare` makes it. From any thread."""
        with self._in_use():
            return self.model.prepare(picture)

    def example(self) -> Any:
        """An item to warm up with. From any thread."""
        with self._in_use():
            return self.model.example()

    async def close(self) -> None:
        """Take no more pictures, answer those that were accepted, and let the model go once nothing uses it.

        What callers that have left began is waited for as well: nothing is called while the model closes, or after it.
        """
        await self.lane.close()
        await asyncio.to_thread(self._close_model)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._changed:
            self._num_using += 1
        try:
            yield
        finally:
            with self._changed:
                self._num_using -= 1
                self._changed.notify_all()

    def _close_model(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._num_using == 0)
        self.model.close()
