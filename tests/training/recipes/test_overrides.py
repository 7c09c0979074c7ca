"""Settings by name: read by type, suggested on a typo, and told by a new id."""

import re
from typing import Any

import pytest

from training import (
    Recipe,
    RecipeError,
    SettingError,
    digest,
    get_recipe,
    list_recipes,
    override,
    parse_settings,
    recipe_diff,
)
from training.recipes.diff import format_value
from training.recipes.recipe_fields import RUN_FIELDS

V2, A1 = get_recipe("resnet50/v2"), get_recipe("resnet50/a1")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("lr=0.1", {"lr": 0.1}),
        ("lr = 1e-3", {"lr": 1e-3}),
        ("lr=1", {"lr": 1.0}),
        ("epochs=18", {"epochs": 18}),
        ("sync_bn=true", {"sync_bn": True}),
        ("nesterov=False", {"nesterov": False}),
        ("ema_decay=none", {"ema_decay": None}),
        ("auto_augment=None", {"auto_augment": None}),
        ("auto_augment=ta_wide", {"auto_augment": "ta_wide"}),
        ("train_scale=0.25,1", {"train_scale": (0.25, 1.0)}),
        ("inference.resize_size=256", {"inference.resize_size": 256}),
        ("inference.mean=0.5", {"inference.mean": (0.5,)}),
    ],
)
def test_a_setting_is_read_as_its_field_wants_it(setting: str, expected: dict[str, Any]) -> None:
    read = parse_settings([setting])
    assert read == expected
    assert [type(value) for value in read.values()] == [type(value) for value in expected.values()]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (["lr"], "a setting is written `field=value`, such as `lr=0.1`, not `lr`"),
        (["lr=fast"], "`lr` must be a number above 0, not `fast`"),
        (["epochs=90.5"], "`epochs` must be a whole number from 1 up, not `90.5`"),
        (["epochs=none"], "`epochs` must be a whole number from 1 up, not `none`"),
        (["sync_bn=1"], "`sync_bn` must be true or false, not `1`"),
        (["train_scale=0.5"], "`train_scale` must be 2 numbers"),
        (["inference=224"], "`inference` must be a Preprocessing"),
        (["lr=0.1", "lr=0.2"], "`lr` is set twice"),
        (["label_smoothin=0.1"], "no field `label_smoothin` that can be set; did you mean `label_smoothing`?"),
        (["resize_size=256"], "did you mean `inference.resize_size`?"),
        (["LR=0.1"], "did you mean `lr`?"),
        (["id=mine"], "no field `id` that can be set"),
        (["zzzzzz=1"], "`reproduce-weights show NAME` lists all of them"),
    ],
)
def test_a_setting_that_cannot_be_read_is_answered_with_help(settings: list[str], told: str) -> None:
    with pytest.raises(SettingError, match=re.escape(told)):
        parse_settings(settings)


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.id)
def test_what_is_shown_of_a_field_can_be_set(recipe: Recipe) -> None:
    for name in RUN_FIELDS:
        if name != "inference":
            value = getattr(recipe, name)
            assert parse_settings([f"{name}={format_value(value)}"]) == {name: value}


def test_a_changed_recipe_is_never_passed_off_as_the_published_one() -> None:
    changed = override(V2, lr=0.1)
    assert changed.id == f"resnet50/v2+{digest(changed)[:8]}"
    assert changed.of == "resnet50/v2"
    assert changed.published == ()
    assert changed.notes == ("Changed from resnet50/v2: lr 0.5 -> 0.1.",)


def test_the_same_change_has_the_same_id_and_another_has_another() -> None:
    assert override(V2, lr=0.1).id == override(V2, **parse_settings(["lr=0.1"])).id
    assert override(V2, lr=0.1).id != override(V2, lr=0.2).id


def test_a_change_that_changes_nothing_leaves_the_recipe_as_it_is() -> None:
    assert override(V2, lr=0.5) is V2
    assert override(V2) is V2


def test_changes_add_up_and_remember_where_they_began() -> None:
    twice = override(override(V2, lr=0.1), epochs=100)
    assert twice.of == "resnet50/v2"
    assert twice.id == override(V2, lr=0.1, epochs=100).id
    assert len(twice.notes) == 2
    assert {change.field for change in recipe_diff(V2, twice)} == {"lr", "epochs"}


def test_another_architecture_goes_into_the_id() -> None:
    assert override(V2, architecture="resnet18").id.startswith("resnet18/v2+")


def test_a_field_of_the_preprocessing_is_changed_by_itself() -> None:
    changed = override(V2, **{"inference.resize_size": 256})
    assert changed.inference.resize_size == 256
    assert changed.inference.crop_size == 224
    assert changed.id != V2.id


def test_what_was_assumed_of_a_changed_field_is_assumed_no_more() -> None:
    assert "eps" in A1.assumed
    assert override(A1, eps=1e-8).assumed == tuple(name for name in A1.assumed if name != "eps")


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"lr": -1.0}, RecipeError, "`lr` must be a number above 0"),
        ({"lrr": 0.1}, SettingError, "did you mean `lr`?"),
        ({"notes": ("x",)}, SettingError, "no field `notes` that can be set"),
        ({"inference.resize_size": 0}, RecipeError, "`inference` of `resnet50/v2` cannot be so"),
        ({"ema_decay": None}, RecipeError, "go together"),
    ],
)
def test_a_change_that_the_recipe_does_not_take_is_refused(
    changes: dict[str, Any], error: type[RecipeError], told: str
) -> None:
    with pytest.raises(error, match=re.escape(told)):
        override(V2, **changes)
