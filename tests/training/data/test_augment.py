"""A training picture goes through torchvision's and timm's own operations: the same generator, the same pixels."""

import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data import create_transform
from torchvision.transforms import InterpolationMode, v2

from training import Recipe, RecipeError, get_recipe
from training.data.augment import NOTHING_ERASED, Augmentation, automatic_augmentation, finish
from training.randomness import seeded
from weights_registry import Preprocessing
from weights_registry.inference.transforms import ImageTransforms

V1, V2, A1 = (get_recipe(f"resnet50/{variant}") for variant in ("v1", "v2", "a1"))
SMALL: dict[str, Any] = {"train_crop_size": 32, "inference": Preprocessing(resize_size=40, crop_size=32)}
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (61, 47, 3), dtype=np.uint8))


def small(recipe: Recipe, **changes: object) -> Recipe:
    return replace(recipe, **{**SMALL, **changes})


def references_preset(recipe: Recipe) -> Callable[[Image.Image], torch.Tensor]:
    """ClassificationPresetTrain of torchvision's references/classification, with its default backend, PIL."""
    mode = InterpolationMode(recipe.train_interpolation)
    steps: list[Any] = [v2.RandomResizedCrop(32, interpolation=mode, antialias=True), v2.RandomHorizontalFlip(0.5)]
    if recipe.auto_augment == "ta_wide":
        steps.append(v2.TrivialAugmentWide(interpolation=mode))
    if recipe.auto_augment == "ra":
        steps.append(v2.RandAugment(interpolation=mode, magnitude=9))
    steps += [v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True)]
    steps.append(v2.Normalize(mean=recipe.inference.mean, std=recipe.inference.std))
    if recipe.random_erasing:
        steps.append(v2.RandomErasing(p=recipe.random_erasing))
    return v2.Compose(steps)


@pytest.mark.parametrize(
    "recipe",
    [small(V1), small(V2), small(V2, random_erasing=0.7), small(V2, auto_augment="ra", random_erasing=1.0)],
    ids=["v1", "v2", "erasing", "ra"],
)
def test_the_same_generator_gives_the_pixels_of_torchvisions_references(recipe: Recipe) -> None:
    ours, theirs = Augmentation(recipe), references_preset(recipe)
    for seed in range(60):
        with seeded(seed):
            crop, box = ours(PICTURE)
        with seeded(seed):
            expected = theirs(PICTURE)
        found = finish(crop[None], torch.tensor([box]), recipe)[0]
        assert torch.allclose(found, expected, atol=1e-6), seed


def test_rand_augment_of_the_a_recipes_is_timms_with_timms_settings() -> None:
    recipe = small(A1)
    timms = create_transform(
        32,
        is_training=True,
        auto_augment=recipe.auto_augment,
        interpolation="bicubic",
        mean=recipe.inference.mean,
        std=recipe.inference.std,
    )
    (theirs,) = (each for each in timms.transforms if type(each).__name__ == "RandAugment")
    ours = automatic_augmentation(recipe)
    changed = 0
    for seed in range(60):
        with seeded(seed):
            found = ours(PICTURE)
        with seeded(seed):
            expected = theirs(PICTURE)
        assert np.array_equal(np.asarray(found), np.asarray(expected))
        changed += not np.array_equal(np.asarray(found), np.asarray(PICTURE))
    assert changed > 30


def test_every_published_recipe_augments() -> None:
    from training import list_recipes

    for auto_augment in {recipe.auto_augment for recipe in list_recipes()}:
        crop, box = Augmentation(small(V2, auto_augment=auto_augment))(PICTURE)
        assert (crop.dtype, crop.shape) == (torch.uint8, (3, 32, 32))
        assert len(box) == 4


@pytest.mark.parametrize(("name", "num_bits"), [("rand-m2", 0), ("rand-m9", 3), ("rand-m9-inc1", 1)])
def test_posterize_to_no_bits_at_all_is_black_where_pillow_would_raise(name: str, num_bits: int) -> None:
    transform: Any = automatic_augmentation(small(A1, auto_augment=name))
    (posterize,) = (each for each in transform.ops if each.name.startswith("Posterize"))
    posterize.prob = 1.0
    levels = set(np.unique(posterize(PICTURE)).tolist())
    assert len(levels) == 2**num_bits
    assert 0 in levels


@pytest.mark.parametrize(
    "name", ["rand-m9-n3-mstd0.5", "rand-p1-mmax12-m11-inc0", "rand-m07-p0.25-mstd101-inc1", "rand-inc0"]
)
def test_a_name_of_timms_that_a_recipe_takes_is_one_that_timm_takes(name: str) -> None:
    crop, _ = Augmentation(small(V2, auto_augment=name))(PICTURE)
    assert crop.shape == (3, 32, 32)


REFUSED = """
rand rand- rand-q7 rand-m rand-m7.5 rand-m-7 rand-m7- rand-m7-m8 rand-n0 rand-inc2 rand-p1.5 rand-mstd1. rand-mstd1.2.3
rand-t0 rand-. rand-m\u0667 RAND-m7 augmix-m5 ta_wide-m5
"""


@pytest.mark.parametrize("name", REFUSED.split())
def test_a_name_that_timm_would_not_take_or_not_heed_is_refused_by_the_recipe(name: str) -> None:
    with pytest.raises(RecipeError, match="behind rand, each once, m, n or mmax with a whole number") as caught:
        replace(V2, auto_augment=name)
    assert f"not `{name}`" in str(caught.value)


@pytest.mark.parametrize("auto_augment", ["ta_wide", "ra", "rand-m7-mstd0.5-inc1"])
def test_grey_pictures_stay_grey(auto_augment: str) -> None:
    grey = Preprocessing(resize_size=28, crop_size=28, mean=(0.286,), std=(0.353,))
    augmentation = Augmentation(replace(V2, train_crop_size=28, inference=grey, auto_augment=auto_augment))
    for seed in range(40):
        with seeded(seed):
            crop, _ = augmentation(PICTURE.convert("L"))
        assert crop.shape == (1, 28, 28)


def test_a_crop_is_normalised_as_at_evaluation() -> None:
    crops = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    found = finish(crops, torch.tensor([NOTHING_ERASED] * 3), small(V1))
    assert torch.equal(found, ImageTransforms(SMALL["inference"]).normalise(crops))


@pytest.mark.parametrize("auto_augment", [None, "ta_wide", "ra"])
def test_torchvisions_operations_draw_from_torchs_generator_alone(auto_augment: str | None) -> None:
    augmentation = Augmentation(small(V2, auto_augment=auto_augment))
    assert augmentation.draws_from_torch_alone
    for seed in range(20):
        crops = []
        for other in (0, 1):
            random.seed(other), np.random.seed(other)
            with seeded(seed, torch_alone=True):
                crops.append(augmentation(PICTURE)[0])
        assert torch.equal(*crops)
    assert not Augmentation(small(A1)).draws_from_torch_alone


def test_a_box_is_erased_to_the_mean_after_normalisation_and_in_its_own_picture_alone() -> None:
    recipe = small(V2)
    crops = torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)
    whole = finish(crops, torch.tensor([NOTHING_ERASED] * 3), recipe)
    erased = finish(crops, torch.tensor([NOTHING_ERASED, (4, 6, 10, 5), (0, 0, 31, 31)]), recipe)
    assert torch.equal(erased[0], whole[0])
    assert (erased[1, :, 4:14, 6:11] == 0).all()
    outside = torch.ones(32, 32, dtype=torch.bool)
    outside[4:14, 6:11] = False
    assert torch.equal(erased[1][:, outside], whole[1][:, outside])
    assert torch.equal(erased[2, :, 31], whole[2, :, 31])


def test_it_erases_as_often_as_the_recipe_says() -> None:
    augmentation = Augmentation(small(V2, random_erasing=0.25))
    with seeded(0):
        boxes = [augmentation(PICTURE)[1] for _ in range(400)]
    assert sum(box != NOTHING_ERASED for box in boxes) == pytest.approx(100, abs=26)


def test_an_augmentation_travels_to_worker_processes() -> None:
    augmentation = Augmentation(small(A1))
    random.seed(0), torch.manual_seed(0), np.random.seed(0)
    crop, _ = augmentation(PICTURE)
    copied = pickle.loads(pickle.dumps(augmentation))
    random.seed(0), torch.manual_seed(0), np.random.seed(0)
    assert torch.equal(copied(PICTURE)[0], crop)


def test_a_recipe_without_one_has_no_automatic_augmentation() -> None:
    with pytest.raises(ValueError, match="has no automatic augmentation"):
        automatic_augmentation(V1)
