"""The parameter groups are torchvision's and timm's: each parameter once, with the decay that the recipe gives it."""

from dataclasses import replace

import timm
import torchvision
from timm.optim import param_groups_weight_decay
from torch import nn

from training import get_recipe
from training.learning.parameters import parameter_groups

V1, V2, A1 = (get_recipe(f"resnet50/{variant}") for variant in ("v1", "v2", "a1"))


def test_every_trainable_parameter_is_in_exactly_one_group() -> None:
    network = torchvision.models.resnet18()
    network.conv1.requires_grad_(False)
    trainable = [name for name, parameter in network.named_parameters() if parameter.requires_grad]
    for recipe in (V1, V2, A1):
        names = [name for group in parameter_groups(network, recipe) for name in group.names]
        assert sorted(names) == sorted(trainable)


def test_the_plain_recipe_has_one_group() -> None:
    (group,) = parameter_groups(torchvision.models.resnet18(), V1)
    assert group.weight_decay == 1e-4


def test_norms_do_not_decay_and_the_heads_bias_still_does() -> None:
    # Figures of torchvision's own set_weight_decay: 106 of the 161 tensors of a ResNet-50.
    by_decay = {group.weight_decay: group for group in parameter_groups(torchvision.models.resnet50(), V2)}
    assert set(by_decay) == {0.0, 2e-5}
    assert len(by_decay[0.0].names) == 106
    assert sum(parameter.numel() for parameter in by_decay[0.0].parameters) == 53_120
    assert "fc.bias" in by_decay[2e-5].names


def test_the_a_recipes_groups_are_timms() -> None:
    network = timm.create_model("resnet50")
    theirs = {group["weight_decay"]: set(map(id, group["params"])) for group in param_groups_weight_decay(network)}
    ours = parameter_groups(network, A1)
    assert {group.weight_decay for group in ours} == {0.0, 0.01}
    for group in ours:
        assert set(map(id, group.parameters)) == theirs[0.0 if group.weight_decay == 0 else 1e-5]


def test_norm_layers_of_every_kind_count() -> None:
    norms = [nn.BatchNorm1d(2), nn.SyncBatchNorm(2), nn.GroupNorm(1, 2), nn.LayerNorm(2), nn.RMSNorm(2)]
    network = nn.Sequential(*norms, nn.InstanceNorm2d(2, affine=True))
    (group,) = parameter_groups(network, V2)
    assert group.weight_decay == 0.0


def test_a_bias_has_its_own_decay_where_the_recipe_has_one() -> None:
    recipe = replace(V1, bias_weight_decay=0.5)
    by_decay = {group.weight_decay: group.names for group in parameter_groups(nn.Linear(2, 2), recipe)}
    assert by_decay == {1e-4: ("weight",), 0.5: ("bias",)}


def test_a_shared_parameter_is_trained_once() -> None:
    network = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    network[1].weight = network[0].weight
    (group,) = parameter_groups(network, V1)
    assert group.names == ("0.weight",)
