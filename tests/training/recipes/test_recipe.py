"""What a recipe takes, what it refuses, and that each of its fields says what it is."""

import re
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from training import RecipeError, get_recipe
from training.recipes.fields import Facts, checked, describe
from training.recipes.recipe import Recipe, field_types
from training.recipes.recipe_fields import OTHER_FIELDS, RUN_FIELDS
from weights_registry import Preprocessing

V1, V2, A1, A2 = (get_recipe(f"resnet50/{variant}") for variant in ("v1", "v2", "a1", "a2"))


def test_every_field_says_what_it_means_in_which_unit_and_from_which_source() -> None:
    described = {**RUN_FIELDS, **OTHER_FIELDS}
    assert set(described) == {field.name for field in fields(Recipe)}
    for name, facts in described.items():
        assert len(facts.meaning) > 8, name
        assert facts.unit, name
        assert facts.source, name


def test_a_field_either_shapes_the_run_or_does_not() -> None:
    assert not set(RUN_FIELDS) & set(OTHER_FIELDS)


def test_every_number_has_a_range() -> None:
    for name, kind in field_types().items():
        if name in RUN_FIELDS and ("int" in str(kind) or "float" in str(kind)) and "Literal" not in str(kind):
            assert RUN_FIELDS[name].low is not None, name


def test_a_recipe_cannot_be_changed_in_place() -> None:
    with pytest.raises(FrozenInstanceError):
        V2.lr = 1.0  # type: ignore[misc]


def test_the_global_batch_is_that_of_all_gpus() -> None:
    assert (V1.global_batch_size, V2.global_batch_size, A1.global_batch_size) == (256, 1024, 2048)


def test_a_whole_number_is_as_good_as_a_float() -> None:
    assert isinstance(replace(V2, lr=1).lr, float)
    assert replace(V2, lr=1) == replace(V2, lr=1.0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"epochs": 0}, "`epochs` must be a whole number from 1 up, not `0`"),
        ({"epochs": 90.0}, "`epochs` must be a whole number from 1 up, not `90.0`"),
        ({"epochs": True}, "`epochs` must be a whole number"),
        ({"lr": "0.1"}, "`lr` must be a number above 0, not `'0.1'`"),
        ({"lr": float("nan")}, "`lr` must be a number above 0"),
        ({"lr": float("inf")}, "`lr` must be a number above 0"),
        ({"label_smoothing": 1.5}, "`label_smoothing` must be a number from 0 to 1"),
        ({"label_smoothing": True}, "`label_smoothing` must be a number from 0 to 1"),
        ({"optimizer": "adam"}, "`optimizer` must be one of sgd, lamb, not `'adam'`"),
        ({"norm_weight_decay": -1.0}, "`norm_weight_decay` must be a number from 0 up or none"),
        ({"train_scale": (0.0, 1.0)}, "`train_scale` must be 2 numbers above 0 and up to 1"),
        ({"train_scale": (0.08, 0.5, 1.0)}, "`train_scale` must be 2 numbers"),
        ({"sync_bn": 1}, "`sync_bn` must be true or false, not `1`"),
        ({"inference": None}, "`inference` must be a Preprocessing, not `None`"),
        ({"notes": "one"}, "`notes` must be a tuple, not `'one'`"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match="^" + re.escape(told)):
        replace(V2, **changes)


@pytest.mark.parametrize(
    ("recipe", "changes", "told"),
    [
        (V2, {"architecture": ""}, "`architecture` is a builder's name"),
        (V2, {"architecture": "resnet18"}, "must start with `resnet18/`"),
        (V2, {"id": "resnet50"}, "must start with `resnet50/`"),
        (V2, {"id": "resnet50/V2"}, "in small letters"),
        (V2, {"optimizer": "lamb"}, "lamb takes `betas` and `eps`"),
        (V2, {"momentum": None}, "sgd takes `momentum`"),
        (V2, {"betas": (0.9, 0.999)}, "neither `betas` nor `eps`"),
        (V2, {"nesterov": True, "momentum": 0.0}, "`nesterov` needs a `momentum` above 0"),
        (V2, {"lr_schedule": "step"}, "step takes `lr_step_epochs` and `lr_gamma`"),
        (V2, {"lr_gamma": 0.1}, "cosine takes neither"),
        (V1, {"lr_min": 0.01}, "and no `lr_min`"),
        (V2, {"lr_min": 0.5}, "`lr_min` 0.5 must be below `lr` 0.5"),
        (V2, {"warmup_epochs": 600}, "`warmup_epochs` 600 must be less than `epochs` 600"),
        (V2, {"warmup_epochs": 0}, "no warm-up takes neither"),
        (V2, {"warmup_start_lr": 0.01}, "a warm-up takes one of"),
        (V1, {"warmup_epochs": 5}, "a warm-up takes one of"),
        (A1, {"warmup_start_lr": 1.0}, "must not be above `lr` 0.005"),
        (V2, {"ema_decay": None}, "go together"),
        (V1, {"ema_decay": 0.999}, "go together"),
        (V2, {"bce_target_threshold": 0.2, "label_smoothing": 0.0}, "acts on `loss` bce only"),
        (V2, {"train_ratio": (2.0, 0.5)}, "from low to high"),
        (V2, {"auto_augment": "trivial"}, "`auto_augment` is ta_wide, ra, none, or timm's form"),
        (V2, {"assumed": ("batch_size",)}, "`assumed` names no field: batch_size"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(recipe: Recipe, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(told)) as caught:
        replace(recipe, **changes)
    assert "contradicts itself" in str(caught.value)


def test_a_threshold_beside_smoothing_is_refused_with_both_ways_out() -> None:
    with pytest.raises(RecipeError, match="would have no effect") as caught:
        replace(A1, bce_target_threshold=0.2)
    assert "set `bce_target_threshold=none`" in str(caught.value)
    assert "set `label_smoothing=0`" in str(caught.value)
    replace(A1, bce_target_threshold=0.2, label_smoothing=0.0)
    replace(A2, bce_target_threshold=None, label_smoothing=0.1)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(RecipeError) as caught:
        replace(V2, ema_decay=None, lr_gamma=0.5)
    assert "`ema_decay` and `ema_every_steps`" in str(caught.value)
    assert "`lr_gamma`" in str(caught.value)


def test_a_range_is_told_in_words() -> None:
    facts = Facts("a share", "share", "here", low=0, high=1)
    assert describe(float | None, facts) == "a number from 0 to 1 or none"
    assert describe(int, Facts("a count", "1", "here", high=3)) == "a whole number up to 3"
    assert describe(float, Facts("anything", "1", "here")) == "a number"


def test_an_enormous_whole_number_is_no_float() -> None:
    with pytest.raises(RecipeError):
        checked("lr", 10**400, float, Facts("a rate", "1", "here"))


def test_the_inference_is_the_registrys_own_type() -> None:
    assert isinstance(V2.inference, Preprocessing)
