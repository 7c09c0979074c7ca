"""The published sets that ImageNet checkpoints are measured on, as data. Knows neither files nor networks."""

from dataclasses import dataclass
from typing import Final, Literal

from weights_registry.categories import CategorySet, load_categories

RankedAmong = Literal["all", "set"]
"""Among which categories the true one must come first: all that a checkpoint knows, or those of the set alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSet:
    """A labelled set that accuracies are measured on.

    `num_images` counts the pictures that carry a label. `category_set` names the shipped set of its categories, each
    with a WordNet id. `ranked_among` is how figures on it are published, where no figure says otherwise.
    """

    dataset: str
    split: str
    num_images: int
    category_set: str = "imagenet_1k"
    ranked_among: RankedAmong = "all"

    @property
    def name(self) -> str:
        """What it is called on a command line: `imagenet-v2`."""
        return self.dataset.casefold()

    @property
    def labels(self) -> CategorySet:
        """Its categories, in the order of the data set. Reads their file on first use."""
        return load_categories(self.category_set)


IMAGENET_1K: Final = EvaluationSet(dataset="ImageNet-1K", split="val", num_images=50_000)
# 3,163 of the 50,000 validation pictures were left without a label: https://arxiv.org/abs/2006.07159
IMAGENET_REAL: Final = EvaluationSet(dataset="ImageNet-ReaL", split="val", num_images=46_837)
IMAGENET_V2: Final = EvaluationSet(dataset="ImageNet-V2", split="matched-frequency", num_images=10_000)
# timm's validate.py ranks among the 200 with `--valid-labels`, and its results for these two sets are made so.
IMAGENET_A: Final = EvaluationSet(
    dataset="ImageNet-A", split="test", num_images=7_500, category_set="imagenet_a", ranked_among="set"
)
IMAGENET_R: Final = EvaluationSet(
    dataset="ImageNet-R", split="test", num_images=30_000, category_set="imagenet_r", ranked_among="set"
)
IMAGENET_SKETCH: Final = EvaluationSet(dataset="ImageNet-Sketch", split="test", num_images=50_889)

EVALUATION_SETS: Final = (IMAGENET_1K, IMAGENET_REAL, IMAGENET_V2, IMAGENET_A, IMAGENET_R, IMAGENET_SKETCH)


def find_evaluation_set(name: str) -> EvaluationSet | None:
    """The set called so, whatever the letter case; None if none is."""
    return next((each for each in EVALUATION_SETS if each.name == name.casefold()), None)
