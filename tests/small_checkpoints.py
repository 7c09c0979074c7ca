"""Checkpoints small enough to be made, run and broken in a test, and labelled folders to evaluate them on."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn

import weights_registry
from weights_registry import Checkpoint, LoadedCheckpoint, Metrics, Preprocessing, load, save
from weights_registry.categories import CategorySet
from weights_registry.finding import DEFAULT_WEIGHTS
from weights_registry.inference.architectures import register_architecture

SAMPLES = Path(weights_registry.__file__).parent / "samples"
WORDNET_IDS = {"espresso": "n07920052", "tabby_cat": "n02123159", "tripod": "n04485082"}
"""What each sample photo shows. The cat is a tabby; the embedded checkpoint, and its categories, say tiger cat."""

COLOURS = ("red", "green", "blue")
FED_WHOLE = Preprocessing(resize_size=32, crop_size=32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def build_colours(num_classes: int) -> nn.Module:
    """A network of 12 parameters for 3 categories: the mean of each channel, then its head."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, num_classes))


def colours() -> LoadedCheckpoint:
    """A checkpoint that tells red, green and blue pictures apart, with probabilities of about 0.99."""
    register_architecture("colours", build_colours)
    model = build_colours(3).eval()
    model.load_state_dict({"2.weight": 5 * torch.eye(3), "2.bias": torch.zeros(3)})
    return LoadedCheckpoint(model, record())


def record(**changes: Any) -> Checkpoint:
    """The record of `colours`, with changes."""
    checkpoint = Checkpoint(
        id="Colours.V1",
        description="Tells red, green and blue apart.",
        architecture="colours",
        url="file:///nowhere",
        sha256=None,
        num_bytes=None,
        category_set=CategorySet("colours", COLOURS),
        preprocessing=FED_WHOLE,
        metrics=(),
        recipe=None,
        num_params=12,
        gmacs=None,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="CC0-1.0",
    )
    return replace(checkpoint, **changes)


def measured(acc1: float, num_images: int | None, **changes: Any) -> Metrics:
    """A figure that somebody published for `colours`."""
    metrics = Metrics(
        dataset="Colours",
        split="val",
        acc1=acc1,
        acc5=None,
        num_images=num_images,
        preprocessing=FED_WHOLE,
        measured_by="somebody",
        kind="published",
        source="https://example.org",
    )
    return replace(metrics, **changes)


def write_colours(path: Path, **changes: Any) -> Path:
    """`colours` as a file that describes itself."""
    return save(colours().model, path, record(**changes))


def registered_colours(path: Path, **changes: Any) -> Checkpoint:
    """The record of `colours` in a file at `path`, with the digest and size of that file; to be registered."""
    write_colours(path)
    return describe_file(path, **changes)


def describe_file(path: Path, **changes: Any) -> Checkpoint:
    """The record of `colours`, said to be the file at `path`, with its digest and size."""
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return record(**{"url": path.as_uri(), "sha256": sha256, "num_bytes": len(content), **changes})


def write_still_life(path: Path) -> Path:
    """A real network for three categories: EfficientNet-Lite0 with the rows of its head that know the sample photos."""
    whole, small = load(DEFAULT_WEIGHTS), load(DEFAULT_WEIGHTS, num_classes=3)
    labels = whole.checkpoint.labels
    rows = [labels.wordnet_ids.index(wordnet_id) for wordnet_id in WORDNET_IDS.values()]
    parameters = whole.model.state_dict()
    for name in ("classifier.weight", "classifier.bias"):
        parameters[name] = parameters[name][rows]
    small.model.load_state_dict(parameters)
    categories = CategorySet("still life", tuple(labels.names[row] for row in rows), tuple(WORDNET_IDS.values()))
    return save(small.model, path, replace(small.checkpoint, id="StillLife.V1", category_set=categories))


def write_samples(root: Path, folders: Mapping[str, str] = WORDNET_IDS) -> Path:
    """A labelled folder of the sample photos, each in the sub-folder that `folders` names."""
    for sample, folder in folders.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / f"{sample}.jpg", root / folder)
    return root


def write_pictures(root: Path, folders: Mapping[str, list[str]]) -> Path:
    """A labelled folder of one-coloured pictures, such as `{"red": ["red", "red", "blue"]}`: two right, one wrong."""
    for folder, shown in folders.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number, colour in enumerate(shown):
            write_picture(root / folder / f"{number}.png", colour)
    return root


def write_picture(path: Path, colour: str) -> Path:
    """A picture of 40 x 40 pixels in one colour, as far from the others as colours are."""
    # Not ImageColor's `green`, which is half as bright.
    Image.new("RGB", (40, 40), tuple(255 * (each == colour) for each in COLOURS)).save(path)
    return path
