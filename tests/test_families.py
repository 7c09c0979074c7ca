"""The bundled families against the packages they speak of: torchvision's enums and timm's catalogue."""

from typing import Any

import pytest

from weights_registry import WeightsEnum, list_weights
from weights_registry.families import BUNDLED, ResNet50_Weights, ResNet101_Weights, ResNet152_Weights
from weights_registry.families.resnext import ResNeXt50_32X4D_Weights

MEMBERS = [member for family in BUNDLED for member in family]
FROM_TORCHVISION = [member for member in MEMBERS if member.url.startswith("https://download.pytorch.org")]
FROM_PACKAGES = [member for member in MEMBERS if member.url.startswith("package://efficientnet")]
OURS = [member for member in MEMBERS if member.url.startswith("package://weights-registry/")]
OF_OTHERS = [member for member in MEMBERS if member not in OURS]


def _torchvision_family(member: WeightsEnum) -> Any:
    from torchvision import models

    return getattr(models, type(member).__name__)


def test_every_member_is_called_as_its_record_says() -> None:
    for member in MEMBERS:
        assert member.id == f"{type(member).__name__}.{member.name}" == str(member) == repr(member)


def test_every_family_has_a_default_that_is_one_of_its_members_and_is_not_listed_twice() -> None:
    for family in BUNDLED:
        default = family.__members__["DEFAULT"]
        assert default in list(family)
        assert default.name != "DEFAULT"
    assert len({weights.checkpoint.id for weights in list_weights()}) == len(list_weights())


def test_every_published_member_of_torchvisions_families_is_here() -> None:
    for family in {type(member) for member in FROM_TORCHVISION}:
        theirs = _torchvision_family(next(iter(family)))
        assert [member.name.upper() for member in family] == [member.name for member in theirs]
        assert family.__members__["DEFAULT"].name.upper() == theirs.DEFAULT.name


@pytest.mark.parametrize("member", FROM_TORCHVISION, ids=str)
def test_every_fact_is_the_one_torchvision_publishes(member: WeightsEnum) -> None:
    theirs = _torchvision_family(member)[member.name.upper()]
    preset = theirs.transforms()
    assert member.url == theirs.url
    assert member.sha256 is not None
    assert f"-{member.sha256}." in theirs.url
    assert member.num_params == theirs.meta["num_params"]
    assert member.gmacs == theirs.meta["_ops"]
    assert member.min_size == tuple(theirs.meta["min_size"])
    assert member.num_bytes is not None
    assert abs(member.num_bytes / 2**20 - theirs.meta["_file_size"]) < 0.0005
    assert member.headline is not None
    assert {"acc@1": member.headline.acc1, "acc@5": member.headline.acc5} == theirs.meta["_metrics"]["ImageNet-1K"]
    assert member.preprocessing.resize_size == preset.resize_size[0]
    assert member.preprocessing.crop_size == preset.crop_size[0]
    assert member.preprocessing.interpolation == preset.interpolation.value
    assert (list(member.preprocessing.mean), list(member.preprocessing.std)) == (preset.mean, preset.std)
    assert list(member.categories) == theirs.meta["categories"]


@pytest.mark.parametrize("member", FROM_TORCHVISION, ids=str)
def test_the_licence_is_the_one_timm_lists_for_the_same_file(member: WeightsEnum) -> None:
    from timm.models import get_pretrained_cfg

    tag = "tv2_in1k" if member.name.endswith("V2") else "tv_in1k"
    config = get_pretrained_cfg(f"{member.architecture}.{tag}")
    assert config is not None
    assert config.url == member.url
    assert config.license == member.checkpoint.weights_licence.lower()


@pytest.mark.parametrize("member", FROM_PACKAGES, ids=str)
def test_efficientnet_lite_is_fed_as_timm_feeds_it(member: WeightsEnum) -> None:
    from timm.models import get_pretrained_cfg

    config = get_pretrained_cfg(f"{member.architecture.removeprefix('timm/')}.in1k")
    assert config is not None
    size = config.input_size[-1]
    assert member.preprocessing.crop_size == size
    assert member.preprocessing.resize_size == int(size / config.crop_pct)
    assert member.preprocessing.interpolation == config.interpolation
    assert (member.preprocessing.mean, member.preprocessing.std) == (config.mean, config.std)
    assert member.checkpoint.weights_licence.lower() == config.license


def test_the_articles_figures_and_the_shipped_files_are_told_apart() -> None:
    expected = {
        ResNet50_Weights.ImageNet1K_V2: (80.674, 80.858),
        ResNet101_Weights.ImageNet1K_V2: (81.728, 81.886),
        ResNet152_Weights.ImageNet1K_V2: (82.042, 82.284),
        ResNeXt50_32X4D_Weights.ImageNet1K_V2: (81.116, 81.198),
    }
    for member, (first_published, shipped) in expected.items():
        earlier = [metrics.acc1 for metrics in member.metrics if metrics.of == "earlier-run"]
        assert earlier == [first_published]
        assert member.headline is not None
        assert (member.headline.acc1, member.headline.of) == (shipped, "this-file")


def test_every_figure_says_who_measured_it_and_where_it_stands() -> None:
    assert len(OF_OTHERS) + len(OURS) == len(MEMBERS)
    for member in OF_OTHERS:
        for metrics in member.metrics:
            assert metrics.measured_by in ("torchvision", "timm")
            assert metrics.source.startswith("https://")
            assert metrics.kind == "published"
            if metrics.of != "this-file":
                assert metrics.note


def test_an_accuracy_is_a_whole_number_of_pictures() -> None:
    """A figure of another set than its record says would not divide so: n is held against the published percents."""
    for member in MEMBERS:
        for metrics in member.metrics:
            assert metrics.num_images is not None
            hits = metrics.acc1 / 100 * metrics.num_images
            last_digit = 0.001 / 100 * metrics.num_images  # half of it is rounding; some of timm's were rounded twice
            assert abs(hits - round(hits)) <= 0.6 * last_digit, f"{member} on {metrics.dataset}"


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_the_architecture_has_the_parameters_and_categories_of_the_record(member: WeightsEnum) -> None:
    from weights_registry.inference.architectures import build_without_parameters, find_head

    model = build_without_parameters(member.architecture, len(member.categories))
    assert sum(parameter.numel() for parameter in model.parameters()) == member.num_params
    assert len(model.get_parameter(f"{find_head(model)}.weight")) == len(member.categories)


@pytest.mark.parametrize("architecture", sorted({member.architecture for member in MEMBERS}))
def test_gmacs_are_what_torch_counts(architecture: str) -> None:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from weights_registry.inference.architectures import build_without_parameters

    member = next(member for member in MEMBERS if member.architecture == architecture)
    size = member.preprocessing.crop_size
    model = build_without_parameters(architecture, len(member.categories)).eval()
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        model(torch.zeros(1, member.preprocessing.num_channels, size, size))
    assert counter.get_total_flops() / 2e9 == pytest.approx(member.gmacs, abs=0.0006)
