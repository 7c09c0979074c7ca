"""How a checkpoint is fed, in numbers: what becomes of a picture's size, and where the crop lies. Draws nothing."""

from dataclasses import dataclass
from pathlib import Path

from weights_registry.preprocessing import Preprocessing

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """What happens to one picture: its size, its size once resized, and the crop's box in that.

    `crop_box` is left, top, right, bottom; it reaches beyond the picture where the crop is the larger of the two.
    """

    picture: Size
    resized: Size
    crop_box: tuple[int, int, int, int]

    @property
    def crop(self) -> Size:
        """Size of what the network sees."""
        left, top, right, bottom = self.crop_box
        return right - left, bottom - top


@dataclass(frozen=True, slots=True)
class FeedingPicture:
    """A drawing of a feeding, and what it shows in words."""

    path: Path
    alt: str


def feed(preprocessing: Preprocessing, picture: Size) -> Feeding:
    """What `preprocessing` makes of a picture of that size, pixel for pixel as the transforms do."""
    width, height = picture
    shorter, longer = sorted(picture)
    long_side = int(preprocessing.resize_size * longer / shorter)
    resized = (preprocessing.resize_size, long_side) if width <= height else (long_side, preprocessing.resize_size)
    left, top = (_start(side, preprocessing.crop_size) for side in resized)
    crop_box = (left, top, left + preprocessing.crop_size, top + preprocessing.crop_size)
    return Feeding(picture=picture, resized=resized, crop_box=crop_box)


def picture_name(preprocessing: Preprocessing) -> str:
    """Name, without ending, of the picture that all checkpoints fed so share: `fed-232-224-bilinear`."""
    channels = "" if preprocessing.num_channels == 3 else "-grey"
    return f"fed-{preprocessing.resize_size}-{preprocessing.crop_size}-{preprocessing.interpolation}{channels}"


def _start(side: int, crop: int) -> int:
    """Where a central crop begins. Rounds as torchvision: halves to even, and padding to the side that comes first."""
    return -((crop - side) // 2) if crop > side else round((side - crop) / 2)
