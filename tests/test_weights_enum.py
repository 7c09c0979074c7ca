"""The enum members: singletons that answer for their checkpoint, complete for editors and type checkers."""

import copy
import inspect
import pickle
from enum import Enum
from types import new_class
from typing import assert_type, get_type_hints

import pytest

from weights_registry import Checkpoint, ImageTransforms, Metrics, Preprocessing, Weights, WeightsEnum
from weights_registry.families import BUNDLED, EfficientNet_Lite0_Weights, ResNet50_Weights

NOT_FORWARDED = {"category_set", "num_bytes_tolerance", "weights_licence_source", "key_map"}


def test_weights_is_the_flagship_family() -> None:
    assert Weights is ResNet50_Weights
    assert Weights.__members__["DEFAULT"] is Weights.ImageNet1K_V2


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_gives_back_the_identical_member(protocol: int) -> None:
    for family in BUNDLED:
        for member in family:
            assert pickle.loads(pickle.dumps(member, protocol)) is member


def test_copies_are_the_identical_member() -> None:
    member = Weights.ImageNet1K_V2
    assert copy.copy(member) is member
    assert copy.deepcopy({"weights": [member]})["weights"][0] is member


def test_a_record_survives_pickle_and_copies_as_an_equal() -> None:
    checkpoint = Weights.ImageNet1K_V2.checkpoint
    assert pickle.loads(pickle.dumps(checkpoint)) == copy.deepcopy(checkpoint) == checkpoint


def test_members_can_be_keys() -> None:
    assert {member: member.id for family in BUNDLED for member in family}[Weights.DEFAULT] == Weights.DEFAULT.id


def test_everything_public_about_a_checkpoint_can_be_asked_of_the_member() -> None:
    public = {name for name, _ in inspect.getmembers(Checkpoint) if not name.startswith("_")} - NOT_FORWARDED
    for name in public - {"transforms", "load", "get_state_dict", "metrics_on"}:
        assert getattr(Weights.ImageNet1K_V2, name) == getattr(Weights.ImageNet1K_V2.checkpoint, name), name


def test_a_member_and_a_checkpoint_are_asked_alike() -> None:
    member, checkpoint = Weights.ImageNet1K_V2, Weights.ImageNet1K_V2.checkpoint
    assert checkpoint.checkpoint is checkpoint
    assert member.metrics_on("imagenet-v2") is checkpoint.metrics_on("ImageNet-V2") is not None
    assert member.metrics_on("no such set") is None


def test_every_forwarded_property_has_the_type_and_a_docstring() -> None:
    for name, attribute in vars(WeightsEnum).items():
        if isinstance(attribute, property) and attribute.fget is not None:
            assert attribute.__doc__, name
            assert "return" in inspect.get_annotations(attribute.fget), name


def test_a_type_checker_knows_what_a_member_gives() -> None:
    """mypy strict reads this file in `make test`: a wrong type below fails there."""
    member = Weights.ImageNet1K_V2
    assert_type(member.checkpoint, Checkpoint)
    assert_type(member.categories, tuple[str, ...])
    assert_type(member.metrics, tuple[Metrics, ...])
    assert_type(member.preprocessing, Preprocessing)
    assert_type(member.num_params, int)
    assert_type(member.recipe, str | None)
    assert_type(member.transforms(resize_size=256), ImageTransforms)


def test_the_promised_call_works() -> None:
    transforms = Weights.ImageNet1K_V2.transforms()
    assert (transforms.preprocessing.resize_size, transforms.preprocessing.crop_size) == (232, 224)
    assert "232" in repr(transforms)
    assert Weights.ImageNet1K_V2.transforms(resize_size=256).preprocessing.resize_size == 256


def test_a_family_with_members_cannot_be_extended() -> None:
    with pytest.raises(TypeError, match="extend"):
        new_class("More_Weights", (ResNet50_Weights,))


def test_a_wrong_override_is_refused() -> None:
    with pytest.raises(TypeError, match="resize"):
        Weights.ImageNet1K_V2.transforms(resize=256)  # type: ignore[call-arg]


def test_the_base_is_open_to_other_packages() -> None:
    assert issubclass(WeightsEnum, Enum)
    assert not len(WeightsEnum)
    assert get_type_hints(WeightsEnum)["value"] is Checkpoint
    assert EfficientNet_Lite0_Weights.DEFAULT.sha256 is not None
