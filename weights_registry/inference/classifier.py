"""Pictures -> ranked categories. The command line and the server both stand on it. Knows neither of them.

Decoding and resizing run in threads ahead of the network; answers come in the order of the pictures.
"""

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal, TypeAlias, TypeVar

import torch
from PIL import Image

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import InvalidImage
from weights_registry.finding import DEFAULT_WEIGHTS
from weights_registry.inference.engine import Engine
from weights_registry.inference.images import ImageLimits, open_image
from weights_registry.inference.loading import LoadedCheckpoint, load
from weights_registry.registration import RegisteredWeights

Picture: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Image.Image | torch.Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")

# More decoders than this do not feed a GPU faster, and each may hold a picture of 100 million pixels.
MAX_DEFAULT_THREADS: Final = 32


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

    `weights` is whatever `load` takes, or what it gave: then its network is taken over, not copied, and moved to
    `device` and `dtype`. `batch_size` pictures go through the network at a time, while `num_threads` threads (default:
    one a core, at most 32) decode the next. `preprocess="fast"` resizes with torch's uint8 kernel, seldom one level of
    255 off the picture that `"exact"` gives (bicubic: up to three), which is bit for bit that of
    `weights.transforms()`. `scaled_decode` decodes large JPEGs at 1/2, 1/4 or 1/8 of their size, with at least twice
    the pixels a side that they are resized to: faster, but probabilities change (tests/benchmarks/scaled_decode.py).
    One Classifier may be used from several threads at once: they decode side by side and take turns at the network.
    Raises what `load` raises, and ValueError for a device that is not there or a number below 1.
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
        scaled_decode: bool = False,
    ) -> None:
        _check_at_least_1("batch_size", batch_size)
        num_threads = min(_num_cores(), MAX_DEFAULT_THREADS) if num_threads is None else num_threads
        _check_at_least_1("num_threads", num_threads)
        if preprocess not in ("fast", "exact"):
            raise ValueError(f"`preprocess` must be `fast` or `exact`, not `{preprocess}`")
        if scaled_decode and preprocess == "exact":
            raise ValueError("`scaled_decode` is not exact: leave it out, or take `preprocess='fast'`")
        loaded = weights if isinstance(weights, LoadedCheckpoint) else load(weights)
        self.checkpoint: Checkpoint = loaded.checkpoint
        self.transforms = loaded.transforms()
        self.engine = Engine(loaded.model, self.transforms, device=device, dtype=dtype)
        self.batch_size = batch_size
        self.num_threads = num_threads
        self.limits = limits or ImageLimits()
        self.preprocess = preprocess
        self._min_side = self.transforms.min_decoded_side if scaled_decode else None
        self._turn = threading.Lock()

    def __call__(self, picture: Picture, *, top_k: int = 5) -> Prediction:
        """The `top_k` likeliest categories of one picture: a path, bytes, a PIL picture or a tensor (C, H, W).

        Raises InvalidImage if it is no acceptable picture.
        """
        _check_at_least_1("top_k", top_k)
        (outcome,) = self._classify([self._prepare((0, picture))])
        return self._rank_or_raise(outcome, top_k)

    def predict(self, pictures: Iterable[Picture], *, top_k: int = 5) -> list[Prediction]:
        """A prediction for each picture, in order. Raises InvalidImage at the first that is no acceptable picture."""
        _check_at_least_1("top_k", top_k)
        with closing(self.stream(pictures)) as outcomes:
            return [self._rank_or_raise(outcome, top_k) for outcome in outcomes]

    def stream(self, pictures: Iterable[Picture]) -> Generator[Outcome, None, None]:
        """An outcome for each picture, in order, as they come; a bad picture is an outcome, not an exception.

        `pictures` may be endless: at most three batches and one picture a thread are taken from it ahead of what was
        given back, and held in memory. Closing the generator early ends its threads. Raises TypeError or ValueError
        for what is no picture at all, such as a tensor of a wrong shape; the message says which.
        """
        if isinstance(pictures, str | bytes | bytearray | os.PathLike):
            raise TypeError("`pictures` must be several, such as a list; for one picture call the classifier itself")
        return self._stream(pictures)

    def rank(self, outcome: Outcome, *, top_k: int = 5) -> Prediction:
        """The outcome's `top_k` likeliest categories; all there are if they are fewer. ValueError if `top_k` < 1."""
        if outcome.probabilities_K is None:
            raise ValueError(f"`{outcome.source}` was not classified: {outcome.error}")
        _check_at_least_1("top_k", top_k)
        labels = self.checkpoint.labels
        best = outcome.probabilities_K.topk(min(top_k, len(labels)))
        return Prediction(
            outcome.source,
            tuple(
                RankedCategory(labels.names[index], index, labels.wordnet_id(index), probability)
                for probability, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
            ),
        )

    def _stream(self, pictures: Iterable[Picture]) -> Generator[Outcome, None, None]:
        num_ahead = 2 * self.batch_size + self.num_threads
        with (
            ThreadPoolExecutor(self.num_threads, thread_name_prefix="decode") as pool,
            # Closed before the pool is: the pool would wait for all that is still queued.
            closing(_ahead(pool, self._prepare, enumerate(pictures), num_ahead=num_ahead)) as prepared,
        ):
            while batch := list(itertools.islice(prepared, self.batch_size)):
                yield from self._classify(batch)

    def _rank_or_raise(self, outcome: Outcome, top_k: int) -> Prediction:
        if outcome.error is not None:
            raise outcome.error
        return self.rank(outcome, top_k=top_k)

    def _prepare(self, numbered: tuple[int, Picture]) -> _Prepared:
        index, picture = numbered
        source = _name_of(picture, index)
        try:
            return _Prepared(source, self._to_input(picture, source), None)
        except InvalidImage as error:
            # A new one: the traceback and the causes of the old hold the bytes of its file, for as long as it is kept.
            return _Prepared(source, None, InvalidImage(error.reason, source=source))
        except TypeError as error:
            raise TypeError(f"`{source}` cannot be classified: {error}") from error
        except ValueError as error:
            raise ValueError(f"`{source}` cannot be classified: {error}") from error

    def _to_input(self, picture: Picture, source: str) -> torch.Tensor:
        """What the network is fed, (C, H, W): uint8 before normalisation, or float32 after it."""
        if not isinstance(picture, torch.Tensor):
            num_channels = self.checkpoint.preprocessing.num_channels
            picture = open_image(
                picture, num_channels=num_channels, limits=self.limits, min_side=self._min_side, name=source
            )
        elif picture.ndim != 3:
            raise ValueError(
                f"a tensor must be one picture (C, H, W), not {tuple(picture.shape)}; give several one by one"
            )
        if self.preprocess == "exact" or (isinstance(picture, torch.Tensor) and picture.is_floating_point()):
            return self.transforms(picture)
        return self.transforms.to_uint8(picture)

    def _classify(self, batch: Sequence[_Prepared]) -> Iterator[Outcome]:
        inputs = [each.input_CHW for each in batch if each.input_CHW is not None]
        answers = iter(self._probabilities(inputs) if inputs else ())
        for each in batch:
            yield Outcome(each.source, None if each.error else next(answers), each.error)

    def _probabilities(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """One batch through the network, (N, K). Inputs may be of both kinds, and on several devices."""
        if len({each.dtype for each in inputs}) > 1:
            inputs = [self.transforms.normalise(each) if each.dtype == torch.uint8 else each for each in inputs]
        if len({each.device for each in inputs}) > 1:
            inputs = [each.to(self.engine.device) for each in inputs]
        with self._turn:
            return self.engine.probabilities(torch.stack(inputs))


def _check_at_least_1(name: str, number: int) -> None:
    if number < 1:
        raise ValueError(f"`{name}` must be 1 or more, not `{number}`")


def _num_cores() -> int:
    """Cores that this process may use, where the system tells; else all."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _name_of(picture: Picture, index: int) -> str:
    """The picture's path where it has one, else its place in the stream, counted from 0."""
    for name in (picture, getattr(picture, "filename", None), getattr(picture, "name", None)):
        if isinstance(name, str | os.PathLike) and os.fsdecode(name):
            return os.fsdecode(name)
    return f"picture {index}"


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], *, num_ahead: int
) -> Generator[Result, None, None]:
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
