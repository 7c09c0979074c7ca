"""What a classifier says of each labelled picture, beside the truth. Counts nothing."""

import itertools
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch

from weights_registry.errors import InvalidImage
from weights_registry.inference.classifier import Classifier, Outcome, Picture

NUM_RANKED: Final = 5

Labelled: TypeAlias = tuple[Picture, tuple[int, ...]]
"""A picture, and the indices of the categories that are truly on it: one or more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest categories of one picture, best first, five or all there are; or why it could not be classified.

    `truths` are the indices of the categories that are truly on it, `indices` those of the likeliest, `probabilities`
    (0 to 1) theirs. Both are empty where there is an `error`.
    """

    source: str
    truths: tuple[int, ...]
    indices: tuple[int, ...] = ()
    probabilities: tuple[float, ...] = ()
    error: InvalidImage | None = None

    @property
    def hit1(self) -> bool:
        """Whether the likeliest category is true."""
        return bool(self.indices) and self.indices[0] in self.truths

    @property
    def hit5(self) -> bool:
        """Whether a true category is among the five likeliest."""
        return any(index in self.truths for index in self.indices)


def answers(
    classifier: Classifier, samples: Iterable[Labelled], *, among: Sequence[int] | None = None
) -> Generator[Answer, None, None]:
    """An answer for each picture, in order, as they come; close the generator to end early.

    `among` are the indices of the categories to rank, in ascending order, all if None: probabilities are then those
    among these alone, and sum to 1 over them.
    """
    truths: deque[tuple[int, ...]] = deque()

    def pictures() -> Iterator[Picture]:
        for picture, truth in samples:
            truths.append(truth)
            yield picture

    columns_M = None if among is None or len(among) == len(classifier.checkpoint.labels) else torch.tensor(among)
    with closing(classifier.stream(pictures())) as outcomes:
        # As many as the network takes at a time, so that they are ranked at a time.
        while batch := list(itertools.islice(outcomes, classifier.batch_size)):
            ranked = _ranked(batch, columns_M)
            for outcome in batch:
                if outcome.error is None:
                    yield Answer(outcome.source, truths.popleft(), *next(ranked))
                else:
                    yield Answer(outcome.source, truths.popleft(), error=outcome.error)


def _ranked(
    batch: Sequence[Outcome], columns_M: torch.Tensor | None
) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Indices and probabilities of the likeliest categories of each picture that was classified."""
    rows = [outcome.probabilities_K for outcome in batch if outcome.probabilities_K is not None]
    if not rows:
        return iter(())
    probabilities_NK = torch.stack(rows)
    if columns_M is not None:
        # A picture none of them has any probability for is as likely to be each of them.
        probabilities_NK = probabilities_NK[:, columns_M].clamp_min(torch.finfo(torch.float32).tiny)
        probabilities_NK /= probabilities_NK.sum(dim=1, keepdim=True)
    best = probabilities_NK.topk(min(NUM_RANKED, probabilities_NK.shape[1]))
    indices_N5 = best.indices if columns_M is None else columns_M[best.indices]
    return zip(map(tuple, indices_N5.tolist()), map(tuple, best.values.tolist()), strict=True)
