"""Pictures -> ranked categories. The command line and the server both stand on it. Knows neither of them.

Decoding and resizing run in threads ahead of the network; answers come in the order of the pictures.
"""

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Literal, TypeAlias, TypeVar

import torch
from PIL import Image

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import InvalidImage
from weights_registry.inference.engine import Engine
from weights_registry.inference.images import ImageLimits, open_image
from weights_registry.inference.loading import LoadedCheckpoint, load
from weights_registry.registration import RegisteredWeights

Picture: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | torch.Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")

DEFAULT_WEIGHTS = "EfficientNet_Lite0_Weights.ImageNet1K_V1"


@dataclass(frozen=True, slots=True)
class RankedCategory:
    """One category of a prediction: its name, its index in the network's outputs, its probability from 0 to 1."""

    label: str
    index: int
    wordnet_id: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the network says of one picture: the likeliest categories, best first. `source` names the picture."""

    source: str
    categories: tuple[RankedCategory, ...]

    @property
    def best(self) -> RankedCategory:
        """The likeliest category."""
        return self.categories[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one picture of a stream: probabilities (K,), or the error that kept it from being classified."""

    source: str
    probabilities_K: torch.Tensor | None
    error: InvalidImage | None


@dataclass(frozen=True, slots=True)
class _Prepared:
    source: str
    input_CHW: torch.Tensor | None
    error: InvalidImage | None


class Classifier:
    """A checkpoint, ready to classify.

    `weights` is whatever `load` takes, or what it gave. `batch_size` pictures go through the network at a time, while
    `num_threads` threads (default: one a core) decode the next. `preprocess="fast"` resizes with torch's uint8 kernel,
    within one or two levels in 255 of the picture that `"exact"` gives, which is bit for bit that of
    `weights.transforms()`. Raises what `load` raises, and ValueError for a device that is not there.
    """

    def __init__(
        self,
        weights: str | os.PathLike[str] | RegisteredWeights | LoadedCheckpoint = DEFAULT_WEIGHTS,
        *,
        device: str | torch.device = "auto",
        dtype: torch.dtype = torch.float32,
        batch_size: int = 32,
        num_threads: int | None = None,
        limits: ImageLimits | None = None,
        preprocess: Literal["fast", "exact"] = "fast",
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be 1 or more, not `{batch_size}`")
        if preprocess not in ("fast", "exact"):
            raise ValueError(f"`preprocess` must be `fast` or `exact`, not `{preprocess}`")
        loaded = weights if isinstance(weights, LoadedCheckpoint) else load(weights)
        self.checkpoint: Checkpoint = loaded.checkpoint
        self.transforms = loaded.transforms()
        self.engine = Engine(loaded.model, self.transforms, device=device, dtype=dtype)
        self.batch_size = batch_size
        self.num_threads = num_threads or os.cpu_count() or 1
        self.limits = limits or ImageLimits()
        self.preprocess = preprocess

    def __call__(self, picture: Picture, *, top_k: int = 5) -> Prediction:
        """The `top_k` likeliest categories of one picture: a path, bytes, a PIL picture or a tensor (C, H, W).

        Raises InvalidImage if it is no acceptable picture.
        """
        return next(iter(self.predict([picture], top_k=top_k)))

    def predict(self, pictures: Iterable[Picture], *, top_k: int = 5) -> list[Prediction]:
        """A prediction for each picture, in order. Raises InvalidImage at the first that is no acceptable picture."""
        predictions = []
        for outcome in self.stream(pictures):
            if outcome.error is not None:
                raise outcome.error
            predictions.append(self.rank(outcome, top_k=top_k))
        return predictions

    def stream(self, pictures: Iterable[Picture]) -> Iterator[Outcome]:
        """An outcome for each picture, in order, as they come; a bad picture is an outcome, not an exception.

        Holds a few batches of pictures in memory at most, however long the stream is.
        """
        with ThreadPoolExecutor(self.num_threads, thread_name_prefix="decode") as pool:
            prepared = _ahead(
                pool, self._prepare, enumerate(pictures), num_ahead=2 * self.batch_size + self.num_threads
            )
            while batch := list(itertools.islice(prepared, self.batch_size)):
                yield from self._classify(batch)

    def rank(self, outcome: Outcome, *, top_k: int = 5) -> Prediction:
        """The outcome's `top_k` likeliest categories; all there are if they are fewer. ValueError if `top_k` < 1."""
        if outcome.probabilities_K is None:
            raise ValueError(f"`{outcome.source}` was not classified: {outcome.error}")
        if top_k < 1:
            raise ValueError(f"`top_k` must be 1 or more, not `{top_k}`")
        labels = self.checkpoint.labels
        best = outcome.probabilities_K.topk(min(top_k, len(labels)))
        return Prediction(
            outcome.source,
            tuple(
                RankedCategory(labels.names[index], index, labels.wordnet_id(index), probability)
                for probability, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            ),
        )

    def _prepare(self, numbered: tuple[int, Picture]) -> _Prepared:
        index, picture = numbered
        source = _name_of(picture, index)
        try:
            return _Prepared(source, self._to_input(picture, source), None)
        except InvalidImage as error:
            return _Prepared(source, None, error)

    def _to_input(self, picture: Picture, source: str) -> torch.Tensor:
        """What the network is fed, (C, H, W): uint8 before normalisation, or float32 after it."""
        if not isinstance(picture, torch.Tensor):
            num_channels = self.checkpoint.preprocessing.num_channels
            picture = open_image(picture, num_channels=num_channels, limits=self.limits, name=source)
        elif picture.ndim != 3:
            raise ValueError(f"a tensor to classify must be one picture (C, H, W), not {tuple(picture.shape)}")
        if self.preprocess == "exact" or (isinstance(picture, torch.Tensor) and picture.is_floating_point()):
            return self.transforms(picture)
        return self.transforms.to_uint8(picture)

    def _classify(self, batch: Sequence[_Prepared]) -> Iterator[Outcome]:
        inputs = [each.input_CHW for each in batch if each.input_CHW is not None]
        answers = iter(self.engine.probabilities(self._stack(inputs)) if inputs else ())
        for each in batch:
            yield Outcome(each.source, None if each.error else next(answers), each.error)

    def _stack(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        if len({each.dtype for each in inputs}) > 1:
            inputs = [
                self.transforms.normalise(each[None])[0] if each.dtype == torch.uint8 else each for each in inputs
            ]
        return torch.stack(list(inputs))


def _name_of(picture: Picture, index: int) -> str:
    if isinstance(picture, str | os.PathLike):
        return os.fspath(picture)
    name = getattr(picture, "name", None)
    return name if isinstance(name, str) else f"picture {index}"


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], *, num_ahead: int
) -> Iterator[Result]:
    """`work` of each item, in order, with up to `num_ahead` items under way in the pool."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= num_ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
