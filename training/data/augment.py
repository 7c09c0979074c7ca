"""Recipe -> what a training picture goes through. Knows nothing of files, batches or where the randomness comes from.

Shapes: N pictures, C channels, S = `recipe.train_crop_size`. Pictures stay uint8 until they are on the device, a
quarter of the bytes; there `finish` normalises and erases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

import numpy as np
import torch
from PIL import Image, ImageOps
from torchvision.transforms import InterpolationMode, v2

from training.recipes.recipe import Recipe
from weights_registry.inference.transforms import statistics_of

NOTHING_ERASED: Final = (0, 0, 0, 0)
_RESAMPLE: Final = {each.value: each for each in InterpolationMode}


@dataclass(frozen=True)
class Augmentation:
    """One picture -> its crop, flipped and distorted, and the box to erase; what it draws are the global generators.

    Order and operations are those of torchvision's references/classification/presets.py.
    """

    recipe: Recipe

    def __call__(self, picture: Image.Image) -> tuple[torch.Tensor, tuple[int, int, int, int]]:
        """The crop, uint8 (C, S, S), and (top, left, height, width) of the box, `NOTHING_ERASED` without one.

        `picture` is of mode RGB or L, whichever `recipe.inference` feeds.
        """
        crop = _as_tensor(self._geometry(picture))
        return crop, self._draw_box(crop)

    @property
    def draws_from_torch_alone(self) -> bool:
        """Whether torch's generator is the only one it draws from; timm's operations use NumPy's and Python's."""
        return self.recipe.auto_augment in (None, "ta_wide", "ra")

    def _geometry(self, picture: Image.Image) -> Image.Image:
        """Cropped, flipped and distorted, by torchvision's draws. Crop and flip are Pillow's own two calls.

        torchvision's transforms make the same, but spend as long on finding out what they were given as on a small
        picture itself.
        """
        side = self.recipe.train_crop_size
        drawn = self._crop.make_params([picture])
        left, top = drawn["left"], drawn["top"]
        picture = picture.crop((left, top, left + drawn["width"], top + drawn["height"]))
        picture = picture.resize((side, side), self._resample)
        if self.recipe.horizontal_flip > 0 and torch.rand(1) < self.recipe.horizontal_flip:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return picture if self._automatic is None else self._automatic(picture)

    @cached_property
    def _crop(self) -> Any:
        recipe = self.recipe
        return v2.RandomResizedCrop(recipe.train_crop_size, scale=recipe.train_scale, ratio=recipe.train_ratio)

    @cached_property
    def _resample(self) -> Image.Resampling:
        return Image.Resampling[self.recipe.train_interpolation.upper()]

    @cached_property
    def _automatic(self) -> Callable[[Image.Image], Image.Image] | None:
        return None if self.recipe.auto_augment is None else automatic_augmentation(self.recipe)

    @cached_property
    def _eraser(self) -> Any:
        return v2.RandomErasing(p=self.recipe.random_erasing)

    def _draw_box(self, crop: torch.Tensor) -> tuple[int, int, int, int]:
        """Where torchvision's RandomErasing would erase this crop, given the same state of torch's generator."""
        if not self.recipe.random_erasing or float(torch.rand(1)) >= self.recipe.random_erasing:
            return NOTHING_ERASED
        drawn = self._eraser.make_params([crop])
        if drawn["v"] is None:  # ten boxes in a row reached over the edge
            return NOTHING_ERASED
        return drawn["i"], drawn["j"], drawn["h"], drawn["w"]


def _as_tensor(picture: Image.Image) -> torch.Tensor:
    """uint8 (C, H, W), which the picture's memory is not shared with."""
    pixels_HWC = torch.from_numpy(np.array(picture))
    return pixels_HWC[None] if pixels_HWC.ndim == 2 else pixels_HWC.permute(2, 0, 1)


def automatic_augmentation(recipe: Recipe) -> Callable[[Image.Image], Image.Image]:
    """TrivialAugment or RandAugment as torchvision has them, or timm's RandAugment for `rand-...`.

    Raises ValueError if the recipe has none.
    """
    resample = _RESAMPLE[recipe.train_interpolation]
    if recipe.auto_augment is None:
        raise ValueError(f"`{recipe.id}` has no automatic augmentation")
    if recipe.auto_augment == "ta_wide":
        return v2.TrivialAugmentWide(interpolation=resample)
    if recipe.auto_augment == "ra":
        return v2.RandAugment(interpolation=resample)
    return _timms_augmentation(recipe, recipe.auto_augment)


def _timms_augmentation(recipe: Recipe, name: str) -> Callable[[Image.Image], Image.Image]:
    from timm.data import auto_augment

    # As timm.data.transforms_factory.transforms_imagenet_train fills them in.
    settings = {
        "translate_const": int(recipe.train_crop_size * 0.45),
        "img_mean": tuple(min(255, round(255 * mean)) for mean in recipe.inference.mean),
        "interpolation": Image.Resampling[recipe.train_interpolation.upper()],
    }
    found: Any = auto_augment.rand_augment_transform(name, settings)
    for operation in found.ops:
        if operation.aug_fn is auto_augment.posterize:
            operation.aug_fn = _posterize
    return cast(Callable[[Image.Image], Image.Image], found)


def _posterize(picture: Image.Image, bits_to_keep: int, **_: Any) -> Image.Image:
    """timm's, but for 0 bits, which a large magnitude comes to: black, as when these recipes were published.

    Pillow 13 refuses them with a ValueError, which timm 1.0.31 lets through.
    """
    if bits_to_keep >= 8:
        return picture
    return ImageOps.posterize(picture, bits_to_keep) if bits_to_keep > 0 else Image.new(picture.mode, picture.size)


def finish(images_NCHW: torch.Tensor, boxes_N4: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    """uint8 crops as the network wants them: normalised as at evaluation, and each box 0, which is the mean colour.

    float32, on the device of the crops and without waiting for it.
    """
    mean_C11, std_C11 = statistics_of(recipe.inference, torch.float32, images_NCHW.device)
    normalised = images_NCHW.to(torch.float32).div_(255).sub_(mean_C11).div_(std_C11)
    if not recipe.random_erasing:
        return normalised
    rows, columns = (torch.arange(side, device=images_NCHW.device) for side in images_NCHW.shape[-2:])
    top, left, height, width = boxes_N4.T[..., None]
    in_rows = (rows >= top) & (rows < top + height)
    in_columns = (columns >= left) & (columns < left + width)
    return normalised.masked_fill_((in_rows[:, :, None] & in_columns[:, None, :])[:, None], 0.0)
