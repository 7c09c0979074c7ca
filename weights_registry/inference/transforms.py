"""Preprocessing -> a callable on pictures, tensors and batches. Knows nothing of files, networks or devices.

Shapes: N pictures, C channels, H x W pixels, S = `preprocessing.crop_size`. Two paths lead to the same tensors:

- A Pillow picture given to `ImageTransforms(...)` is resized by Pillow: bit for bit torchvision's preset, which is how
  published accuracies were measured.
- `to_uint8` and uint8 tensors use torchvision's native uint8 kernel: several times faster, seldom one level of 255
  off Pillow (bicubic: up to three).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.v2 import functional

from weights_registry.inference.channels import to_channels, upright
from weights_registry.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

F: Any = functional  # typed for tensors only, though each function takes Pillow pictures as well

MAX_EXACT_ASPECT = 256
"""Longer side / shorter side up to which a whole picture is resized before the crop, as torchvision does. Beyond it,
resizing 100000 x 1 pixels to a shorter side of 232 would take 16 GB, so only what the crop shows is computed."""

MAX_REDUCTION_OFF_CPU = 32
"""Reduction up to which a GPU resizes. CUDA's antialiasing kernel runs out of shared memory somewhere above it and
raises (https://github.com/pytorch/vision/issues/7671); those pictures are resized on the CPU."""

_UINT8_KERNELS = ("bilinear", "bicubic")
_FLOAT_MODES = {
    # Not NEAREST: it samples a pixel's corner, Pillow (and NEAREST_EXACT) its centre.
    "nearest": InterpolationMode.NEAREST_EXACT,
    "bilinear": InterpolationMode.BILINEAR,
    "bicubic": InterpolationMode.BICUBIC,
}


@dataclass(frozen=True, slots=True, repr=False)
class ImageTransforms:
    """Feeds a checkpoint: pictures or tensors in, normalised float32 tensors out.

    `transforms(image)` does all of it. An engine does it in two halves, `to_uint8` where the pictures come in and
    `normalise` on the device, so that a quarter of the bytes travel. Equal `preprocessing` makes equal transforms;
    they can be hashed, pickled and shared between threads.
    """

    preprocessing: Preprocessing

    @property
    def min_decoded_side(self) -> int:
        """Pixels that a picture decoded at a fraction of its size must keep a side: twice what it is resized to."""
        return 2 * self.preprocessing.resize_size

    def __call__(self, image: Image.Image | torch.Tensor) -> torch.Tensor:
        """The picture as the network wants it: float32 (C, S, S), or (N, C, S, S) for a batch.

        A Pillow picture may be of any mode; EXIF orientation is applied, alpha laid over white. A tensor is (C, H, W)
        or (N, C, H, W): uint8, or any floating dtype with values in 0..1, which are computed in float32. The result
        lies on the tensor's device, shares no memory with it, is no tv_tensor and requires no gradient.
        Raises ValueError or TypeError, saying what to do, for anything else; InvalidImage for a picture in 32-bit
        values of unknown scale.
        """
        if isinstance(image, Image.Image):
            picture = self._converted(image)
            return self.normalise(_to_tensor(self._crop_by_pillow(picture)).contiguous())
        images = self._checked(image)
        if images.dtype == torch.uint8:
            return self.normalise(self.to_uint8(images))
        return self._standardise(self._resize_floats(images))

    def to_uint8(self, image: Image.Image | torch.Tensor) -> torch.Tensor:
        """The first half of the fast path: resized and cropped, uint8 (C, S, S) or (N, C, S, S), contiguous.

        Takes a Pillow picture of any mode or a uint8 tensor; raises as a call of the transforms does.
        """
        antialias = self.preprocessing.antialias
        if isinstance(image, Image.Image):
            picture = self._converted(image)
            if self._needs_pillow(picture.height, picture.width):
                return _to_tensor(self._crop_by_pillow(picture)).contiguous()
            images, antialias = _to_tensor(picture), True
        else:
            images = self._checked(image)
        if images.dtype != torch.uint8:
            raise TypeError(f"`to_uint8` takes a picture or a uint8 tensor, not `{images.dtype}`; call the transforms")
        if self._needs_pillow(*images.shape[-2:]):
            return self._crop_each_by_pillow(images)
        cropped: torch.Tensor = F.center_crop(self._resize(images, antialias), [self.preprocessing.crop_size])
        return cropped.clone(memory_format=torch.contiguous_format)

    def normalise(self, images_NCHW: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """The second half of the fast path: uint8 levels -> /255, minus mean, over std, on the tensor's device.

        Takes (C, H, W) or (N, C, H, W). Computes in float32 and rounds to `dtype`, a floating one, once at the end.
        """
        if images_NCHW.dtype != torch.uint8:
            raise TypeError(f"`normalise` takes the uint8 tensors of `to_uint8`, not `{images_NCHW.dtype}`")
        if not dtype.is_floating_point:
            raise ValueError(f"`dtype` must be a floating one, such as `torch.float16`, not `{dtype}`")
        _check_shape(images_NCHW, self.preprocessing.num_channels)
        return self._standardise(images_NCHW.to(torch.float32).div_(255)).to(dtype)

    def __repr__(self) -> str:
        fed = self.preprocessing
        standard = (fed.mean, fed.std) == (IMAGENET_MEAN, IMAGENET_STD)
        statistics = "ImageNet mean/std" if standard else f"mean {fed.mean} std {fed.std}"
        return (
            f"ImageTransforms(resize {fed.resize_size} {fed.interpolation}{'' if fed.antialias else ' not antialiased'}"
            f" -> crop {fed.crop_size} -> {'RGB' if fed.num_channels == 3 else 'grey'} 0..1 -> normalise {statistics})"
        )

    def _converted(self, image: Image.Image) -> Image.Image:
        """The picture upright and in the network's channels. Raises ValueError if it holds no pixels."""
        if 0 in image.size:
            raise ValueError(f"a picture of {image.width} x {image.height} holds no pixels")
        return to_channels(upright(image), self.preprocessing.num_channels)

    def _checked(self, image: object) -> torch.Tensor:
        """The tensor as a plain one, out of any graph. Raises if it is no picture or batch that we can feed."""
        if not isinstance(image, torch.Tensor):
            raise TypeError(_what_to_do_with(image))
        images = image.as_subclass(torch.Tensor).detach()
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise TypeError(f"a tensor must be uint8 in 0..255 or floating in 0..1, not `{images.dtype}`; convert it")
        _check_shape(images, self.preprocessing.num_channels)
        return images

    def _standardise(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Values in 0..1 -> normalised, in place."""
        fed = self.preprocessing
        mean_C11, std_C11 = statistics_of(fed, images_NCHW.dtype, images_NCHW.device)
        return images_NCHW.sub_(mean_C11).div_(std_C11)

    def _resize_floats(self, images: torch.Tensor) -> torch.Tensor:
        _check_range(images)
        height, width = images.shape[-2:]
        if self.preprocessing.interpolation not in _FLOAT_MODES or _is_extreme(height, width):
            raise ValueError(
                f"a float tensor of {width} x {height} pixels cannot be resized to {self.preprocessing.resize_size} "
                f"({self.preprocessing.interpolation}): give a uint8 tensor or a Pillow picture, or crop it first"
            )
        resized = self._resize(images.to(torch.float32), self.preprocessing.antialias)
        # Bicubic overshoots at edges; Pillow and the uint8 kernel cut that off, so we do.
        cropped: torch.Tensor = F.center_crop(resized.clamp(0, 1), [self.preprocessing.crop_size])
        return cropped.contiguous()

    def _resize(self, images: torch.Tensor, antialias: bool) -> torch.Tensor:
        mode = _FLOAT_MODES[self.preprocessing.interpolation]
        size = self.preprocessing.resize_size
        reduction = min(images.shape[-2:]) / size
        detour = images.device.type != "cpu" and antialias and reduction > MAX_REDUCTION_OFF_CPU
        resized: torch.Tensor = F.resize(images.cpu() if detour else images, [size], mode, antialias=antialias)
        return resized.to(images.device)

    def _needs_pillow(self, height: int, width: int) -> bool:
        """Whether uint8 tensors have no kernel for it; that for nearest takes other pixels than Pillow at ties."""
        return self.preprocessing.interpolation not in _UINT8_KERNELS or _is_extreme(height, width)

    def _crop_by_pillow(self, picture: Image.Image) -> Image.Image:
        """An 8-bit picture, resized and cropped to S x S, by the very calls of torchvision's preset."""
        mode = InterpolationMode(self.preprocessing.interpolation)
        if _is_extreme(picture.height, picture.width):
            resized = _resize_window(picture, self.preprocessing)
        else:
            resized = F.resize(picture, [self.preprocessing.resize_size], mode)
        return cast(Image.Image, F.center_crop(resized, [self.preprocessing.crop_size]))

    def _crop_each_by_pillow(self, images: torch.Tensor) -> torch.Tensor:
        pictures = images.cpu().reshape(-1, *images.shape[-3:])
        cropped_NCHW = torch.stack([_to_tensor(self._crop_by_pillow(F.to_pil_image(picture))) for picture in pictures])
        return cropped_NCHW.reshape(*images.shape[:-2], *cropped_NCHW.shape[-2:]).contiguous().to(images.device)


def _to_tensor(picture: Image.Image) -> torch.Tensor:
    """A picture of mode `RGB` or `L` as uint8 (C, H, W), channels last in memory, which is how the kernel likes it."""
    # np.array copies, np.asarray would not: torch warns of the read-only memory that Pillow gives out.
    levels_HWC = torch.from_numpy(np.array(picture))
    return levels_HWC[None] if levels_HWC.ndim == 2 else levels_HWC.permute(2, 0, 1)


@lru_cache(maxsize=32)
def statistics_of(
    preprocessing: Preprocessing, dtype: torch.dtype, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation, each (C, 1, 1). They are shared: not to be written to.

    Sent to the device once, as sending from this memory waits for a GPU.
    """
    values = preprocessing.mean, preprocessing.std
    with torch.inference_mode(False):  # to serve out of it as well, wherever they were made
        mean_C11, std_C11 = (torch.tensor(each, dtype=dtype, device=device)[:, None, None] for each in values)
    return mean_C11, std_C11


def _is_extreme(height: int, width: int) -> bool:
    return max(height, width) > MAX_EXACT_ASPECT * min(height, width)


def _resize_window(picture: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """The part of the resized picture that the central crop shows, without computing the rest."""
    shorter = min(picture.size)
    resized = [int(preprocessing.resize_size * side / shorter) for side in picture.size]
    window = [min(preprocessing.crop_size, side) for side in resized]
    starts = [round((whole - part) / 2) for whole, part in zip(resized, window, strict=True)]
    scales = [before / after for before, after in zip(picture.size, resized, strict=True)]
    left, top = (start * scale for start, scale in zip(starts, scales, strict=True))
    right, bottom = (
        min(side, (start + part) * scale)
        for side, start, part, scale in zip(picture.size, starts, window, scales, strict=True)
    )
    resample = Image.Resampling[preprocessing.interpolation.upper()]
    return picture.resize((window[0], window[1]), resample, box=(left, top, right, bottom))


def _check_shape(images: torch.Tensor, num_channels: int) -> None:
    """Raise ValueError unless the tensor is (C, H, W) or (N, C, H, W) with `num_channels` channels and some pixels."""
    shape = tuple(images.shape)
    wanted = f"({num_channels}, height, width), or the same with the batch in front"
    if len(shape) not in (3, 4):
        hint = "; add the channels with `image[None]`" if len(shape) == 2 and num_channels == 1 else ""
        raise ValueError(f"a tensor must have the shape {wanted}, not `{shape}`{hint}")
    if 0 in shape:
        raise ValueError(f"a tensor of shape `{shape}` holds no pixels")
    if shape[-3] == num_channels:
        return
    hint = ""
    if shape[-1] == num_channels:
        hint = f"; put the channels first with `.permute({'2, 0, 1' if len(shape) == 3 else '0, 3, 1, 2'})`"
    elif shape[-3] == 1:
        hint = f"; repeat the grey channel with `.expand({'3, -1, -1' if len(shape) == 3 else '-1, 3, -1, -1'})`"
    elif shape[-3] == 4:
        hint = "; drop alpha with `image[..., :3, :, :]`"
    raise ValueError(f"a tensor must have the shape {wanted}, not `{shape}`{hint}")


def _check_range(images: torch.Tensor) -> None:
    low, high = (float(extreme) for extreme in images.to(torch.float32).aminmax())
    if low >= 0 and high <= 1:  # false for NaN, which aminmax passes on
        return
    hint = "pass it before normalising" if low < 0 else "divide it by 255, or pass it as uint8"
    if high != high or abs(low) == float("inf") or high == float("inf"):
        hint = "remove NaN and infinity"
    raise ValueError(f"a float tensor must hold values in 0..1, but these run from {low:g} to {high:g}; {hint}")


def _what_to_do_with(image: object) -> str:
    found = f"transforms take a Pillow picture or a torch tensor, not `{type(image).__name__}`"
    if isinstance(image, np.ndarray):
        return f"{found}; use `PIL.Image.fromarray(array)` or `torch.from_numpy(array).permute(2, 0, 1)`"
    if isinstance(image, (list, tuple)):
        return f"{found}; call them on each and `torch.stack` the results"
    if isinstance(image, (str, bytes)) or hasattr(image, "__fspath__") or hasattr(image, "read"):
        return f"{found}; open it first with `weights_registry.inference.images.open_image`"
    return found
