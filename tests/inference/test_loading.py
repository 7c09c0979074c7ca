"""Loading: strict, in eval mode, from the registry, from files that describe themselves, and from bare addresses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from weights_registry import (
    CategorySet,
    Checkpoint,
    DigestMismatch,
    LoadError,
    Preprocessing,
    RecordError,
    UnknownWeights,
    Weights,
    load,
    register,
    save,
    unregister,
)
from weights_registry.families import EfficientNet_Lite0_Weights, EfficientNet_Lite1_Weights, EfficientNet_Lite2_Weights
from weights_registry.inference.architectures import build

LITE0 = EfficientNet_Lite0_Weights.ImageNet1K_V1
PREPROCESSING = Preprocessing(resize_size=64, crop_size=64)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEIGHTS_REGISTRY_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def small() -> nn.Module:
    """A ResNet-18 with 4 outputs and random parameters: small enough to write and read often."""
    torch.manual_seed(0)
    return build("resnet18", 4).eval()


@pytest.fixture
def small_pth(small: nn.Module, tmp_path: Path) -> Path:
    path = tmp_path / "small.pth"
    torch.save(small.state_dict(), path)
    return path


def _record(path: Path, model: nn.Module, **changes: Any) -> Checkpoint:
    record = replace(
        Weights.ImageNet1K_V1.checkpoint,
        id="small",
        architecture="resnet18",
        url=path.as_uri(),
        sha256=None,
        num_bytes=None,
        category_set=CategorySet("small", ("ants", "bees", "cats", "dogs")),
        num_params=sum(parameter.numel() for parameter in model.parameters()),
        preprocessing=PREPROCESSING,
    )
    return replace(record, **changes)


@pytest.mark.parametrize("member", [LITE0, EfficientNet_Lite1_Weights.DEFAULT, EfficientNet_Lite2_Weights.DEFAULT])
def test_real_weights_load_strictly_in_eval_mode(member: Any) -> None:
    model = member.load()
    assert not model.training
    assert sum(parameter.numel() for parameter in model.parameters()) == member.num_params
    assert {each.dtype for each in model.parameters()} == {torch.float32}
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_loaded_network_gives_the_same_logits_as_timms_own_loading() -> None:
    import timm

    reference = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    reference.load_state_dict(LITE0.get_state_dict())
    images_NCHW = torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(LITE0.load()(images_NCHW), reference(images_NCHW))


def test_loading_twice_gives_independent_networks() -> None:
    first, second = LITE0.load(), LITE0.load()
    with torch.no_grad():
        next(first.parameters()).zero_()
    assert next(second.parameters()).abs().sum() > 0
    assert next(LITE0.load().parameters()).abs().sum() > 0


def test_a_loaded_network_can_be_trained() -> None:
    model = LITE0.load().train()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    model(torch.rand(2, 3, 64, 64)).square().sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    moved = [not torch.equal(*pair) for pair in zip(before, model.parameters(), strict=True)]
    assert moved
    assert all(moved)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_precision_is_the_one_asked_for(dtype: torch.dtype) -> None:
    model = LITE0.load(dtype=dtype)
    assert {each.dtype for each in model.state_dict().values() if each.is_floating_point()} == {dtype}


def test_the_device_is_the_one_asked_for() -> None:
    assert {each.device.type for each in LITE0.load(device="meta").parameters()} == {"meta"}


def test_what_is_loaded_brings_what_belongs_to_it() -> None:
    loaded = load("efficientnet_lite0_weights.default")
    assert loaded.checkpoint == LITE0.checkpoint
    assert loaded.categories == LITE0.categories
    assert loaded.metrics == LITE0.metrics
    assert loaded.transforms().preprocessing == LITE0.preprocessing


def test_a_new_head_has_its_size_and_says_that_it_is_untrained(caplog: pytest.LogCaptureFixture) -> None:
    loaded = load(LITE0, num_classes=7)
    assert loaded.model(torch.zeros(1, 3, 64, 64)).shape == (1, 7)
    assert "`classifier`" in caplog.text
    assert "random" in caplog.text
    assert len(loaded.categories) == 7
    assert loaded.metrics == ()
    assert loaded.checkpoint.num_params == sum(parameter.numel() for parameter in loaded.model.parameters())


def test_as_many_classes_as_there_are_keeps_the_trained_head(caplog: pytest.LogCaptureFixture) -> None:
    loaded = load(LITE0, num_classes=1000)
    assert loaded.checkpoint == LITE0.checkpoint
    assert not caplog.text


def test_no_classes_are_refused() -> None:
    with pytest.raises(ValueError, match="num_classes"):
        load(LITE0, num_classes=0)


def test_a_file_that_describes_itself_needs_no_registry(small: nn.Module, tmp_path: Path) -> None:
    path = save(small, tmp_path / "model.safetensors", _record(tmp_path, small))
    for name in (path, str(path)):
        loaded = load(name)
        assert loaded.categories == ("ants", "bees", "cats", "dogs")
        assert loaded.transforms().preprocessing == PREPROCESSING
        assert loaded.metrics == Weights.ImageNet1K_V1.metrics
        images_NCHW = torch.rand(1, 3, 64, 64)
        assert torch.equal(loaded.model(images_NCHW), small(images_NCHW))


def test_a_file_that_is_not_there_is_told_from_an_unknown_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.safetensors"):
        load("nowhere.safetensors")
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere")
    with pytest.raises(UnknownWeights):
        load("nowhere")


def test_a_pth_without_an_architecture_is_refused(small_pth: Path) -> None:
    with pytest.raises(RecordError, match="not a safetensors file"):
        load(small_pth)


def test_a_file_in_no_registry_is_loaded_by_architecture_and_url(small: nn.Module, small_pth: Path) -> None:
    loaded = load("resnet18", url=small_pth.as_uri(), preprocessing=PREPROCESSING, categories=["a", "b", "c", "d"])
    images_NCHW = torch.rand(1, 3, 64, 64)
    assert torch.equal(loaded.model(images_NCHW), small(images_NCHW))
    assert loaded.categories == ("a", "b", "c", "d")
    assert loaded.transforms().preprocessing == PREPROCESSING
    assert loaded.checkpoint.num_params == sum(parameter.numel() for parameter in small.parameters())
    assert loaded.metrics == ()


def test_what_nobody_said_is_numbered_or_warned_of(small_pth: Path, caplog: pytest.LogCaptureFixture) -> None:
    loaded = load("resnet18", url=small_pth.as_uri())
    assert loaded.categories == ("class 0", "class 1", "class 2", "class 3")
    assert "assuming" in caplog.text
    assert "ResNet18_Weights" in caplog.text


def test_nothing_is_assumed_of_an_architecture_that_nobody_registered(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="preprocessing="):
        load("vgg11", url=(tmp_path / "vgg.pth").as_uri())


def test_a_wrong_digest_is_refused_before_anything_is_read(small_pth: Path) -> None:
    with pytest.raises(DigestMismatch):
        load("resnet18", url=small_pth.as_uri(), sha256="0" * 64, preprocessing=PREPROCESSING)


@pytest.mark.parametrize("categories", [["a", "b"], "imagenet_1k"])
def test_categories_must_be_as_many_as_the_head_tells_apart(small_pth: Path, categories: Any) -> None:
    with pytest.raises(ValueError, match="tells 4 apart"):
        load("resnet18", url=small_pth.as_uri(), preprocessing=PREPROCESSING, categories=categories)


def test_the_file_of_another_architecture_is_refused_with_the_keys(small_pth: Path, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="missing"):
        load("resnet34", url=small_pth.as_uri(), preprocessing=PREPROCESSING)
    with pytest.raises(LoadError, match=r"`classifier\.weight`"):
        load("timm/tf_efficientnet_lite0", url=small_pth.as_uri(), preprocessing=PREPROCESSING)


@pytest.mark.parametrize("spoil", ["missing", "unexpected", "of another shape"])
def test_a_spoilt_file_is_refused_by_the_name_of_the_parameter(small: nn.Module, tmp_path: Path, spoil: str) -> None:
    tensors = dict(small.state_dict())
    if spoil == "unexpected":
        tensors["layer9.weight"] = torch.zeros(1)
    elif spoil == "missing":
        del tensors["layer1.0.conv1.weight"]
    else:
        tensors["layer1.0.conv1.weight"] = torch.zeros(1)
    path = tmp_path / "spoilt.pth"
    torch.save(tensors, path)
    with pytest.raises(LoadError, match=rf"1 {spoil} \(.*layer[19]"):
        load("resnet18", url=path.as_uri(), preprocessing=PREPROCESSING)


def test_half_precision_files_load_as_float32(small: nn.Module, tmp_path: Path) -> None:
    """torchvision's Wide ResNet V1 files seem to be stored so: half the bytes that float32 would take."""
    path = tmp_path / "half.pth"
    torch.save(
        {key: each.half() if each.is_floating_point() else each for key, each in small.state_dict().items()}, path
    )
    loaded = load("resnet18", url=path.as_uri(), preprocessing=PREPROCESSING)
    assert {each.dtype for each in loaded.model.parameters()} == {torch.float32}


def test_arguments_of_a_bare_address_are_refused_for_registered_weights() -> None:
    with pytest.raises(ValueError, match="belong to `url`"):
        load(LITE0, preprocessing=PREPROCESSING)


def test_architectures_with_computed_buffers_load_too(tmp_path: Path) -> None:
    """Swin keeps index tables that no file holds; they must be computed, not left empty."""
    model = build("swin_t", 4).eval()
    record = _record(tmp_path, model, architecture="swin_t")
    loaded = load(save(model, tmp_path / "swin.safetensors", record))
    images_NCHW = torch.rand(1, 3, 64, 64)
    assert torch.equal(loaded.model(images_NCHW), model(images_NCHW))


def test_a_registered_checkpoint_of_ones_own_loads_by_name(small: nn.Module, small_pth: Path) -> None:
    own = _record(small_pth, small)
    register(own)
    try:
        assert load("SMALL").categories == own.categories
        assert own.load()(torch.zeros(1, 3, 64, 64)).shape == (1, 4)
    finally:
        unregister(own)
