"""How a checkpoint is fed, as data. Knows neither pictures nor tensors: `inference.transforms` makes it a callable."""

from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

Interpolation = Literal["nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """Resize the shorter side, crop the centre, scale to 0..1, normalise.

    Sizes are in pixels. `mean` and `std` hold one value a channel, in units of the 0..1 scale; their length is the
    number of channels the network sees (3: RGB, 1: grey). `antialias` acts on tensors only: pictures are always
    antialiased. Raises ValueError if a size is not positive or `mean` and `std` do not fit each other.
    """

    resize_size: int
    crop_size: int
    interpolation: Interpolation = "bilinear"
    antialias: bool = True
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __post_init__(self) -> None:
        for field in ("resize_size", "crop_size"):
            size = getattr(self, field)
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                raise ValueError(f"`{field}` must be a whole number of pixels from 1 up, not `{size!r}`")
        if self.interpolation not in get_args(Interpolation):
            raise ValueError(
                f"`interpolation` must be one of {', '.join(get_args(Interpolation))}, not `{self.interpolation}`"
            )
        if len(self.mean) not in (1, 3) or len(self.mean) != len(self.std):
            raise ValueError(
                f"`mean` and `std` need one value a channel, 1 or 3 each: found {len(self.mean)} and {len(self.std)}"
            )
        if min(self.std) <= 0:
            raise ValueError(f"`std` must be above 0 in every channel, not `{self.std}`")

    @property
    def num_channels(self) -> int:
        """Channels the network sees: 3 for RGB, 1 for grey."""
        return len(self.mean)

    def describe(self) -> str:
        """What is done to a picture, in one sentence."""
        shape = f"{self.crop_size} x {self.crop_size}"
        return (
            f"Convert to {'RGB' if self.num_channels == 3 else 'grey'}, resize the shorter side to {self.resize_size} "
            f"({self.interpolation}{', antialiased' if self.antialias else ''}), crop the central {shape}, scale to "
            f"0..1, subtract mean {_numbers(self.mean)} and divide by std {_numbers(self.std)}."
        )


class PreprocessingFields(TypedDict, total=False):
    """The fields of a `Preprocessing` as keywords, any of which may be left out: overrides."""

    resize_size: int
    crop_size: int
    interpolation: Interpolation
    antialias: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]


def _numbers(values: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"
