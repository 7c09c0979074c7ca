"""A network that knows all of ImageNet's categories by colour alone, and pictures that make it say what one likes."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from PIL import Image

from tests.small_checkpoints import build_colours, record
from weights_registry import LoadedCheckpoint, load_categories, save
from weights_registry.inference.architectures import register_architecture

IMAGENET: Final = load_categories("imagenet_1k")

# Category 123 is red 3, green 2, blue 1, in steps of 25 levels.
_STEP, _FIRST = 25, 12


def planted() -> LoadedCheckpoint:
    """Its logits are nearness of the picture's mean colour to each category's own: about 0.99 sure of the nearest."""
    register_architecture("colours", build_colours)
    model = build_colours(1000).eval()
    colours_KC = torch.tensor([colour(index) for index in range(1000)]) / 255
    head = {"2.weight": 2000 * colours_KC, "2.bias": -1000 * colours_KC.square().sum(dim=1)}
    model.load_state_dict(head)
    return LoadedCheckpoint(model, replace(record(), id="Planted.V1", category_set="imagenet_1k", num_params=4000))


def write_planted(path: Path) -> Path:
    """`planted` as a file that describes itself."""
    loaded = planted()
    return save(loaded.model, path, loaded.checkpoint)


def colour(index: int, towards: int | None = None) -> tuple[float, float, float]:
    """Levels of red, green and blue of a category; on the way to another's, it is second to that."""
    own = [_FIRST + _STEP * (index // 10**place % 10) for place in range(3)]
    if towards is None:
        return own[0], own[1], own[2]
    red, green, blue = (0.3 * a + 0.7 * b for a, b in zip(own, colour(towards), strict=True))
    return red, green, blue


def write_shown(path: Path, index: int, towards: int | None = None) -> Path:
    """A small picture that the network takes for category `index`; or for `towards`, with `index` second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    levels = tuple(round(each) for each in colour(index, towards))
    Image.new("RGB", (40, 40), levels).save(path, format="JPEG", quality=95)
    return path


def wordnet_id(index: int) -> str:
    """What ImageNet calls the folder of a category."""
    return IMAGENET.wordnet_ids[index]
