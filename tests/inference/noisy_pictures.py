"""Pictures with structure at every scale, and preprocessings to feed them by. Knows nothing of files."""

from typing import cast

import numpy as np
import torch
from PIL import Image

from weights_registry.preprocessing import Interpolation, Preprocessing

R50 = Preprocessing(resize_size=232, crop_size=224)

SMALL = Preprocessing(resize_size=36, crop_size=32)


def noise(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """A picture with structure at every scale: noise, enlarged noise and hard edges."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)).resize((width, height), 3)
    fine = Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
    return Image.blend(coarse, fine, 0.4).point(lambda level: 255 if level > 200 else level).convert(mode)


def fed(resize: int, crop: int, interpolation: str) -> Preprocessing:
    return Preprocessing(resize_size=resize, crop_size=crop, interpolation=cast(Interpolation, interpolation))


def tensor_of(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).contiguous()
