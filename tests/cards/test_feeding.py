"""The picture of a feeding shows what the network is really given, pixel for pixel."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms.v2 import functional

from weights_registry import Preprocessing
from weights_registry.card.feeding import feed, picture_name
from weights_registry.card.feeding_picture import PHOTO, draw_feeding, plan_drawing, resized_photo, write_feeding
from weights_registry.inference.transforms import ImageTransforms

RAW = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
GREY_28 = Preprocessing(resize_size=28, crop_size=28, mean=(0.286,), std=(0.353,))
SIDES = st.integers(1, 60)


@given(SIDES, SIDES, SIDES, SIDES)
def test_sizes_and_crop_are_those_of_torchvision(width: int, height: int, resize: int, crop: int) -> None:
    feeding = feed(Preprocessing(resize_size=resize, crop_size=crop), (width, height))
    places = torch.arange(1, width * height + 1, dtype=torch.float32).reshape(1, height, width)
    resized = functional.resize(places, [resize])
    assert feeding.resized == (resized.shape[2], resized.shape[1])
    # Each pixel of the resized picture gets a number of its own, 0 is what lies beyond it.
    numbered = torch.arange(1, resized.numel() + 1).reshape(resized.shape)
    left, top, right, bottom = feeding.crop_box
    rows, columns = torch.arange(top, bottom)[:, None], torch.arange(left, right)[None, :]
    inside = (rows >= 0) & (rows < resized.shape[1]) & (columns >= 0) & (columns < resized.shape[2])
    expected = torch.where(inside, rows * resized.shape[2] + columns + 1, 0)
    assert functional.center_crop(numbered, [crop])[0].equal(expected)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize(("resize", "crop"), [(232, 224), (200, 224)])
def test_the_crop_that_is_drawn_is_what_the_network_sees(resize: int, crop: int, interpolation: str) -> None:
    preprocessing = Preprocessing(resize_size=resize, crop_size=crop, interpolation=interpolation, **RAW)  # type: ignore[arg-type]
    drawing = plan_drawing(preprocessing)
    photo = resized_photo(drawing)
    assert photo is not None
    with Image.open(PHOTO) as picture:
        seen = ImageTransforms(preprocessing)(picture)
    drawn = torch.from_numpy(np.asarray(photo.crop(drawing.feeding.crop_box)).copy()).permute(2, 0, 1) / 255
    torch.testing.assert_close(drawn, seen, rtol=0, atol=1e-6)


def test_a_grey_network_is_drawn_without_a_photo_unless_it_has_a_sample(tmp_path: Path) -> None:
    bare = plan_drawing(GREY_28)
    assert bare.photo is None
    assert bare.alt.startswith("A scheme")
    draw_feeding(bare)
    Image.new("RGB", (28, 28), "red").save(tmp_path / "sample.png")
    drawing = plan_drawing(GREY_28, tmp_path / "sample.png")
    assert drawing.photo is not None
    assert drawing.photo.mode == "L"
    assert "A sample of 28 x 28 pixels, resized to 28 x 28" in drawing.alt
    draw_feeding(drawing)


def test_sizes_that_no_page_can_show_are_drawn_as_a_scheme() -> None:
    # The photo itself, at this size, would be 30 GB.
    drawing = plan_drawing(Preprocessing(resize_size=80_000, crop_size=70_000))
    assert drawing.photo is None
    draw_feeding(drawing)


def test_the_same_feeding_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    preprocessing = Preprocessing(resize_size=36, crop_size=32)
    paths = [write_feeding(plan_drawing(preprocessing), tmp_path / name / "fed.png") for name in ("one", "two")]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert json.loads(paths[0].with_suffix(".json").read_text()) == plan_drawing(preprocessing).record
    assert sorted(path.name for path in tmp_path.glob("one/*")) == ["fed.json", "fed.png"]


def test_only_what_is_seen_in_the_picture_is_in_its_name() -> None:
    fed = Preprocessing(resize_size=232, crop_size=224)
    assert picture_name(fed) == "fed-232-224-bilinear"
    assert picture_name(fed) == picture_name(Preprocessing(resize_size=232, crop_size=224, mean=(0.5,) * 3))
    assert picture_name(GREY_28) == "fed-28-28-bilinear-grey"
