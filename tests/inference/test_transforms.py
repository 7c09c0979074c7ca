"""Fed as the checkpoint was evaluated: the numerics contract, and what is refused."""

import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from typing import Any, cast

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import InterpolationMode
from torchvision.transforms._presets import ImageClassification
from torchvision.transforms.functional import center_crop

from weights_registry.errors import InvalidImage
from weights_registry.inference import transforms as module
from weights_registry.inference.images import open_image
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Interpolation, Preprocessing

R50 = Preprocessing(resize_size=232, crop_size=224)
SMALL = Preprocessing(resize_size=36, crop_size=32)

SHAPES = [(500, 375), (375, 501), (232, 232), (232, 300), (90, 61), (7, 5), (1, 1), (300, 9), (9, 300), (263, 257)]


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


def test_a_picture_of_unknown_scale_is_refused() -> None:
    with pytest.raises(InvalidImage, match="scale"):
        ImageTransforms(SMALL)(Image.new("F", (40, 40), 3.5))


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


def test_an_extreme_float_tensor_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match="uint8 tensor or a Pillow picture"):
        ImageTransforms(R50)(torch.rand(3, 1, 1000))


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


@pytest.mark.parametrize("interpolation", ["box", "hamming", "lanczos"])
def test_floats_are_refused_where_tensors_have_no_kernel(interpolation: str) -> None:
    preprocessing = fed(36, 32, interpolation)
    with pytest.raises(ValueError, match=interpolation):
        ImageTransforms(preprocessing)(torch.rand(3, 40, 40))


def test_nearest_floats_take_the_pixels_that_pillow_takes() -> None:
    transforms = ImageTransforms(Preprocessing(resize_size=36, crop_size=32, interpolation="nearest"))
    picture = noise(103, 71)
    torch.testing.assert_close(transforms(tensor_of(picture) / 255), transforms(picture))
