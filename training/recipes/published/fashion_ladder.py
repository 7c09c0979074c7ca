"""The article's ladder on Fashion-MNIST: each rung changes the fields it changes there, to values of this scale.

Data, no torch. The figures of a rung stay those published for ResNet-50 on ImageNet, to be set beside what is measured.
"""

from dataclasses import replace
from typing import Any, Final

from training.recipes.published.fashion_mnist import FASHION_MNIST_V1, FASHION_MNIST_V2, WHOLE_PICTURE
from training.recipes.published.ladder import LADDER, Rung

# What a rung sets there -> what it sets here. Fields that are not listed take the same value; where they are
# `FASHION_MNIST_V2`'s, that recipe gives the reasons.
_HERE: Final[dict[str, dict[Any, Any]]] = {
    "batch_size_per_gpu": {128: FASHION_MNIST_V2.batch_size_per_gpu},
    "lr": {0.5: FASHION_MNIST_V2.lr},
    "warmup_epochs": {5: FASHION_MNIST_V2.warmup_epochs},
    # Twice the baseline's: nine of the rungs take as long.
    "epochs": {600: 2 * FASHION_MNIST_V1.epochs},
    "weight_decay": {2e-5: FASHION_MNIST_V2.weight_decay},
    # Of the baseline's crops, whose mean area is 0.75, a piece of 24 shows things as large as 28 does of the whole.
    "train_crop_size": {176: 24},
    "ema_decay": {0.99998: FASHION_MNIST_V2.ema_decay},
    "ema_every_steps": {32: FASHION_MNIST_V2.ema_every_steps},
}

# 232 of 224, as the article's tuning found, of 28.
_RESIZE_29: Final = replace(WHOLE_PICTURE, resize_size=29)


def _climb(before: Rung, there: Rung) -> Rung:
    changes: dict[str, Any] = {
        change.field: _HERE.get(change.field, {}).get(change.after, change.after)
        for change in there.changes
        if not change.field.startswith("inference.")
    }
    if not there.retrains:
        changes["inference"] = _RESIZE_29
    recipe = replace(
        before.recipe, id=f"{before.recipe.architecture}/rung-{there.number:02d}", published=(), notes=(), **changes
    )
    return Rung(number=there.number, name=there.name, recipe=recipe, acc1=there.acc1, acc5=there.acc5, before=before)


def _ladder() -> tuple[Rung, ...]:
    first, *others = LADDER
    rungs = [replace(first, recipe=FASHION_MNIST_V1)]
    for there in others:
        rungs.append(_climb(rungs[-1], there))
    return tuple(rungs)


FASHION_LADDER: Final[tuple[Rung, ...]] = _ladder()
