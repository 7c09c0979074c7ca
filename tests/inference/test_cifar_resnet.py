"""The small residual networks: as published in shape and size, found by name, and loaded where only the registry is."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from weights_registry import CategorySet, Checkpoint, Preprocessing, UnknownWeights, save
from weights_registry.inference.architectures import build, build_without_parameters, find_head
from weights_registry.inference.cifar_resnet import CifarResNet, build_named, num_blocks, parse


def num_params(name: str) -> int:
    return sum(parameter.numel() for parameter in build_without_parameters(name, 10).parameters())


@pytest.mark.parametrize(
    ("name", "published"), [("resnet20", 0.27), ("resnet32", 0.46), ("resnet44", 0.66), ("resnet56", 0.85)]
)
def test_they_have_as_many_parameters_as_published(name: str, published: float) -> None:
    # Table 6 of https://arxiv.org/abs/1512.03385, in millions; the projections add a few thousand.
    assert num_params(f"registry/{name}") / 1e6 == pytest.approx(published, abs=0.01)


def test_depth_counts_the_layers() -> None:
    network = build("registry/resnet20", 10)
    layers = [m for name, m in network.named_modules() if isinstance(m, torch.nn.Conv2d) and "downsample" not in name]
    assert len(layers) + 1 == 20
    assert find_head(network) == "fc"


def test_width_and_grey_are_in_the_name() -> None:
    assert parse("registry/resnet20") == (20, 16, 3)
    assert parse("registry/resnet14-w32-grey") == (14, 32, 1)
    network = build("registry/resnet8-w4-grey", 10)
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert num_params("registry/resnet20-w32") == pytest.approx(4 * num_params("registry/resnet20"), rel=0.01)


def test_it_takes_pictures_of_any_size() -> None:
    network = build("registry/resnet8-w4", 3).eval()
    assert {network(torch.zeros(1, 3, side, side)).shape for side in (8, 28, 32, 33)} == {(1, 3)}


@pytest.mark.parametrize("name", ["registry/resnet21", "registry/resnet2", "registry/vgg16", "registry/resnet20-w0"])
def test_another_name_is_unknown(name: str) -> None:
    with pytest.raises(UnknownWeights, match="are called like `registry/resnet20`"):
        build(name, 10)


def test_skipped_blocks_are_their_shortcuts_and_nothing_is_skipped_at_evaluation() -> None:
    torch.manual_seed(0)
    network = build_named("registry/resnet8-w4", 5, (0.0, 0.0, 1.0))
    block = network.get_submodule("layer3.0")
    features = torch.randn(6, 8, 8, 8)
    shortcut = torch.relu(block.get_submodule("downsample")(features))
    assert torch.equal(block(features), shortcut)
    assert not torch.equal(block.eval()(features), shortcut)


def test_what_is_kept_is_scaled_so_that_the_mean_stays() -> None:
    torch.manual_seed(0)
    block = build_named("registry/resnet8-w4", 5, (0.3, 0.0, 0.0)).get_submodule("layer1.0")
    features = torch.ones(4000, 4, 1, 1)
    norm = block.get_submodule("bn2")
    assert isinstance(norm, torch.nn.BatchNorm2d)
    torch.nn.init.zeros_(norm.weight)  # the residual is 1 everywhere
    torch.nn.init.ones_(norm.bias)
    outputs = block(features)[:, 0, 0, 0].detach()
    assert outputs.unique().tolist() == pytest.approx([1.0, 1 + 1 / 0.7])
    assert float(outputs.mean()) == pytest.approx(2.0, abs=0.05)


def test_a_shape_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match=r"6 n \+ 2 layers"):
        CifarResNet(depth=19, width=4, num_channels=1, num_classes=2)
    with pytest.raises(ValueError, match="9 blocks, not 2"):
        build_named("registry/resnet20", 2, (0.1, 0.2))
    assert num_blocks("registry/resnet20") == 9


def test_a_file_of_one_loads_where_only_the_registry_was_imported(tmp_path: Path) -> None:
    name = "registry/resnet8-w4-grey"
    network = build(name, 3)
    checkpoint = Checkpoint(
        id="Tiny",
        description="A network for tests.",
        architecture=name,
        url="file:///model.safetensors",
        sha256=None,
        num_bytes=None,
        category_set=CategorySet("three", ("a", "b", "c")),
        preprocessing=Preprocessing(resize_size=28, crop_size=28, mean=(0.5,), std=(0.5,)),
        metrics=(),
        recipe=None,
        num_params=sum(parameter.numel() for parameter in network.parameters()),
        gmacs=None,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
    )
    path = save(network, tmp_path / "model.safetensors", checkpoint)
    code = (
        "import sys, weights_registry\n"
        "found = weights_registry.load(sys.argv[1])\n"
        "assert not any(name.split('.')[0] == 'training' for name in sys.modules)\n"
        "print(type(found.model).__name__, *found.categories)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split() == ["CifarResNet", "a", "b", "c"], done.stderr
