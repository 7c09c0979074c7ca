"""Two checkpoints on the same pictures: is one better, how far do they agree, and where do they differ?

Pure computation on answers; knows neither networks nor files. Legend: N pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from training.errors import DataSetError
from training.studies.answering import FirstAnswers
from training.studies.record import to_record
from weights_registry.inference.paired import PairedDifference, paired_difference

# Of McNemar's test: below it, pictures tell the two apart.
SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """A picture that the two take for different things: what is on it, what each says, and how sure (0 to 1)."""

    picture: str
    truth: str
    answer_a: str
    confidence_a: float
    answer_b: str
    confidence_b: float

    @property
    def right(self) -> str:
        """Who is right: `A`, `B` or `neither`."""
        return "A" if self.answer_a == self.truth else "B" if self.answer_b == self.truth else "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """The pictures of one category, and how many of them only A or only B has right."""

    category: str
    num_images: int
    only_a: int
    only_b: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonStudy:
    """What came of it. Accuracies are in percent; `gain1` and `gain5` are B's less A's, paired, in points.

    `num_only_a` counts pictures that A alone has right. `agreement` is the share, in percent, that both take for the
    same. `differing` lists the others.
    """

    a: str
    b: str
    num_images: int
    acc1_a: float
    acc1_b: float
    acc5_a: float
    acc5_b: float
    gain1: PairedDifference
    gain5: PairedDifference
    num_both_right: int
    num_only_a: int
    num_only_b: int
    num_both_wrong: int
    agreement: float
    categories: tuple[CategoryRow, ...]
    differing: tuple[Differing, ...]

    @property
    def is_told_apart(self) -> bool:
        """Whether chance alone would seldom make so large a difference in acc@1 (p below 0.05)."""
        return self.gain1.p_value < SIGNIFICANT

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        gain = self.gain1
        told = (
            f"B is right on {self.num_only_b:,} pictures that A has wrong, A on {self.num_only_a:,} that B has wrong: "
            f"{gain.difference:+.3f} points (95 % interval {gain.low:+.3f} to {gain.high:+.3f}), McNemar's exact "
            f"p = {gain.p_value:.2g}. They agree on {self.agreement:.2f} % of {self.num_images:,} pictures."
        )
        better = "B" if gain.difference > 0 else "A"
        verdict = f"{better} is better." if self.is_told_apart else "These pictures do not tell the two apart."
        return f"{told} {verdict}"

    def record(self) -> dict[str, Any]:
        """As JSON types."""
        record = {**to_record(self), "told_apart": self.is_told_apart, "sentence": self.sentence}
        for gain in (record["gain1"], record["gain5"]):
            del gain["only_a"], gain["only_b"]  # of B less A, so A's and B's the other way round
        record["differing"] = [{**to_record(each), "right": each.right} for each in self.differing]
        return record


def compare(
    a: str,
    b: str,
    answers_a: FirstAnswers,
    answers_b: FirstAnswers,
    *,
    names: Sequence[str],
    categories: Sequence[str],
) -> ComparisonStudy:
    """The comparison of checkpoints called `a` and `b` by their answers to the same pictures, which `names` names.

    Pictures that either could not read are left out. Raises DataSetError if none is left, ValueError if the answers
    are not to the same pictures.
    """
    labels_N = answers_a.labels_N
    if not np.array_equal(labels_N, answers_b.labels_N) or len(names) != len(labels_N):
        raise ValueError("the answers are to different pictures")
    kept_N = (answers_a.best_N >= 0) & (answers_b.best_N >= 0)
    if not kept_N.any():
        raise DataSetError(f"no picture to compare on can be read: {[*answers_a.unreadable, 'there is none'][0]}")
    right_a, right_b = ((each.best_N == labels_N) & kept_N for each in (answers_a, answers_b))
    num = int(kept_N.sum())
    return ComparisonStudy(
        a=a,
        b=b,
        num_images=num,
        acc1_a=100 * float(right_a.sum()) / num,
        acc1_b=100 * float(right_b.sum()) / num,
        acc5_a=100 * float(answers_a.hits5_N[kept_N].mean()),
        acc5_b=100 * float(answers_b.hits5_N[kept_N].mean()),
        gain1=paired_difference(right_b[kept_N], right_a[kept_N]),
        gain5=paired_difference(answers_b.hits5_N[kept_N], answers_a.hits5_N[kept_N]),
        num_both_right=int((right_a & right_b).sum()),
        num_only_a=int((right_a & ~right_b).sum()),
        num_only_b=int((right_b & ~right_a).sum()),
        num_both_wrong=int((kept_N & ~right_a & ~right_b).sum()),
        agreement=100 * float((answers_a.best_N == answers_b.best_N)[kept_N].mean()),
        categories=tuple(
            CategoryRow(
                category=categories[label],
                num_images=int((kept_N & (labels_N == label)).sum()),
                only_a=int((right_a & ~right_b & (labels_N == label)).sum()),
                only_b=int((right_b & ~right_a & (labels_N == label)).sum()),
            )
            for label in np.unique(labels_N[kept_N])
        ),
        differing=tuple(
            Differing(
                picture=names[index],
                truth=categories[labels_N[index]],
                answer_a=categories[answers_a.best_N[index]],
                confidence_a=float(answers_a.confidence_N[index]),
                answer_b=categories[answers_b.best_N[index]],
                confidence_b=float(answers_b.confidence_N[index]),
            )
            for index in np.flatnonzero(kept_N & (answers_a.best_N != answers_b.best_N)).tolist()
        ),
    )
