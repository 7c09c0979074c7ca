"""Softens targets and mixes pictures: label smoothing, mixup, CutMix. Pure functions; knows no recipe and no loss.

Shapes: N pictures, C channels, H x W pixels, K categories. Each picture is mixed with the one before it in the batch,
the first with the last, as in torchvision's references. What is left to chance comes from a NumPy generator on the
CPU, so a GPU is never waited for and the same generator mixes alike on any device.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels from (top, left) up to and without (bottom, right)."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def area(self) -> int:
        """Pixels inside."""
        return (self.bottom - self.top) * (self.right - self.left)


def smooth_targets(labels_N: torch.Tensor, *, num_classes: int, smoothing: float = 0.0) -> torch.Tensor:
    """Labels as float32 targets (N, K) that sum to 1: `smoothing` of each is spread evenly over all K categories.

    Source: the `label_smoothing` of torch.nn.CrossEntropyLoss, and timm's Mixup, which give the same.
    """
    off = smoothing / num_classes
    targets_NK = torch.full((len(labels_N), num_classes), off, device=labels_N.device)
    return targets_NK.scatter_(1, labels_N[:, None], 1.0 - smoothing + off)


def mix(
    images_NCHW: torch.Tensor,
    targets_NK: torch.Tensor,
    *,
    mixup_alpha: float,
    cutmix_alpha: float,
    generator: np.random.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch after mixup or CutMix; with both alphas above 0 one of the two, with equal probability.

    One draw holds for the whole batch. Neither tensor is changed; both come back themselves if both alphas are 0.
    Source: torchvision references/classification/transforms.py, `get_mixup_cutmix`.
    """
    if not mixup_alpha and not cutmix_alpha:
        return images_NCHW, targets_NK
    # Drawn even where there is no choice, so that switching one of the two off leaves the draws of the other alone.
    by_mixup = generator.random() < 0.5
    if mixup_alpha and (by_mixup or not cutmix_alpha):
        return mixup(images_NCHW, targets_NK, share=float(generator.beta(mixup_alpha, mixup_alpha)))
    share = float(generator.beta(cutmix_alpha, cutmix_alpha))
    height, width = images_NCHW.shape[-2:]
    return cutmix(images_NCHW, targets_NK, box=draw_box(share, height=height, width=width, generator=generator))


def mixup(images_NCHW: torch.Tensor, targets_NK: torch.Tensor, *, share: float) -> tuple[torch.Tensor, torch.Tensor]:
    """`share` of each picture and of its target, and 1 - share of those of its partner.

    Source: https://arxiv.org/abs/1710.09412.
    """
    # lerp from the partner, so that a share of 1 gives the very pixels back.
    return images_NCHW.roll(1, 0).lerp(images_NCHW, share), targets_NK.roll(1, 0).lerp(targets_NK, share)


def cutmix(images_NCHW: torch.Tensor, targets_NK: torch.Tensor, *, box: Box) -> tuple[torch.Tensor, torch.Tensor]:
    """Each picture with the pixels of its partner inside `box`; its target has the share of pixels that are its own.

    Source: https://arxiv.org/abs/1905.04899.
    """
    height, width = images_NCHW.shape[-2:]
    mixed_NCHW = images_NCHW.clone()
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    mixed_NCHW[..., rows, columns] = images_NCHW.roll(1, 0)[..., rows, columns]
    return mixed_NCHW, targets_NK.roll(1, 0).lerp(targets_NK, 1.0 - box.area / (height * width))


def draw_box(share: float, *, height: int, width: int, generator: np.random.Generator) -> Box:
    """A box that leaves `share` of the picture outside, where it does not reach over the edge and is cut off there.

    Its centre is any pixel, evenly. Source: torchvision.transforms.v2.CutMix.
    """
    row, column = int(generator.integers(height)), int(generator.integers(width))
    side = 0.5 * math.sqrt(1.0 - share)
    half_height, half_width = int(side * height), int(side * width)
    return Box(
        top=max(row - half_height, 0),
        left=max(column - half_width, 0),
        bottom=min(row + half_height, height),
        right=min(column + half_width, width),
    )
