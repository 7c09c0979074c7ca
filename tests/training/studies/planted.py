"""A network and pictures for which the best size to resize to is known: they match at one size and nowhere else."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from training.studies.outcomes import Outcomes
from weights_registry import Preprocessing
from weights_registry.errors import InvalidImage

CROP = 16
SIDE = 32
FED = Preprocessing(resize_size=CROP, crop_size=CROP, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class WidthJudge(nn.Module):
    """Tells red from blue, and goes wrong the more often the further the coloured part is from `share` of the crop.

    It gives the other colour for pictures whose grain, a level of green, is below twice the distance.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        red_N, grain_N, blue_N = images_NCHW.mean(dim=(2, 3)).unbind(1)
        distance_N = ((red_N + blue_N) - self.share).abs()
        sign_N = torch.where(distance_N > grain_N / 2, -1.0, 1.0)
        return torch.stack([sign_N * (red_N - blue_N), sign_N * (blue_N - red_N)], dim=1)


@dataclass
class PlantedPictures:
    """Squares of red (label 0) or blue (1), half as wide as the picture, with a grain of green of their own.

    Remembers which were decoded. Those in `unreadable` cannot be; before those in `at` something happens.
    """

    num_images: int = 40
    unreadable: tuple[int, ...] = ()
    at: dict[int, Callable[[], None]] = field(default_factory=dict)
    decoded: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return self.num_images

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        self.decoded.append(index)
        if index in self.at:
            self.at[index]()
        if index in self.unreadable:
            raise InvalidImage("it is cut short", source=f"picture {index}")
        label = index % 2
        levels = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
        levels[..., 1] = 8 + index * 52 // self.num_images
        quarter = SIDE // 4
        levels[quarter:-quarter, quarter:-quarter, 0 if label == 0 else 2] = 255
        return Image.fromarray(levels), label

    def labels(self) -> npt.NDArray[np.int64]:
        return np.arange(self.num_images, dtype=np.int64) % 2

    def fingerprint(self) -> str:
        return f"planted:{self.num_images}"


def share_at(resize_size: int) -> float:
    """What part of the crop the coloured square covers when pictures are resized so."""
    return min(1.0, (resize_size / 2 / CROP) ** 2)


def outcomes_of(hits: list[list[bool]], labels: list[int]) -> Outcomes:
    """Outcomes in which the ways have these hits, a list a way."""
    codes = np.array([["1" if hit else "0" for hit in way] for way in hits])
    return Outcomes(np.array(labels, dtype=np.int64), codes, ())
