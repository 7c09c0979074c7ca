"""Renames the parameters of a file to the names its architecture uses. Knows names, never values.

Legend: a key is a dotted parameter name; `_blocks.7._bn1.weight` has stage and index folded into one number.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from weights_registry.errors import LoadError

T = TypeVar("T")
KeyMap = Callable[[Iterable[str]], dict[str, str]]

# Blocks per stage, by the total: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
_BLOCKS_PER_STAGE: Final = {16: (1, 2, 2, 3, 3, 4, 1), 21: (1, 3, 3, 4, 4, 5, 1)}

_TOP_LEVEL: Final = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
_WITH_EXPANSION: Final = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}
# The first block does not expand, so the same source names mean other layers there.
_WITHOUT_EXPANSION: Final = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}


def rename(tensors: Mapping[str, T], key_map: str | None) -> dict[str, T]:
    """`tensors` under the architecture's names, by the key map of that name; unchanged where it is None.

    Raises LoadError if the key map is unknown or a key does not belong to the layout it expects.
    """
    if key_map is None:
        return dict(tensors)
    if key_map not in KEY_MAPS:
        raise LoadError(f"there is no key map `{key_map}`; known are {', '.join(sorted(KEY_MAPS))}")
    names = KEY_MAPS[key_map](tensors)
    return {names[key]: tensor for key, tensor in tensors.items()}


def efficientnet_lite(keys: Iterable[str]) -> dict[str, str]:
    """From the names of the package efficientnet-lite-pytorch to timm's `tf_efficientnet_lite*`."""
    keys = list(keys)
    in_blocks = [match for key in keys if (match := re.match(r"_blocks\.(\d+)\.(\w+)\.", key))]
    num_blocks = 1 + max((int(match[1]) for match in in_blocks), default=-1)
    if num_blocks not in _BLOCKS_PER_STAGE:
        raise LoadError(
            f"the file has {num_blocks} EfficientNet-Lite blocks; known are 16 (Lite0) and 21 (Lite1, Lite2)"
        )
    places = [
        f"blocks.{stage}.{index}" for stage, depth in enumerate(_BLOCKS_PER_STAGE[num_blocks]) for index in range(depth)
    ]
    expanding = {int(match[1]) for match in in_blocks if match[2] == "_expand_conv"}
    return {key: _efficientnet_lite_name(key, places, expanding) for key in keys}


def _efficientnet_lite_name(key: str, places: list[str], expanding: set[int]) -> str:
    parts = key.split(".")
    try:
        if parts[0] != "_blocks":
            return ".".join((_TOP_LEVEL[parts[0]], *parts[1:]))
        block = int(parts[1])
        layers = _WITH_EXPANSION if block in expanding else _WITHOUT_EXPANSION
        return ".".join((places[block], layers[parts[2]], *parts[3:]))
    except (KeyError, IndexError, ValueError) as error:
        raise LoadError(f"the parameter `{key}` does not belong to an EfficientNet-Lite file") from error


KEY_MAPS: Final[dict[str, KeyMap]] = {"efficientnet_lite": efficientnet_lite}
