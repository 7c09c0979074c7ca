"""Find registered weights by name, and by what they can do. Knows nothing of files or of how things get registered."""

import difflib
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Final, Literal, get_args

from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import UnknownWeights
from weights_registry.registration import (
    RegisteredWeights,
    names_of_families,
    registered_checkpoints,
    registered_families,
)
from weights_registry.weights_enum import WeightsEnum

SortKey = Literal["registered", "acc1", "params", "gmacs", "size"]

_LOWEST_FIRST: Final[dict[str, Callable[[Checkpoint], float]]] = {
    "params": lambda checkpoint: checkpoint.num_params,
    "gmacs": lambda checkpoint: float("inf") if checkpoint.gmacs is None else checkpoint.gmacs,
    "size": lambda checkpoint: float("inf") if checkpoint.num_bytes is None else checkpoint.num_bytes,
}


def get_weights(name: str | RegisteredWeights) -> RegisteredWeights:
    """The registered weights called `name`, whatever its letter case.

    `name` is a full name (`ResNet50_Weights.ImageNet1K_V2`), or for its DEFAULT a family (`ResNet50_Weights` or plain
    `ResNet50`) or an architecture (`timm/tf_efficientnet_lite0`). Weights themselves are given back as they are.
    Raises UnknownWeights, which suggests the closest names.
    """
    if isinstance(name, WeightsEnum | Checkpoint):
        return name
    if not isinstance(name, str):
        raise TypeError(f"weights are asked for by name, such as `ResNet50_Weights.DEFAULT`, not by `{name!r}`")
    names = _names()
    found = names.get(name.strip().casefold())
    if found is None:
        raise UnknownWeights(_not_found(name, names))
    return found


def list_weights(
    pattern: str | Iterable[str] = "*",
    *,
    dataset: str | None = None,
    min_acc1: float | None = None,
    max_params: int | None = None,
    licence: str | None = None,
    recipe: str | None = None,
    sort: SortKey = "registered",
) -> list[RegisteredWeights]:
    """The registered weights that fit every condition; in the order of registration, or sorted by a figure.

    `pattern` is one shell pattern or several, held against full name and architecture. `dataset` keeps those with an
    evaluation on it, and makes `min_acc1` (percent) and `sort="acc1"` speak of that evaluation; else each one's
    headline is meant. `licence` (of the weights, SPDX) and `recipe` (an id) may be shell patterns. Letter case never
    matters. `sort="acc1"` puts the highest first, the other figures the lowest.
    Raises ValueError for an unknown `sort`.
    """
    if sort not in get_args(SortKey):
        raise ValueError(f"`sort` must be one of {', '.join(get_args(SortKey))}, not `{sort}`")
    patterns = (pattern,) if isinstance(pattern, str) else tuple(pattern)

    def acc1(checkpoint: Checkpoint) -> float:
        metrics = checkpoint.headline if dataset is None else checkpoint.metrics_on(dataset)
        return -1.0 if metrics is None else metrics.acc1

    def fits(checkpoint: Checkpoint) -> bool:
        return (
            any(_like(checkpoint.id, each) or _like(checkpoint.architecture, each) for each in patterns)
            and (dataset is None or checkpoint.metrics_on(dataset) is not None)
            and (min_acc1 is None or acc1(checkpoint) >= min_acc1)
            and (max_params is None or checkpoint.num_params <= max_params)
            and (licence is None or _like(checkpoint.weights_licence, licence))
            and (recipe is None or _like(checkpoint.recipe or "", recipe))
        )

    found = [weights for weights in _all() if fits(weights.checkpoint)]
    if sort == "acc1":
        found.sort(key=lambda weights: acc1(weights.checkpoint), reverse=True)
    elif sort != "registered":
        found.sort(key=lambda weights: _LOWEST_FIRST[sort](weights.checkpoint))
    return found


def _all() -> list[RegisteredWeights]:
    return [*(member for family in registered_families() for member in family), *registered_checkpoints()]


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text.casefold(), pattern.casefold())


def _names() -> dict[str, RegisteredWeights]:
    """Every name that `get_weights` knows, case folded. Of names that clash, the first registered keeps it."""
    names: dict[str, RegisteredWeights] = {}
    for weights in _all():
        names.setdefault(weights.id.casefold(), weights)
    for name, member in names_of_families().items():
        names.setdefault(name, member)
    return names


def _not_found(name: str, names: dict[str, RegisteredWeights]) -> str:
    close = difflib.get_close_matches(name.strip().casefold(), names, n=5, cutoff=0.5)
    suggestions = list(dict.fromkeys(names[each].id for each in close))
    hint = f"the closest are {', '.join(f'`{each}`' for each in suggestions)}" if suggestions else "none is close to it"
    return f"no weights are called `{name}`; {hint}. `weights-registry list` shows all of them"
