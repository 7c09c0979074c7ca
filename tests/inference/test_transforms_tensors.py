"""Tensors, floats and batches are fed as pictures are, and normalised as asked."""

from typing import Any

import pytest
import torch
from torchvision import tv_tensors

from tests.inference.noisy_pictures import R50, SMALL, noise, tensor_of
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Preprocessing


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats_in_0_to_1_of_any_width_come_back_as_float32_near_the_uint8_path(dtype: torch.dtype) -> None:
    transforms = ImageTransforms(R50)
    levels = tensor_of(noise(300, 260))
    result = transforms(levels.to(dtype) / 255)
    tolerance = 0.05 if dtype == torch.bfloat16 else 0.025  # a level is 0.0175
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, transforms(levels), rtol=0, atol=tolerance)


def test_bicubic_floats_stay_within_0_to_1() -> None:
    plain = Preprocessing(resize_size=64, crop_size=64, interpolation="bicubic", mean=(0.0,) * 3, std=(1.0,) * 3)
    checkerboard = torch.zeros(3, 9, 9)
    checkerboard[:, ::2, ::2] = 1
    result = ImageTransforms(plain)(checkerboard)
    assert result.min() >= 0
    assert result.max() <= 1


def test_the_input_is_left_as_it_was() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=32, crop_size=32))
    for images in (torch.full((3, 32, 32), 0.5), torch.full((3, 32, 32), 7, dtype=torch.uint8)):
        before = images.clone()
        transforms(images).fill_(9)
        if images.dtype == torch.uint8:
            transforms.to_uint8(images).fill_(9)
        assert torch.equal(images, before)


@pytest.mark.parametrize("kind", ["uint8", "float"])
def test_a_batch_is_fed_like_its_pictures_one_by_one(kind: str) -> None:
    images = torch.stack([tensor_of(noise(100, 80, seed=seed)) for seed in range(3)])
    images = images / 255 if kind == "float" else images
    transforms = ImageTransforms(SMALL)
    together = transforms(images)
    assert together.shape == (3, 3, 32, 32)
    torch.testing.assert_close(together, torch.stack([transforms(image) for image in images]))


def test_box_on_a_batch_of_tensors_goes_by_pillow() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=36, crop_size=32, interpolation="box"))
    pictures = [noise(100, 80, seed=seed) for seed in range(3)]
    batch = torch.stack([tensor_of(picture) for picture in pictures])
    assert torch.equal(transforms(batch), torch.stack([transforms(picture) for picture in pictures]))
    assert torch.equal(transforms(batch[0]), transforms(pictures[0]))


def test_subclasses_and_graphs_end_here() -> None:
    transforms = ImageTransforms(SMALL)
    assert type(transforms(tv_tensors.Image(noise(50, 40)))) is torch.Tensor
    assert type(transforms.to_uint8(tv_tensors.Image(noise(50, 40)))) is torch.Tensor
    result = transforms(torch.nn.Parameter(torch.rand(3, 40, 40)))
    assert type(result) is torch.Tensor
    assert not result.requires_grad


def test_the_fast_half_is_contiguous_writable_uint8() -> None:
    for image in (noise(50, 40), tensor_of(noise(50, 40)), tensor_of(noise(50, 40))[None]):
        levels = ImageTransforms(SMALL).to_uint8(image)
        assert levels.dtype == torch.uint8
        assert levels.is_contiguous()
        levels.zero_()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_normalise_rounds_once_to_the_dtype_asked_for(dtype: torch.dtype) -> None:
    transforms = ImageTransforms(SMALL)
    levels = transforms.to_uint8(noise(50, 40))
    assert torch.equal(transforms.normalise(levels, dtype), transforms.normalise(levels).to(dtype))


def test_mean_and_deviation_are_sent_to_a_device_once(monkeypatch: pytest.MonkeyPatch) -> None:
    num_sent = 0
    send = torch.tensor

    def counted(*arguments: Any, **options: Any) -> torch.Tensor:
        nonlocal num_sent
        num_sent += 1
        return send(*arguments, **options)

    levels_NCHW = torch.zeros(2, 3, 32, 32, dtype=torch.uint8, device="meta")
    fed_here = Preprocessing(resize_size=36, crop_size=32, mean=(0.1, 0.2, 0.3))  # nobody else's
    monkeypatch.setattr(torch, "tensor", counted)
    for _ in range(3):
        with torch.inference_mode():
            assert ImageTransforms(fed_here).normalise(levels_NCHW).device.type == "meta"
        assert not ImageTransforms(fed_here).normalise(levels_NCHW, torch.float16).is_inference()
    assert num_sent == 2


def test_nearest_floats_take_the_pixels_that_pillow_takes() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=36, crop_size=32, interpolation="nearest"))
    picture = noise(103, 71)
    torch.testing.assert_close(transforms(tensor_of(picture) / 255), transforms(picture))
