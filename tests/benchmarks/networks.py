"""Networks to measure with, where only their cost is of interest. Knows nothing of measuring."""

from dataclasses import replace
from pathlib import Path


def write_resnet50(path: Path) -> Path:
    """ResNet-50 with random parameters, in a file that describes itself."""
    import torch

    from weights_registry import Weights, save
    from weights_registry.inference.architectures import build

    torch.manual_seed(0)
    checkpoint = Weights.ImageNet1K_V2.checkpoint
    random = replace(checkpoint, id="ResNet50.Random", metrics=(), description="Random parameters.")
    return save(build(checkpoint.architecture, len(checkpoint.labels)), path, random)
