"""Verification: each check says what it found; heads are found whatever they are called."""

from pathlib import Path

import pytest
from torch import nn

from tests.small_checkpoints import describe_file, record, write_colours
from weights_registry import save
from weights_registry.categories import CategorySet
from weights_registry.inference.architectures import build, register_architecture
from weights_registry.inference.verification import verify
from weights_registry.preprocessing import Preprocessing


def build_convolutional(num_classes: int) -> nn.Module:
    """A network without a fully connected layer: its head is a convolution, as SqueezeNet's is."""
    return nn.Sequential(nn.Conv2d(3, num_classes, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def names(num: int) -> CategorySet:
    return CategorySet("numbers", tuple(map(str, range(num))))


@pytest.mark.parametrize("architecture", ["convolutional", "squeezenet1_1", "resnet18", "timm/tf_efficientnet_lite0"])
def test_the_head_is_found_whatever_it_is(architecture: str, tmp_path: Path) -> None:
    register_architecture("convolutional", build_convolutional)
    model = build(architecture, 3)
    num_params = sum(each.numel() for each in model.parameters())
    fed = Preprocessing(resize_size=32, crop_size=32)
    described = record(architecture=architecture, num_params=num_params, preprocessing=fed, category_set=names(3))
    path = save(model, tmp_path / "model.safetensors", described)
    changes = {"architecture": architecture, "num_params": num_params}
    right = list(verify(describe_file(path, category_set=names(3), **changes)))
    assert [check.name for check in right] == ["digest", "categories", "strict load", "parameters"]
    assert all(check.holds for check in right)
    *_, wrong = verify(describe_file(path, category_set=names(4), **changes))
    assert (wrong.name, wrong.holds) == ("categories", False)
    assert wrong.found == "the head tells 3 apart, the record names 4"


def test_a_prefix_of_a_digest_is_called_one(tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors")
    whole = describe_file(path).sha256
    assert whole is not None
    digest, *_ = verify(describe_file(path, sha256=whole[:8]))
    assert digest.found == f"SHA-256 `{whole}`; its first 8 digits as published"


def test_a_damaged_header_fails_the_format(tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors")
    path.write_bytes(path.read_bytes()[:-1])
    checks = list(verify(describe_file(path, sha256=None)))
    assert [(check.name, check.holds) for check in checks] == [("format", False)]
    assert "promises" in checks[0].found


def test_an_architecture_nobody_knows_fails_the_load(tmp_path: Path) -> None:
    path = write_colours(tmp_path / "colours.safetensors")
    *_, last = verify(describe_file(path, architecture="no-such-net"))
    assert (last.name, last.holds) == ("strict load", False)
    assert "no-such-net" in last.found
