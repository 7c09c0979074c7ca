"""The losses are torch's and timm's, on soft targets and in float32."""

from dataclasses import replace

import pytest
import torch
from timm.loss import BinaryCrossEntropy

from training import Recipe, get_recipe
from training.learning.losses import build_loss
from training.learning.mixing import mixup, smooth_targets

V2, A1, A2 = (get_recipe(f"resnet50/{variant}") for variant in ("v2", "a1", "a2"))


def test_cross_entropy_of_hard_targets_is_torchs() -> None:
    logits, labels = torch.randn(4, 7), torch.tensor([0, 3, 6, 2])
    ours = build_loss(V2)(logits, smooth_targets(labels, num_classes=7))
    assert float(ours) == pytest.approx(float(torch.nn.functional.cross_entropy(logits, labels)))


@pytest.mark.parametrize("recipe", [A1, A2], ids=lambda recipe: recipe.id)
def test_binary_cross_entropy_is_timms_with_the_recipes_smoothing_and_threshold(recipe: Recipe) -> None:
    logits, labels = torch.randn(4, 7), torch.tensor([0, 3, 6, 2])
    theirs = BinaryCrossEntropy(smoothing=recipe.label_smoothing, target_threshold=recipe.bce_target_threshold)
    ours = build_loss(recipe)(logits, smooth_targets(labels, num_classes=7, smoothing=recipe.label_smoothing))
    assert float(ours) == pytest.approx(float(theirs(logits, labels)))


def test_the_threshold_makes_both_labels_of_a_mixed_picture_true_or_drops_the_smaller() -> None:
    logits = torch.randn(2, 7)
    targets = smooth_targets(torch.tensor([0, 3]), num_classes=7)
    both = torch.zeros(2, 7)
    both[:, [0, 3]] = 1
    hard = torch.nn.functional.binary_cross_entropy_with_logits
    # At 0.8 rounding would decide whether the smaller share is above 0.2.
    for share, expected in ((0.7, both), (0.9, targets)):
        _, mixed = mixup(torch.zeros(2, 1, 1, 1), targets, share=share)
        assert float(build_loss(A2)(logits, mixed)) == pytest.approx(float(hard(logits, expected)))


def test_without_a_threshold_soft_targets_stay_soft() -> None:
    logits, targets = torch.randn(2, 5), torch.full((2, 5), 0.2)
    hard = torch.nn.functional.binary_cross_entropy_with_logits
    assert float(build_loss(A1)(logits, targets)) == pytest.approx(float(hard(logits, targets)))


@pytest.mark.parametrize("recipe", [V2, replace(A2, amp="bfloat16")], ids=lambda recipe: recipe.id)
def test_logits_in_sixteen_bits_give_a_loss_in_thirty_two(recipe: Recipe) -> None:
    loss = build_loss(recipe)(torch.randn(3, 5, dtype=torch.bfloat16), smooth_targets(torch.arange(3), num_classes=5))
    assert loss.dtype == torch.float32
    assert loss.shape == ()
