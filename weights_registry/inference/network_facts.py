"""Architecture -> what one picture costs and how small it may be. Knows no parameters and takes no memory for any.

Shapes: N pictures, C channels, H x W pixels. Networks run on the meta device, which computes shapes alone.
"""

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from weights_registry.inference.architectures import build_without_parameters
from weights_registry.preprocessing import Preprocessing


def count_gmacs(architecture: str, num_classes: int, preprocessing: Preprocessing) -> float:
    """Multiply-accumulates of one picture at the crop, in 1e9: half the FLOPs that torch counts.

    Raises UnknownWeights for an architecture that nobody knows.
    """
    model = build_without_parameters(architecture, num_classes).eval()
    with FlopCounterMode(display=False) as counter:
        _run(model, preprocessing, preprocessing.crop_size)
    return float(counter.get_total_flops()) / 2 / 1e9


def smallest_size(architecture: str, num_classes: int, preprocessing: Preprocessing) -> tuple[int, int]:
    """(height, width) of the smallest square picture that the network takes, in pixels; at most the crop.

    Found by halving, as what takes a picture takes a larger one. Raises UnknownWeights as `count_gmacs` does.
    """
    model = build_without_parameters(architecture, num_classes).eval()
    too_small, enough = 0, preprocessing.crop_size
    while enough - too_small > 1:
        side = (too_small + enough) // 2 if too_small else 1  # most networks take a single pixel
        if _takes(model, preprocessing, side):
            enough = side
        else:
            too_small = side
    return enough, enough


def _takes(model: nn.Module, preprocessing: Preprocessing, side: int) -> bool:
    try:
        _run(model, preprocessing, side)
    except (RuntimeError, AssertionError):  # torch's word for a picture that is too small, and timm's
        return False
    return True


@torch.inference_mode()
def _run(model: nn.Module, preprocessing: Preprocessing, side: int) -> None:
    model(torch.empty(1, preprocessing.num_channels, side, side, device="meta"))
