"""Each optimiser is the one the recipe names, steps as its reference does, and clips once."""

from dataclasses import replace

import pytest
import torch
from timm.optim import Lamb, create_optimizer_v2
from torch import nn

from training import Recipe, get_recipe
from training.learning.optimizers import build_optimizer, clip_gradients, clips_before_step, set_learning_rate

V1, V2, A1 = (get_recipe(f"resnet50/{variant}") for variant in ("v1", "v2", "a1"))


def some_network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def trained(network: nn.Module, optimizer: torch.optim.Optimizer, recipe: Recipe | None = None) -> list[torch.Tensor]:
    """The parameters after three steps on gradients far above 1; clipped as the loop would, if a recipe is given."""
    torch.manual_seed(1)
    for _ in range(3):
        optimizer.zero_grad()
        (network(torch.randn(8, 3)).square().sum() * 100).backward()
        if recipe is not None:
            clip_gradients(recipe, network.parameters())
        optimizer.step()
    return list(network.parameters())


def test_sgd_steps_as_torchs_with_torchvisions_arguments() -> None:
    ours, theirs = some_network(), some_network()
    found = trained(ours, build_optimizer(V1, ours), V1)
    reference = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    for mine, one in zip(found, trained(theirs, reference), strict=True):
        assert torch.equal(mine, one)


def test_lamb_is_timms_as_timm_builds_it() -> None:
    ours, theirs = some_network(), some_network()
    built = build_optimizer(A1, ours)
    assert isinstance(built, Lamb)
    reference = create_optimizer_v2(theirs, opt="lamb", lr=A1.lr, weight_decay=A1.weight_decay)
    # The global norm is a sum over the groups, so its last bit depends on their order; timm's other group comes first.
    reference.param_groups.reverse()
    assert [group["weight_decay"] for group in built.param_groups] == [
        group["weight_decay"] for group in reference.param_groups
    ]
    for mine, one in zip(trained(ours, built, A1), trained(theirs, reference), strict=True):
        assert torch.equal(mine, one)


def test_lamb_clips_at_the_recipes_norm_and_the_loop_does_not_clip_again() -> None:
    assert build_optimizer(A1, some_network()).defaults["max_grad_norm"] == 1.0
    unclipped = replace(A1, grad_clip_norm=None)
    assert build_optimizer(unclipped, some_network()).defaults["max_grad_norm"] is None
    network = some_network()
    network(torch.randn(8, 3)).sum().backward()
    before = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
    clip_gradients(A1, network.parameters())
    after = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_sgd_is_clipped_to_the_recipes_norm() -> None:
    recipe, network = replace(V1, grad_clip_norm=0.25), some_network()
    assert clips_before_step(recipe)
    assert not clips_before_step(V1)
    (network(torch.randn(8, 3)).square().sum() * 100).backward()
    clip_gradients(recipe, network.parameters())
    grads = torch.cat([parameter.grad.flatten() for parameter in network.parameters() if parameter.grad is not None])
    assert float(grads.norm()) == pytest.approx(0.25, rel=1e-4)


def test_every_group_gets_the_rate() -> None:
    optimizer = build_optimizer(V2, some_network())
    assert len(optimizer.param_groups) == 2
    set_learning_rate(optimizer, 0.125)
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]
