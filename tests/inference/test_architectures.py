"""Architecture names -> networks, and their heads."""

import pytest
import torch
from torch import nn
from torchvision import models

from weights_registry import LoadError, UnknownWeights
from weights_registry.inference import architectures
from weights_registry.inference.architectures import (
    build,
    build_without_parameters,
    find_head,
    register_architecture,
    replace_head,
)


def test_a_bare_name_is_torchvisions() -> None:
    assert type(build_without_parameters("resnet18", 10)) is models.ResNet


def test_a_name_behind_timm_is_timms() -> None:
    model = build_without_parameters("timm/resnet18", 10)
    assert type(model).__module__.startswith("timm.")


def test_without_parameters_nothing_is_allocated() -> None:
    assert all(each.is_meta for each in build_without_parameters("wide_resnet101_2", 1000).parameters())


@pytest.mark.parametrize("name", ["resnet51", "timm/resnet51", "no such net", ""])
def test_an_unknown_name_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(UnknownWeights):
        build(name, 10)


def test_a_typo_is_answered_with_the_closest_name() -> None:
    with pytest.raises(UnknownWeights, match="`resnet50`"):
        build("resnet5O", 10)
    with pytest.raises(UnknownWeights, match="`timm/resnet50`"):
        build("timm/resnet5O", 10)


# RegNets are built for real, and this one is 2.6 GB of random numbers with its siblings' head.
CLASSIFIERS = [name for name in models.list_models(module=models) if name != "regnet_y_128gf"]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_head_of_every_torchvision_classifier_is_found(name: str) -> None:
    if name.startswith("squeezenet"):
        with pytest.raises(LoadError, match="fully connected"):
            find_head(build_without_parameters(name, 7))
        return
    model = build_without_parameters(name, 7)
    assert model.get_parameter(f"{find_head(model)}.weight").shape[0] == 7


@pytest.mark.parametrize("name", ["resnet18", "timm/tf_efficientnet_lite0", "vgg11", "vit_b_16"])
def test_a_replaced_head_has_the_new_size_and_the_rest_is_untouched(name: str) -> None:
    model = build(name, 1000).eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    head = replace_head(model, 3)
    assert model(torch.zeros(1, 3, 224, 224)).shape == (1, 3)
    for key, value in model.state_dict().items():
        if not key.startswith(head):
            assert torch.equal(value, before[key])


def test_ones_own_architecture_is_built_once_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(architectures, "_own_builders", {})

    def tiny(num_classes: int) -> nn.Module:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, num_classes))

    register_architecture("tiny", tiny)
    register_architecture("tiny", tiny)
    assert build("tiny", 5)(torch.zeros(2, 3, 8, 8)).shape == (2, 5)
    with pytest.raises(ValueError, match="already registered"):
        register_architecture("tiny", lambda num_classes: nn.Linear(1, num_classes))
