"""What a person calls a checkpoint -> the Checkpoint: a registered name, or a file that describes itself."""

import os
from pathlib import Path
from typing import Final

from weights_registry.catalog import get_weights
from weights_registry.checkpoint import Checkpoint
from weights_registry.header import read_checkpoint
from weights_registry.registration import RegisteredWeights

DEFAULT_WEIGHTS: Final = "EfficientNet_Lite0_Weights.ImageNet1K_V1"
"""The weights that come along with this package, taken where none are named."""


def find_checkpoint(weights: str | os.PathLike[str] | RegisteredWeights) -> Checkpoint:
    """The checkpoint meant by a registered name, by weights themselves, or by the path of a self-describing file.

    A string is a path if it ends in `.safetensors`, or if it has a `/` and names an existing file; write `./NAME` for a
    file of another ending in this folder. Raises UnknownWeights for a name that is not registered, FileNotFoundError
    for a path without a file, RecordError for a file that does not describe itself.
    """
    if isinstance(weights, os.PathLike) or (isinstance(weights, str) and _is_path(weights)):
        if not Path(weights).is_file():
            raise FileNotFoundError(f"there is no file `{weights}`")
        return read_checkpoint(weights)
    return get_weights(weights).checkpoint


def _is_path(name: str) -> bool:
    return name.endswith(".safetensors") or (os.sep in name and Path(name).is_file())
