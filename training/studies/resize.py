"""Inference resize tuning: the best size to resize to before the crop, chosen on some pictures, confirmed on others.

Nothing is trained. Pure computation on outcomes; knows neither networks nor files. Source:
https://pytorch.org/blog/how-to-train-state-of-the-art-models-using-torchvision-latest-primitives/, its last rung.
Legend: S sizes, N pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from training.studies.folds import stratified_folds
from training.studies.outcomes import Outcomes, percent
from weights_registry.inference.paired import PairedDifference, paired_difference

Verdict = Literal["confirmed", "in doubt", "not confirmed", "own size is best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeResult:
    """One size: accuracies in percent on all pictures and on each half, and on each the gain over the own size.

    The gains are of the same pictures, paired; None for the own size itself.
    """

    resize_size: int
    acc1: float
    acc5: float
    acc1_choosing: float
    acc1_confirming: float
    gain_choosing: PairedDifference | None
    gain_confirming: PairedDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldChoice:
    """The size chosen on all other folds, and its gain on this one; None if that is the own size."""

    fold: int
    chosen: int
    gain: PairedDifference | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeStudy:
    """What came of it. `gain` is that of `winner` over `own_size` on the confirming half, which it was not chosen on.

    It is None if the own size won. `folds` is empty, or holds each fold's choice; then `gain_of_choosing` is the gain
    on all pictures of feeding each at the size that the other folds chose.
    """

    own_size: int
    crop_size: int
    num_images: int
    num_choosing: int
    num_confirming: int
    seed: int
    sizes: tuple[SizeResult, ...]
    winner: int
    gain: PairedDifference | None
    verdict: Verdict
    folds: tuple[FoldChoice, ...]
    gain_of_choosing: PairedDifference | None

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.gain is None:
            return f"Its own size, {self.own_size}, is the best of the grid."
        gain = f"{self.gain.difference:+.3f} points ({self.gain.low:+.3f} to {self.gain.high:+.3f})"
        told = {
            "confirmed": "the gain survives",
            "in doubt": "the gain is there, but chance alone may have made it",
            "not confirmed": "the gain does not survive",
        }
        return (
            f"{self.winner} instead of {self.own_size}: {gain} on the {self.num_confirming:,} confirming pictures; "
            f"{told[self.verdict]}."
        )


def default_sizes(crop_size: int) -> tuple[int, ...]:
    """The grid for a crop: 224 to 256 by 8 for 224, and in proportion for any other: 28 to 32 by 1 for 28."""
    step = max(1, round(crop_size / 28))
    return tuple(range(crop_size, round(crop_size * 8 / 7) + 1, step))


def choose_resize(
    sizes: Sequence[int],
    outcomes: Outcomes,
    *,
    own_size: int,
    crop_size: int,
    seed: int = 0,
    num_folds: int | None = None,
) -> ResizeStudy:
    """The study, from outcomes of which way 0, 1, ... is the size `sizes[0]`, `sizes[1]`, ...

    Of sizes that are right equally often the nearest to `own_size` is taken, of those the smaller. Raises ValueError
    if `own_size` is not among the sizes, or there are fewer pictures than halves or folds.
    """
    if own_size not in sizes or len(set(sizes)) != len(sizes):
        raise ValueError(f"`sizes` must hold `own_size`, {own_size}, and each size once, not {list(sizes)}")
    hits_SN = np.stack([outcomes.hits(way) for way in range(len(sizes))])
    hits5_SN = np.stack([outcomes.hits(way, among=5) for way in range(len(sizes))])
    confirming_N = stratified_folds(outcomes.labels_N, 2, seed=seed) == 1
    own = sizes.index(own_size)

    def best(chosen_on_N: npt.NDArray[np.bool_]) -> int:
        right = hits_SN[:, chosen_on_N].sum(axis=1)
        return min(range(len(sizes)), key=lambda way: (-right[way], abs(sizes[way] - own_size), sizes[way]))

    def gain(way: int, on_N: npt.NDArray[np.bool_]) -> PairedDifference | None:
        return None if way == own else paired_difference(hits_SN[way][on_N], hits_SN[own][on_N])

    winner = best(~confirming_N)
    folds: list[FoldChoice] = []
    hits_of_choice_N = np.empty(len(confirming_N), dtype=np.bool_)
    if num_folds is not None:
        folds_N = stratified_folds(outcomes.labels_N, num_folds, seed=seed)
        for fold in range(num_folds):
            chosen = best(folds_N != fold)
            folds.append(FoldChoice(fold=fold + 1, chosen=sizes[chosen], gain=gain(chosen, folds_N == fold)))
            hits_of_choice_N[folds_N == fold] = hits_SN[chosen][folds_N == fold]
    return ResizeStudy(
        own_size=own_size,
        crop_size=crop_size,
        num_images=len(confirming_N),
        num_choosing=int((~confirming_N).sum()),
        num_confirming=int(confirming_N.sum()),
        seed=seed,
        sizes=tuple(
            SizeResult(
                resize_size=size,
                acc1=percent(hits_SN[way]),
                acc5=percent(hits5_SN[way]),
                acc1_choosing=percent(hits_SN[way][~confirming_N]),
                acc1_confirming=percent(hits_SN[way][confirming_N]),
                gain_choosing=gain(way, ~confirming_N),
                gain_confirming=gain(way, confirming_N),
            )
            for way, size in enumerate(sizes)
        ),
        winner=sizes[winner],
        gain=gain(winner, confirming_N),
        verdict=_verdict(gain(winner, confirming_N)),
        folds=tuple(folds),
        gain_of_choosing=paired_difference(hits_of_choice_N, hits_SN[own]) if folds else None,
    )


def _verdict(gain: PairedDifference | None) -> Verdict:
    if gain is None:
        return "own size is best"
    if gain.difference <= 0:
        return "not confirmed"
    return "confirmed" if gain.low > 0 else "in doubt"
