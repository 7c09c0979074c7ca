"""One's own families and checkpoints, registered here or announced by an installed package."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import pytest

from weights_registry import (
    Checkpoint,
    RegistrationError,
    Weights,
    WeightsEnum,
    get_weights,
    list_weights,
    register,
    unregister,
)

OWN = replace(
    Weights.ImageNet1K_V1.checkpoint, id="pets", architecture="own", recipe=None, url="file:///pets.safetensors"
)


@final
class Pets_Weights(WeightsEnum):  # noqa: N801 - the field spells its families so
    Cats_V1 = replace(OWN, id="Pets_Weights.Cats_V1")
    DEFAULT = Cats_V1


def _family(name: str, **members: Checkpoint) -> type[WeightsEnum]:
    make: Any = WeightsEnum  # Enum's functional form, which type checkers know only of literal calls
    family: type[WeightsEnum] = make(name, members)
    return family


@pytest.fixture(autouse=True)
def clean_registry() -> Iterator[None]:
    yield
    unregister(Pets_Weights)
    unregister(OWN)


def test_a_registered_checkpoint_is_found_and_listed() -> None:
    register(OWN)
    assert get_weights("PETS") is OWN
    assert list_weights("pets") == [OWN]


def test_a_registered_family_is_found_and_listed() -> None:
    register(Pets_Weights)
    assert get_weights("pets_weights.default") is Pets_Weights.Cats_V1
    assert get_weights("own") is Pets_Weights.Cats_V1
    assert list_weights("own") == [Pets_Weights.Cats_V1]


@pytest.mark.parametrize("own", [OWN, Pets_Weights])
def test_registering_twice_changes_nothing_and_unregistering_undoes_it(own: Any) -> None:
    before = list_weights()
    register(own)
    register(own)
    assert len(list_weights()) == len(before) + 1
    unregister(own)
    unregister(own)
    assert list_weights() == before


def test_a_taken_name_is_refused_in_any_letter_case() -> None:
    with pytest.raises(RegistrationError, match="taken"):
        register(replace(OWN, id="RESNET50_WEIGHTS.IMAGENET1K_V2"))
    register(OWN)
    with pytest.raises(RegistrationError, match="taken"):
        register(replace(OWN, id="Pets", description="another"))


def test_a_taken_family_name_is_refused() -> None:
    register(Pets_Weights)
    twin = _family("PETS_weights", Cats_V1=replace(OWN, id="PETS_weights.Cats_V1"))
    with pytest.raises(RegistrationError, match="taken"):
        register(twin)


def test_a_member_must_be_called_as_its_record_says() -> None:
    wrong = _family("Wrong_Weights", V1=OWN)
    with pytest.raises(RegistrationError, match=r"must be `Wrong_Weights\.V1`"):
        register(wrong)


@pytest.mark.parametrize("wrong", [WeightsEnum, int, "ResNet50_Weights", None])
def test_what_is_neither_family_nor_checkpoint_is_refused(wrong: Any) -> None:
    with pytest.raises(RegistrationError):
        register(wrong)


def test_threads_register_at_once_without_losing_any() -> None:
    own = [replace(OWN, id=f"pets-{index}") for index in range(32)]
    threads = [threading.Thread(target=register, args=(each,)) for each in own]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(list_weights("pets-*")) == set(own)
    for each in own:
        unregister(each)


PLUGIN = """
from dataclasses import replace
from weights_registry import Weights, WeightsEnum

class Plugin_Weights(WeightsEnum):
    V1 = replace(Weights.ImageNet1K_V1.checkpoint, id="Plugin_Weights.V1", architecture="plugin_net")

class Misnamed_Weights(WeightsEnum):
    V1 = Weights.ImageNet1K_V1.checkpoint

class ResNet50_Weights(WeightsEnum):
    V1 = replace(Weights.ImageNet1K_V1.checkpoint, id="ResNet50_Weights.V1")
"""

ENTRY_POINTS = """
[weights_registry.families]
broken = no_such_module:Family
misnamed = plugin:Misnamed_Weights
plugin = plugin:Plugin_Weights
usurper = plugin:ResNet50_Weights
"""


def test_an_installed_package_adds_families_and_a_broken_one_does_no_harm(tmp_path: Path) -> None:
    info = tmp_path / "plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "plugin.py").write_text(PLUGIN)
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import weights_registry as w;"
        "print(w.get_weights('plugin_net'), w.get_weights('resnet50'), len(w.list_weights()))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["Plugin_Weights.V1", "ResNet50_Weights.ImageNet1K_V2", str(len(list_weights()) + 1)]
    for left_out in ("broken", "misnamed", "usurper"):
        assert f"`{left_out}`" in run.stderr
