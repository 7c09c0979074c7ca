"""The ablation ladder: from torchvision's plain recipe to its improved one, an ingredient at a time. Data, no torch.

Figures: the article's table, ResNet-50 on ImageNet-1K val, the best of three runs a rung. Its authors call the order
an idealised journey: the ingredients interact, and long training (rung 4) needs the two rungs before it to gain so
much. Rung 13 came after the article and is the recipe of the shipped file.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from training.recipes.diff import Change, recipe_diff, retrains
from training.recipes.published._evidence import ARTICLE, on_imagenet
from training.recipes.published.torchvision_v1 import RESNET50_V1
from training.recipes.published.torchvision_v2 import RESIZE_232, RESNET50_V2
from training.recipes.recipe import Recipe

FIGURES_ARE_OF: Final = (
    "ResNet-50 on ImageNet-1K val, 50,000 pictures, the best of three runs a rung; published by torchvision"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One step of the ladder: a recipe, and the rung it was made from.

    `acc1` and `acc5`, in percent, are what `FIGURES_ARE_OF` says, whatever the recipe trains and on whatever data.
    """

    number: int
    name: str
    recipe: Recipe
    acc1: float
    acc5: float
    before: "Rung | None"

    @property
    def id(self) -> str:
        """Name of the rung, `resnet50/rung-03`; `get_recipe` takes it."""
        return f"{self.recipe.architecture}/rung-{self.number:02d}"

    @property
    def incremental(self) -> float:
        """Gain over the rung before, in points of acc@1."""
        return 0.0 if self.before is None else round(self.acc1 - self.before.acc1, 3)

    @property
    def absolute(self) -> float:
        """Gain over the baseline, in points of acc@1."""
        first = self
        while first.before is not None:
            first = first.before
        return round(self.acc1 - first.acc1, 3)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The fields that this rung sets anew; none for the baseline."""
        return () if self.before is None else recipe_diff(self.before.recipe, self.recipe)

    @property
    def retrains(self) -> bool:
        """Whether this rung takes a training run; False where it evaluates the weights of the rung before."""
        return self.before is None or retrains(self.before.recipe, self.recipe)


def _climb(before: Rung, name: str, acc1: float, acc5: float, **changes: Any) -> Rung:
    """The next rung: the recipe before it with `changes`."""
    number = before.number + 1
    inference = changes.get("inference", before.recipe.inference)
    recipe = replace(
        before.recipe,
        id=f"{before.recipe.architecture}/rung-{number:02d}",
        published=(
            on_imagenet(inference, acc1, acc5, measured_by="torchvision", source=ARTICLE, note="best of 3 runs"),
        ),
        notes=(),
        **changes,
    )
    return Rung(number=number, name=name, recipe=recipe, acc1=acc1, acc5=acc5, before=before)


_01: Final = Rung(number=1, name="Baseline", recipe=RESNET50_V1, acc1=76.130, acc5=92.862, before=None)
_02: Final = _climb(
    _01,
    "LR optimisations",
    76.494,
    93.198,
    batch_size_per_gpu=128,
    lr=0.5,
    lr_schedule="cosine",
    lr_step_epochs=None,
    lr_gamma=None,
    warmup_epochs=5,
    warmup_start_factor=0.01,
)
_03: Final = _climb(_02, "TrivialAugment", 76.806, 93.272, auto_augment="ta_wide")
_04: Final = _climb(_03, "Long training", 78.606, 94.052, epochs=600)
_05: Final = _climb(_04, "Random erasing", 78.796, 94.094, random_erasing=0.1)
_06: Final = _climb(_05, "Label smoothing", 79.114, 94.374, label_smoothing=0.1)
_07: Final = _climb(_06, "Mixup", 79.232, 94.536, mixup_alpha=0.2)
_08: Final = _climb(_07, "CutMix", 79.510, 94.642, cutmix_alpha=1.0)
_09: Final = _climb(_08, "Weight-decay tuning", 80.036, 94.746, weight_decay=2e-5, norm_weight_decay=0.0)
_10: Final = _climb(_09, "FixRes mitigations", 80.196, 94.672, train_crop_size=176)
_11: Final = _climb(_10, "EMA", 80.450, 94.908, ema_decay=0.99998, ema_every_steps=32)
_12: Final = _climb(_11, "Inference resize tuning", 80.674, 95.166, inference=RESIZE_232)
_13: Final = Rung(number=13, name="Repeated augmentation", recipe=RESNET50_V2, acc1=80.858, acc5=95.434, before=_12)

LADDER: Final[tuple[Rung, ...]] = (_01, _02, _03, _04, _05, _06, _07, _08, _09, _10, _11, _12, _13)
