"""What would be fed wrongly is refused, with advice that works."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from PIL import Image

from tests.inference.noisy_pictures import R50, SMALL, fed, noise
from weights_registry.errors import InvalidImage
from weights_registry.inference.transforms import ImageTransforms


def test_normalise_takes_only_levels_and_gives_only_floats() -> None:
    transforms = ImageTransforms(SMALL)
    with pytest.raises(TypeError, match="to_uint8"):
        transforms.normalise(torch.rand(3, 32, 32))
    with pytest.raises(ValueError, match="floating"):
        transforms.normalise(torch.zeros(3, 32, 32, dtype=torch.uint8), torch.int32)
    with pytest.raises(ValueError, match="shape"):
        transforms.normalise(torch.zeros(1, 32, 32, dtype=torch.uint8))


def test_to_uint8_refuses_floats() -> None:
    with pytest.raises(TypeError, match="uint8"):
        ImageTransforms(SMALL).to_uint8(torch.rand(3, 40, 40))


REFUSED: list[tuple[str, Callable[[], object], type[Exception], str]] = [
    ("floats in 0..255", lambda: torch.rand(3, 40, 40) * 255, ValueError, "divide it by 255"),
    ("normalised floats", lambda: torch.randn(3, 40, 40), ValueError, "before normalising"),
    ("NaN", lambda: torch.full((3, 40, 40), torch.nan), ValueError, "NaN"),
    ("one NaN", lambda: torch.rand(3, 40, 40).index_fill(2, torch.tensor(3), torch.nan), ValueError, "NaN"),
    ("infinity", lambda: torch.full((3, 40, 40), torch.inf), ValueError, "infinity"),
    ("int64", lambda: torch.zeros(3, 40, 40, dtype=torch.int64), TypeError, "int64"),
    ("uint16", lambda: torch.zeros(3, 40, 40, dtype=torch.uint16), TypeError, "uint16"),
    ("bool", lambda: torch.zeros(3, 40, 40, dtype=torch.bool), TypeError, "bool"),
    ("complex", lambda: torch.zeros(3, 40, 40, dtype=torch.complex64), TypeError, "complex64"),
    ("HWC", lambda: torch.zeros(40, 50, 3, dtype=torch.uint8), ValueError, r"permute\(2, 0, 1\)"),
    ("NHWC", lambda: torch.zeros(2, 40, 50, 3, dtype=torch.uint8), ValueError, r"permute\(0, 3, 1, 2\)"),
    ("grey", lambda: torch.zeros(1, 40, 50, dtype=torch.uint8), ValueError, r"expand\(3, -1, -1\)"),
    ("a grey batch", lambda: torch.zeros(2, 1, 40, 50, dtype=torch.uint8), ValueError, r"expand\(-1, 3, -1, -1\)"),
    ("RGBA", lambda: torch.zeros(4, 40, 50, dtype=torch.uint8), ValueError, "alpha"),
    ("2-D", lambda: torch.zeros(40, 50, dtype=torch.uint8), ValueError, r"\(3, height, width\)"),
    ("5-D", lambda: torch.zeros(1, 1, 3, 40, 50, dtype=torch.uint8), ValueError, r"\(3, height, width\)"),
    ("no height", lambda: torch.zeros(3, 0, 50, dtype=torch.uint8), ValueError, "no pixels"),
    ("no width", lambda: Image.new("RGB", (0, 5)), ValueError, "no pixels"),
    ("no picture in the batch", lambda: torch.zeros(0, 3, 40, 50), ValueError, "no pixels"),
    ("numpy", lambda: np.zeros((40, 50, 3), np.uint8), TypeError, "fromarray"),
    ("a list", lambda: [noise(40, 50)], TypeError, "stack"),
    ("a path", lambda: "cat.jpg", TypeError, "open_image"),
    ("bytes", lambda: b"\xff\xd8\xff", TypeError, "open_image"),
    ("None", lambda: None, TypeError, "NoneType"),
]


@pytest.mark.parametrize(("make", "error", "says"), [pytest.param(*r[1:], id=r[0]) for r in REFUSED])
def test_what_would_be_fed_wrongly_is_refused_with_advice(
    make: Callable[[], object], error: type[Exception], says: str
) -> None:
    image = make()
    before = image.clone() if isinstance(image, torch.Tensor) else None
    with pytest.raises(error, match=says):
        ImageTransforms(SMALL)(image)  # type: ignore[arg-type]
    if isinstance(before, torch.Tensor) and isinstance(image, torch.Tensor):
        torch.testing.assert_close(image, before, equal_nan=True)


@pytest.mark.parametrize("hint", [".permute(2, 0, 1)", ".expand(3, -1, -1)", "image[..., :3, :, :]"])
def test_the_advice_works(hint: str) -> None:
    image = {
        ".permute(2, 0, 1)": torch.zeros(40, 50, 3).permute(2, 0, 1),
        ".expand(3, -1, -1)": torch.zeros(1, 40, 50).expand(3, -1, -1),
        "image[..., :3, :, :]": torch.zeros(4, 40, 50)[..., :3, :, :],
    }[hint]
    assert ImageTransforms(SMALL)(image).shape == (3, 32, 32)


def test_a_picture_of_unknown_scale_is_refused() -> None:
    with pytest.raises(InvalidImage, match="scale"):
        ImageTransforms(SMALL)(Image.new("F", (40, 40), 3.5))


def test_an_extreme_float_tensor_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="uint8 tensor or a Pillow picture"):
        ImageTransforms(R50)(torch.rand(3, 1, 1000))


@pytest.mark.parametrize("interpolation", ["box", "hamming", "lanczos"])
def test_floats_are_refused_where_tensors_have_no_kernel(interpolation: str) -> None:
    preprocessing = fed(36, 32, interpolation)
    with pytest.raises(ValueError, match=interpolation):
        ImageTransforms(preprocessing)(torch.rand(3, 40, 40))
