"""The one seam between HTTP and the models: pictures in, probabilities out; models come and go while it serves.

Knows nothing of HTTP, and of torch only what the `open_model` it is given knows.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol

from serve.batching.batcher import Batcher
from serve.batching.decode_pool import DecodePool
from serve.batching.engine_threads import BatchReport
from serve.batching.lane import Lane
from serve.errors import LoadFailed, ModelFailed, NotReady, ServeError, UnknownModel
from serve.models.load_thread import LoadThread
from serve.models.model import Model, ModelFacts, Pixels, Probabilities
from serve.models.served import ServedModel
from weights_registry.catalog import get_weights
from weights_registry.errors import InvalidImage, UnknownWeights

_log = logging.getLogger("serve")


@dataclass(slots=True)
class Classified:
    """The answer to one picture: probabilities (K,) by the model's categories, and where the time went.

    `queue_s` is all the waiting: for a decode thread and for the engine. `inference_s` is that of the whole batch.
    """

    model: ModelFacts
    probabilities_K: Probabilities
    queue_s: float
    decode_s: float
    inference_s: float
    batch_size: int


class Predictor(Protocol):
    """What the HTTP side asks for. All of it is called on the event loop."""

    async def start(self) -> None:
        """Begin to work; to be ready is another matter."""
        ...

    async def close(self) -> None:
        """Answer what was accepted, refuse the rest, let go of everything."""
        ...

    @property
    def is_alive(self) -> bool:
        """False once nothing will ever be answered again."""
        ...

    def models(self) -> dict[str, ModelFacts | None]:
        """The models by name, the default first; None for one that is still loading."""
        ...

    def num_waiting(self) -> dict[str, int]:
        """How many pictures wait for each model."""
        ...

    def find(self, weights: str | None = None) -> ModelFacts:
        """The model called `weights`, or the default. Raises UnknownModel, or NotReady while it is loading."""
        ...

    async def predict(
        self, picture: bytes | Pixels, *, weights: str | None = None, deadline: float = inf
    ) -> Classified:
        """The answer to one picture. Raises ServeError or InvalidImage; cancelling it frees its place."""
        ...

    async def preprocess(self, picture: bytes | Pixels, *, weights: str | None = None) -> Any:
        """What the network would be fed for this picture; nothing is queued."""
        ...

    async def load(self, weights: str) -> ModelFacts:
        """Load the model, or load it again, and warm it up; the old one serves until then. Raises LoadFailed."""
        ...

    async def unload(self, weights: str) -> None:
        """Let the model go once all its accepted pictures are answered. Raises UnknownModel."""
        ...


class LocalPredictor:
    """Models in this process: `num_decode_threads` threads decode, engine threads run the networks in turn."""

    def __init__(
        self,
        open_model: Callable[[str], Model],
        *,
        max_batch: int,
        queue_size: int,
        num_decode_threads: int,
        on_batch: Callable[[BatchReport], None] | None = None,
    ) -> None:
        self._open_model = open_model
        self._max_batch = max_batch
        self._queue_size = queue_size
        self._batcher = Batcher(on_batch=on_batch)
        self._pool = DecodePool(num_decode_threads)
        self._loader = LoadThread()
        self._served: dict[str, ServedModel] = {}
        self._loading: list[str] = []

    async def start(self) -> None:
        """Start the threads."""
        self._batcher.start()
        self._pool.start()

    async def close(self) -> None:
        """Answer what was accepted, refuse the rest, end the threads."""
        await self._batcher.close()
        await asyncio.to_thread(self._pool.close)

    @property
    def is_alive(self) -> bool:
        """Whether the engine thread lives."""
        return self._batcher.is_healthy

    def models(self) -> dict[str, ModelFacts | None]:
        """The models by name, in the order of loading; None for one that is still loading."""
        ready: dict[str, ModelFacts | None] = {served.facts.name: served.facts for served in self._served.values()}
        return ready | {name: None for name in self._loading if name not in ready}

    def num_waiting(self) -> dict[str, int]:
        """How many pictures wait for each model, in the decode threads or after them."""
        return {served.facts.name: served.lane.num_waiting for served in self._served.values()}

    def find(self, weights: str | None = None) -> ModelFacts:
        """The model called `weights`, or the default."""
        return self._find(weights).facts

    async def predict(
        self, picture: bytes | Pixels, *, weights: str | None = None, deadline: float = inf
    ) -> Classified:
        """The answer to one picture: decoded in the pool, run with whatever else has queued by then."""
        served = self._find(weights)
        ticket = served.lane.reserve(deadline=deadline)
        try:
            self._pool.submit(ticket, served.prepare, picture)
            probabilities_K = await ticket
        except (ServeError, InvalidImage):
            raise
        except Exception as error:
            _log.exception("%s failed on a picture", served.facts.name)
            raise ModelFailed(f"`{served.facts.name}` failed on this picture") from error
        finally:
            ticket.leave()
        return Classified(
            served.facts,
            probabilities_K,
            queue_s=ticket.taken_at - ticket.reserved_at - ticket.prepare_s,
            decode_s=ticket.prepare_s,
            inference_s=ticket.answered_at - ticket.taken_at,
            batch_size=ticket.batch_size,
        )

    async def preprocess(self, picture: bytes | Pixels, *, weights: str | None = None) -> Any:
        """What the network would be fed for this picture."""
        return await asyncio.to_thread(self._find(weights).prepare, picture)

    async def load(self, weights: str) -> ModelFacts:
        """Load, warm up, and only then replace: a load that fails leaves the old one serving."""
        name = _full_name(weights)
        self._loading.append(name)
        try:
            model = await self._loader.run(self._open_model, weights)
            served = await self._warm_up(model)
        except (UnknownWeights, ServeError):
            raise
        except Exception as error:
            _log.warning("%s could not be loaded", name, exc_info=True)
            raise LoadFailed(f"`{name}` could not be loaded: {error}") from error
        finally:
            self._loading.remove(name)
        old = self._served.get(served.facts.name.casefold())
        self._served[served.facts.name.casefold()] = served
        if old is not None:
            await old.close()
        return served.facts

    async def unload(self, weights: str) -> None:
        """Take the model out at once, and let it go when its accepted pictures are answered."""
        served = self._find(weights)
        del self._served[served.facts.name.casefold()]
        await served.close()

    async def _warm_up(self, model: Model) -> ServedModel:
        """The model with an open lane, on which one picture and then a full batch have gone the real way."""
        lane: Lane[Any, Probabilities] = self._batcher.open_lane(
            model.facts.name,
            model.run,
            max_batch=min(self._max_batch, model.best_batch or self._max_batch),
            queue_size=self._queue_size,
            at_once=model.at_once,
        )
        served = ServedModel(model, lane)
        try:
            example = await asyncio.to_thread(served.example)
            await lane.submit(example)
            await asyncio.gather(*(lane.submit(example) for _ in range(min(self._max_batch, self._queue_size))))
        except BaseException:
            await served.close()
            raise
        return served

    def _find(self, weights: str | None) -> ServedModel:
        if weights is None:
            if not self._served:
                raise NotReady("no model is loaded yet") if self._loading else UnknownModel("no model is loaded")
            return next(iter(self._served.values()))
        served = self._served.get(weights.casefold()) or self._served.get(_full_name(weights).casefold())
        if served is not None:
            return served
        if _full_name(weights) in self._loading:
            raise NotReady(f"`{weights}` is still being loaded")
        raise UnknownModel(f"no model `{weights}` is loaded; there are: {', '.join(self.models()) or 'none'}")


def _full_name(weights: str) -> str:
    """The id of the registered weights meant, so that an architecture's name or another letter case finds them."""
    try:
        return get_weights(weights).id
    except UnknownWeights:
        return weights
