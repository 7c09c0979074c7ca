"""Fed as the checkpoint was evaluated: the numerics contract for pictures of any mode, size and shape."""

import pickle
from dataclasses import FrozenInstanceError
from typing import cast

import pytest
import torch
import torchvision
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.functional import center_crop

from tests.inference.noisy_pictures import R50, SMALL, fed, noise, tensor_of
from weights_registry.inference import transforms as module
from weights_registry.inference.images import open_image
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Interpolation, Preprocessing

SHAPES = [(500, 375), (375, 501), (232, 232), (232, 300), (90, 61), (7, 5), (1, 1), (300, 9), (9, 300), (263, 257)]


def torchvision_presets() -> dict[Preprocessing, ImageClassification]:
    """Every distinct preset of torchvision's classification weights, 115 entries in all."""
    presets: dict[Preprocessing, ImageClassification] = {}
    num_entries = 0
    for name in torchvision.models.list_models(module=torchvision.models):
        for entry in torchvision.models.get_model_weights(name):
            preset = entry.transforms()
            num_entries += 1
            presets[as_data(preset)] = preset
    assert num_entries >= 115
    return presets


def as_data(preset: ImageClassification) -> Preprocessing:
    return Preprocessing(
        resize_size=preset.resize_size[0],
        crop_size=preset.crop_size[0],
        interpolation=cast(Interpolation, preset.interpolation.value),
        antialias=bool(preset.antialias),
        mean=tuple(preset.mean),
        std=tuple(preset.std),
    )


PRESETS = torchvision_presets()


@pytest.mark.parametrize("preprocessing", PRESETS, ids=lambda p: f"{p.interpolation}-{p.resize_size}-{p.crop_size}")
def test_a_picture_gives_what_each_preset_of_torchvision_gives_bit_for_bit(preprocessing: Preprocessing) -> None:
    for width, height in SHAPES:
        picture = noise(width, height)
        ours, theirs = ImageTransforms(preprocessing)(picture), PRESETS[preprocessing](picture)
        assert ours.dtype == torch.float32
        assert torch.equal(ours, theirs), (width, height)


def test_a_picture_that_fits_is_not_resized() -> None:
    picture = noise(224, 224)
    same = ImageTransforms(Preprocessing(resize_size=224, crop_size=224)).to_uint8(picture)
    assert torch.equal(same, tensor_of(picture))


@pytest.mark.parametrize("crop", [31, 32, 33, 40, 41])
def test_odd_margins_and_padding_fall_as_torchvision_has_them(crop: int) -> None:
    for interpolation in ("bilinear", "bicubic"):
        preprocessing = fed(36, crop, interpolation)
        preset = ImageClassification(
            crop_size=crop, resize_size=36, interpolation=InterpolationMode(interpolation), antialias=True
        )
        for width in range(36, 80, 3):
            assert torch.equal(ImageTransforms(preprocessing)(noise(width, 37)), preset(noise(width, 37)))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "box", "hamming", "lanczos"])
def test_every_interpolation_is_pillows_on_a_picture(interpolation: str) -> None:
    preprocessing = fed(36, 32, interpolation)
    picture = noise(101, 67)
    resized = picture.resize((int(36 * 101 / 67), 36), Image.Resampling[interpolation.upper()])
    expected = center_crop(tensor_of(resized), [32])
    transforms = ImageTransforms(preprocessing)
    assert torch.equal(transforms(picture), transforms.normalise(expected))


@pytest.mark.parametrize(
    ("interpolation", "max_levels", "max_share"),
    [
        ("nearest", 0, 0),
        ("bilinear", 1, 0.05),
        ("bicubic", 3, 0.05),
        ("box", 0, 0),
        ("hamming", 0, 0),
        ("lanczos", 0, 0),
    ],
)
def test_the_fast_path_is_within_a_level_or_three_of_pillow(
    interpolation: str, max_levels: int, max_share: float
) -> None:
    for resize, crop in ((36, 36), (232, 224)):
        preprocessing = fed(resize, crop, interpolation)
        transforms = ImageTransforms(preprocessing)
        for seed, (width, height) in enumerate(SHAPES):
            picture = noise(width, height, seed=seed)
            mode = Image.Resampling[interpolation.upper()]
            short = min(width, height)
            by_pillow = picture.resize((int(resize * width / short), int(resize * height / short)), mode)
            expected = center_crop(tensor_of(by_pillow), [crop]).int()
            for image in (picture, tensor_of(picture)):
                levels = (transforms.to_uint8(image).int() - expected).abs()
                assert levels.max() <= max_levels, (width, height)
                assert (levels > 0).float().mean() <= max_share, (width, height)


def test_both_halves_together_are_the_whole() -> None:
    transforms = ImageTransforms(R50)
    for width, height in SHAPES:
        images = tensor_of(noise(width, height))
        assert torch.equal(transforms(images), transforms.normalise(transforms.to_uint8(images)))


def test_a_picture_and_its_tensor_take_the_same_fast_path() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=36, crop_size=32, antialias=True))
    picture = noise(200, 150)
    assert torch.equal(transforms.to_uint8(picture), transforms.to_uint8(tensor_of(picture)))


def test_a_picture_is_antialiased_even_where_tensors_are_not() -> None:
    sharp = ImageTransforms(Preprocessing(resize_size=36, crop_size=32, antialias=False))
    smooth = ImageTransforms(SMALL)
    picture = noise(300, 200)
    assert torch.equal(sharp(picture), smooth(picture))
    assert torch.equal(sharp.to_uint8(picture), smooth.to_uint8(picture))
    assert not torch.equal(sharp(tensor_of(picture)), smooth(tensor_of(picture)))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_a_picture_of_any_mode_is_fed_as_its_rgb_conversion(mode: str) -> None:
    picture = noise(60, 50, "L").convert(mode) if mode == "I;16" else noise(60, 50, mode)
    transforms = ImageTransforms(SMALL)
    converted = open_image(picture)
    assert torch.equal(transforms(picture), transforms(converted))
    assert torch.equal(transforms.to_uint8(picture), transforms.to_uint8(converted))


def test_a_grey_network_is_fed_one_channel() -> None:
    grey = ImageTransforms(Preprocessing(resize_size=28, crop_size=28, mean=(0.5,), std=(0.25,)))
    assert grey(noise(40, 30)).shape == (1, 28, 28)
    assert torch.equal(grey(noise(40, 30)), grey(noise(40, 30).convert("L")))
    assert grey(torch.zeros(2, 1, 40, 40)).shape == (2, 1, 28, 28)
    with pytest.raises(ValueError, match=r"image\[None\]"):
        grey(torch.zeros(28, 28))


def test_a_rotated_photograph_is_fed_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = noise(80, 60)
    turned = picture.transpose(Image.Transpose.ROTATE_90)
    turned.info["exif"] = exif.tobytes()
    transforms = ImageTransforms(SMALL)
    assert torch.equal(transforms(turned), transforms(picture))
    assert torch.equal(transforms.to_uint8(turned), transforms.to_uint8(picture))


@pytest.mark.parametrize("size", [(6000, 40), (40, 6000), (1, 1), (1, 200), (100_000, 1), (1, 100_000), (30_000, 70)])
def test_extreme_shapes_are_fed_without_extreme_memory(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", size, (200, 100, 50))
    transforms = ImageTransforms(R50)
    flat = transforms.normalise(torch.tensor([200, 100, 50], dtype=torch.uint8)[:, None, None].expand(3, 224, 224))
    assert torch.equal(transforms(picture), flat)
    assert torch.equal(transforms(tensor_of(picture)), flat)
    assert torch.equal(transforms(tensor_of(picture)[None])[0], flat)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize(("size", "crop"), [((700, 2), 32), ((2, 701), 31), ((900, 3), 50), ((811, 3), 24)])
def test_an_extreme_shape_gives_what_resizing_all_of_it_would(
    monkeypatch: pytest.MonkeyPatch, size: tuple[int, int], crop: int, interpolation: str
) -> None:
    preprocessing = fed(36, crop, interpolation)
    transforms = ImageTransforms(preprocessing)
    window = transforms.to_uint8(noise(*size)).int()
    by_call = transforms(noise(*size))
    monkeypatch.setattr(module, "MAX_EXACT_ASPECT", 10**9)
    everything = transforms(noise(*size))
    assert (window - (everything_levels(everything, preprocessing))).abs().max() <= 1
    torch.testing.assert_close(by_call, everything, rtol=0, atol=0.02)


def everything_levels(normalised: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    mean, std = torch.tensor(preprocessing.mean), torch.tensor(preprocessing.std)
    return ((normalised * std[:, None, None] + mean[:, None, None]) * 255).round().int()


def test_a_very_strong_reduction_is_fed() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=4, crop_size=4, interpolation="bicubic"))
    images = torch.full((3, 900, 1200), 128, dtype=torch.uint8)
    assert torch.equal(transforms.to_uint8(images), torch.full((3, 4, 4), 128, dtype=torch.uint8))
    assert torch.allclose(transforms(images / 255), transforms(images), atol=1e-5)


def test_one_line_says_what_it_does() -> None:
    assert repr(ImageTransforms(R50)) == (
        "ImageTransforms(resize 232 bilinear -> crop 224 -> RGB 0..1 -> normalise ImageNet mean/std)"
    )
    grey = Preprocessing(resize_size=28, crop_size=28, antialias=False, mean=(0.5,), std=(0.25,))
    assert repr(ImageTransforms(grey)) == (
        "ImageTransforms(resize 28 bilinear not antialiased -> crop 28 -> grey 0..1 "
        "-> normalise mean (0.5,) std (0.25,))"
    )


def test_transforms_are_a_value() -> None:
    transforms = ImageTransforms(SMALL)
    assert transforms == ImageTransforms(Preprocessing(resize_size=36, crop_size=32))
    assert hash(transforms) == hash(ImageTransforms(SMALL))
    assert pickle.loads(pickle.dumps(transforms)) == transforms
    with pytest.raises(FrozenInstanceError):
        transforms.preprocessing = R50  # type: ignore[misc]
