"""Draws how a picture is fed: resized, with the crop's box in it, beside what the network sees. Knows no checkpoint."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

import weights_registry
from weights_registry.card.feeding import Feeding, Size, feed
from weights_registry.card.metrics import describe_feeding
from weights_registry.inference.images import open_image, to_channels
from weights_registry.plots import write_chart
from weights_registry.plots.style import (
    PALETTE,
    PIXELS_PER_INCH,
    QUIET_TEXT,
    SMALL_PT,
    WIDTH_IN,
    house_style,
    new_figure,
)
from weights_registry.preprocessing import Preprocessing

PHOTO: Final = Path(weights_registry.__file__).parent / "samples" / "tabby_cat.jpg"

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

# In pixels of the drawing, of which two are shown as one.
_MARGIN, _GAP, _TOP, _TALLEST = 32, 64, 136, 720
_LARGEST_DRAWN: Final = 2048
_NUM_COLOURS: Final = 128

_BARE: Final = "#dfe3e8"
_EDGE: Final[dict[str, Any]] = {"edgecolor": PALETTE[1], "linewidth": 2}


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """What is to be drawn: a photo or, where `photo` is None, a bare scheme; and what becomes of it."""

    preprocessing: Preprocessing
    feeding: Feeding
    photo: Image.Image | None
    shown: str | None

    @property
    def title(self) -> str:
        """What the drawing is called."""
        return f"What the network sees: {describe_feeding(self.preprocessing)}"

    @property
    def alt(self) -> str:
        """The drawing in words, for who cannot see it."""
        resized, crop = _by(self.feeding.resized), _by(self.feeding.crop)
        if self.shown is None:
            return f"A scheme: a picture resized to {resized} pixels; a box marks the central {crop} that are cropped."
        return (
            f"{self.shown} of {_by(self.feeding.picture)} pixels, resized to {resized}; a box marks the central {crop} "
            "pixels, which stand beside it as the network sees them."
        )

    @property
    def record(self) -> dict[str, Any]:
        """What stands as JSON beside the drawing."""
        return {"title": self.title, "alt": self.alt, "data": self.data}

    @property
    def data(self) -> dict[str, Any]:
        """All that it is drawn from, as JSON types."""
        return {
            "resize_size": self.preprocessing.resize_size,
            "crop_size": self.preprocessing.crop_size,
            "interpolation": self.preprocessing.interpolation,
            "num_channels": self.preprocessing.num_channels,
            "shown": self.shown,
            "picture": list(self.feeding.picture),
            "resized": list(self.feeding.resized),
            "crop_box": list(self.feeding.crop_box),
        }


def plan_drawing(preprocessing: Preprocessing, sample: Path | None = None) -> Drawing:
    """How to draw the feeding of `sample`, by default of a photo that comes with this package.

    Grey networks are seldom meant for photos: without a sample of theirs a bare scheme is drawn, and so is one for
    pictures larger than a page can show. Raises InvalidImage if the sample is no acceptable picture.
    """
    path = PHOTO if sample is None and preprocessing.num_channels == 3 else sample
    square = (preprocessing.resize_size, preprocessing.resize_size)
    if path is None or max(preprocessing.resize_size, preprocessing.crop_size) > _LARGEST_DRAWN:
        return Drawing(preprocessing=preprocessing, feeding=feed(preprocessing, square), photo=None, shown=None)
    photo = to_channels(open_image(path), preprocessing.num_channels)
    shown = "The photo of a tabby cat" if sample is None else "A sample"
    return Drawing(preprocessing=preprocessing, feeding=feed(preprocessing, photo.size), photo=photo, shown=shown)


def resized_photo(drawing: Drawing) -> Image.Image | None:
    """The photo as it is once resized, before the crop."""
    if drawing.photo is None:
        return None
    method = Image.Resampling[drawing.preprocessing.interpolation.upper()]
    return drawing.photo.resize(drawing.feeding.resized, method)


def draw_feeding(drawing: Drawing) -> Figure:
    """The figure: on the left the resized picture with the crop's box, on the right the crop."""
    whole, crop_box = _whole(drawing.feeding), drawing.feeding.crop_box
    scale = _scale(whole, drawing.feeding.crop)
    resized, crop = _by(drawing.feeding.resized), _by(drawing.feeding.crop)
    with house_style():
        height = _TOP + (whole[3] - whole[1]) * scale + _MARGIN
        figure = new_figure(drawing.title, height_in=height / PIXELS_PER_INCH)
        figure.set_layout_engine("none")  # everything below is placed to the pixel
        before = _panel(figure, whole, scale, left=_MARGIN, caption=f"resized to {resized}, the box {crop}")
        after = _panel(figure, crop_box, scale, left=_after(whole, scale), caption=f"the network sees {crop}")
        photo = resized_photo(drawing)
        if photo is None:
            before.add_patch(Rectangle((0, 0), *drawing.feeding.resized, facecolor=_BARE))
            after.add_patch(Rectangle(crop_box[:2], *drawing.feeding.crop, facecolor=_BARE))
        else:
            seen = photo.crop(crop_box)  # what lies beyond the picture is black, as it is to the network
            _show(before, photo, (0, 0, *photo.size), opacity=0.4)
            _show(before, seen, crop_box)
            _show(after, seen, crop_box)
        for axes in (before, after):
            axes.add_patch(Rectangle(crop_box[:2], *drawing.feeding.crop, fill=False, clip_on=False, **_EDGE))
    return figure


def write_feeding(drawing: Drawing, path: Path) -> Path:
    """Write the figure as PNG and its record as JSON beside it, each whole or not at all; returns the PNG's path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=path.parent) as passing:
        chart = write_chart(draw_feeding(drawing), Path(passing) / path.name, alt=drawing.alt, data=drawing.data)
        # A photo in 128 colours looks the same, and takes a quarter of the bytes.
        with Image.open(chart) as picture:
            few = picture.convert("RGB").quantize(_NUM_COLOURS, dither=Image.Dither.NONE)
        few.save(chart, optimize=True)
        chart.with_suffix(".json").replace(path.with_suffix(".json"))
        return chart.replace(path)


def _whole(feeding: Feeding) -> Box:
    """The box around the resized picture and the crop, which may reach beyond it."""
    (width, height), (left, top, right, bottom) = feeding.resized, feeding.crop_box
    return min(0, left), min(0, top), max(width, right), max(height, bottom)


def _scale(whole: Box, crop: Size) -> float:
    """Pixels of the drawing for one of the network's; a whole number where they are large enough to be seen singly."""
    wide = (PIXELS_PER_INCH * WIDTH_IN - 2 * _MARGIN - _GAP) / (whole[2] - whole[0] + crop[0])
    high = _TALLEST / max(whole[3] - whole[1], crop[1])
    scale = min(wide, high)
    return math.floor(scale) if scale >= 4 else scale


def _after(whole: Box, scale: float) -> float:
    return _MARGIN + (whole[2] - whole[0]) * scale + _GAP


def _panel(figure: Figure, box: Box, scale: float, *, left: float, caption: str) -> Axes:
    """Axes in whose coordinates a unit is a pixel of the network's, with a caption above."""
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    size = (box[2] - box[0]) * scale, (box[3] - box[1]) * scale
    bottom = height - _TOP - size[1]
    axes = figure.add_axes((left / width, bottom / height, size[0] / width, size[1] / height))
    axes.set(xlim=(box[0], box[2]), ylim=(box[3], box[1]))
    axes.set_axis_off()
    figure.text(left / width, (height - _TOP + 14) / height, caption, fontsize=SMALL_PT, color=QUIET_TEXT)
    return axes


def _show(axes: Axes, picture: Image.Image, box: Box, *, opacity: float = 1.0) -> None:
    left, top, right, bottom = box
    axes.imshow(
        np.asarray(picture),
        extent=(left, right, bottom, top),
        cmap="gray",
        vmin=0,
        vmax=255,
        alpha=opacity,
        aspect="auto",
        interpolation="antialiased",
    )
    axes.autoscale(False)


def _by(size: Sequence[int]) -> str:
    return f"{size[0]} x {size[1]}"
