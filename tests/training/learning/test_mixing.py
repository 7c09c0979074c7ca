"""Mixing keeps its laws on any batch, and is torchvision's, given the same share and box."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import CrossEntropyLoss
from torch.nn.functional import cross_entropy, one_hot
from torchvision.transforms import v2

from training.learning.mixing import Box, cutmix, draw_box, mix, mixup, smooth_targets

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 40)


def some_batch(num_pictures: int, height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures with no two pixels alike, so that each tells where it comes from, and one-hot targets."""
    images = torch.arange(num_pictures * height * width, dtype=torch.float32).reshape(num_pictures, 1, height, width)
    return images, one_hot(torch.arange(num_pictures) % 7, 7).float()


@given(smoothing=st.floats(0.0, 1.0), num_classes=st.integers(1, 50), seed=seeds)
def test_smoothed_targets_sum_to_one_and_leave_the_label_on_top(smoothing: float, num_classes: int, seed: int) -> None:
    labels = torch.from_numpy(np.random.default_rng(seed).integers(num_classes, size=5))
    targets = smooth_targets(labels, num_classes=num_classes, smoothing=smoothing)
    assert targets.sum(1).numpy() == pytest.approx(np.ones(5), abs=1e-5)
    assert (targets.gather(1, labels[:, None]) == targets.max(1, keepdim=True).values).all()


def test_cross_entropy_with_smoothed_targets_is_torchs_label_smoothing() -> None:
    logits, labels = torch.randn(6, 9), torch.arange(6)
    ours = cross_entropy(logits, smooth_targets(labels, num_classes=9, smoothing=0.1))
    assert float(ours) == pytest.approx(float(CrossEntropyLoss(label_smoothing=0.1)(logits, labels)))


@given(num_pictures=st.integers(1, 6), height=sizes, width=sizes, seed=seeds, alpha=st.floats(0.05, 5.0))
def test_whatever_is_drawn_targets_sum_to_one(
    num_pictures: int, height: int, width: int, seed: int, alpha: float
) -> None:
    images, targets = some_batch(num_pictures, height, width)
    generator = np.random.default_rng(seed)
    mixed, soft = mix(images, targets, mixup_alpha=alpha, cutmix_alpha=alpha, generator=generator)
    assert mixed.shape == images.shape
    assert soft.sum(1).numpy() == pytest.approx(np.ones(num_pictures), abs=1e-5)
    assert (soft >= 0).all()


@given(height=sizes, width=sizes, seed=seeds, share=st.floats(0.0, 1.0))
def test_every_pixel_of_cutmix_is_one_of_two_and_their_share_is_the_targets(
    height: int, width: int, seed: int, share: float
) -> None:
    images, targets = some_batch(3, height, width)
    box = draw_box(share, height=height, width=width, generator=np.random.default_rng(seed))
    mixed, soft = cutmix(images, targets, box=box)
    own, partners = mixed == images, mixed == images.roll(1, 0)
    assert (own ^ partners).all()
    for index in range(3):
        assert float(soft[index, index]) == pytest.approx(float(own[index].float().mean()), abs=1e-6)
        assert float(soft[index, (index - 1) % 3]) == pytest.approx(float(partners[index].float().mean()), abs=1e-6)


@given(share=st.floats(0.0, 1.0))
def test_every_pixel_of_mixup_lies_between_the_two_by_the_share_of_the_target(share: float) -> None:
    images, targets = some_batch(3, 2, 2)
    mixed, soft = mixup(images, targets, share=share)
    assert torch.allclose(mixed, share * images + (1 - share) * images.roll(1, 0), atol=1e-5)
    assert torch.allclose(soft, share * targets + (1 - share) * targets.roll(1, 0), atol=1e-6)


def test_given_the_same_share_and_box_it_is_torchvisions() -> None:
    images, labels = torch.rand(4, 3, 8, 10), torch.arange(4)
    targets = one_hot(labels, 7).float()
    for theirs in (v2.MixUp(alpha=0.2, num_classes=7), v2.CutMix(alpha=1.0, num_classes=7)):
        params = {"labels": labels, "batch_size": 4, **theirs.make_params([images])}
        expected = theirs.transform(images, params), theirs.transform(labels, params)
        if isinstance(theirs, v2.MixUp):
            ours = mixup(images, targets, share=params["lam"])
        else:
            left, top, right, bottom = params["box"]
            ours = cutmix(images, targets, box=Box(top, left, bottom, right))
        for mine, one in zip(ours, expected, strict=True):
            assert torch.allclose(mine, one, atol=1e-6)


def own_shares(*, mixup_alpha: float, cutmix_alpha: float, num_draws: int = 2000) -> tuple[list[float], list[float]]:
    """What each batch keeps of itself, over many draws: those that were blended, and those that were cut."""
    images, targets = some_batch(2, 32, 32)
    generator = np.random.default_rng(0)
    blended: list[float] = []
    cut: list[float] = []
    for _ in range(num_draws):
        mixed, soft = mix(images, targets, mixup_alpha=mixup_alpha, cutmix_alpha=cutmix_alpha, generator=generator)
        was_cut = bool(((mixed == images) | (mixed == images.roll(1, 0))).all())
        (cut if was_cut else blended).append(float(soft[0, 0]))
    return blended, cut


def test_one_or_the_other_is_drawn_evenly_and_each_with_its_own_alpha() -> None:
    blended, cut = own_shares(mixup_alpha=0.2, cutmix_alpha=1.0)
    assert len(blended) == pytest.approx(1000, abs=110)
    # Beta(0.2, 0.2) has its weight at the ends, Beta(1, 1) is even: variances 1 / (4 (2 alpha + 1)).
    assert np.var(blended) == pytest.approx(1 / (4 * 1.4), rel=0.1)
    # The edge cuts boxes off, so a picture keeps more of itself than was drawn; but far from all or nothing.
    assert np.var(cut) < 1 / (4 * 3)
    assert np.mean(cut) > 0.5


def test_with_one_alpha_at_zero_every_batch_takes_the_other() -> None:
    assert own_shares(mixup_alpha=1.0, cutmix_alpha=0.0, num_draws=50)[1] == []
    assert own_shares(mixup_alpha=0.0, cutmix_alpha=1.0, num_draws=50)[0] == []


def test_without_an_alpha_the_very_batch_comes_back() -> None:
    images, targets = some_batch(2, 3, 3)
    mixed, soft = mix(images, targets, mixup_alpha=0.0, cutmix_alpha=0.0, generator=np.random.default_rng(0))
    assert mixed is images
    assert soft is targets


@given(seed=seeds)
def test_the_same_generator_mixes_alike_and_leaves_what_it_was_given(seed: int) -> None:
    images, targets = some_batch(3, 5, 5)
    before = images.clone(), targets.clone()
    first, second = (
        mix(images, targets, mixup_alpha=0.2, cutmix_alpha=1.0, generator=np.random.default_rng(seed)) for _ in range(2)
    )
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert torch.equal(images, before[0])
    assert torch.equal(targets, before[1])
