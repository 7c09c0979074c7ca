"""A recipe as JSON and back, and a digest that depends on what the run is and on nothing else."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from training import Recipe, RecipeError, digest, from_json, get_recipe, list_recipes, override, to_json
from training.recipes.record import canonical_json, from_dict, to_dict

V2 = get_recipe("resnet50/v2")


@pytest.mark.parametrize("recipe", list_recipes(), ids=lambda recipe: recipe.id)
def test_a_recipe_comes_back_from_json_as_it_was(recipe: Recipe) -> None:
    assert from_json(to_json(recipe)) == recipe


def test_a_changed_recipe_comes_back_too() -> None:
    changed = override(V2, lr=0.1, train_scale=(0.25, 1.0))
    assert from_json(to_json(changed)) == changed


# These digests stand in ids, run logs and exported files: they must never change.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet50/v1", "4cf648b02dd0e7d2"),
        ("resnet50/v2", "7aec8240cce3c861"),
        ("resnet50/a1", "208926232b66c493"),
    ],
)
def test_digests_stay_as_they_are(name: str, expected: str) -> None:
    assert digest(get_recipe(name))[:16] == expected


def test_the_digest_is_of_the_run_and_not_of_what_is_said_about_it() -> None:
    renamed = replace(V2, id="resnet50/mine", published=(), notes=("mine",), assumed=("lr",), of="resnet50/v2")
    assert digest(renamed) == digest(V2)


def test_every_published_run_has_a_digest_of_its_own() -> None:
    assert len({digest(recipe) for recipe in list_recipes()}) == len(list_recipes())


def test_a_field_at_its_default_is_not_in_the_digest_so_that_new_fields_change_none() -> None:
    told = json.loads(canonical_json(V2))
    assert "sync_bn" not in told
    assert told["inference"] == {"resize_size": 232, "crop_size": 224}
    assert json.loads(canonical_json(replace(V2, sync_bn=True)))["sync_bn"] is True


def test_canonical_json_is_sorted_and_has_no_spaces() -> None:
    text = canonical_json(V2)
    assert list(json.loads(text)) == sorted(json.loads(text))
    assert " " not in text


def test_fields_that_are_left_out_have_their_defaults() -> None:
    plain = to_dict(V2)
    del plain["sync_bn"], plain["nesterov"], plain["notes"]
    assert from_dict(plain) == replace(V2, notes=())


def _without(plain: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in plain.items() if key != name}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "no JSON"),
        ("[]", "not a `list`"),
        (json.dumps(to_dict(V2) | {"format_version": 2}), "format version `2`, and this package reads `1`"),
        (
            json.dumps(to_dict(V2) | {"label_smoothin": 0.1}),
            "no field `label_smoothin`; did you mean `label_smoothing`?",
        ),
        (json.dumps(_without(to_dict(V2), "epochs")), "not complete: .*'epochs'"),
        (json.dumps(to_dict(V2) | {"lr": "fast"}), "`lr` must be a number above 0"),
        (json.dumps(to_dict(V2) | {"inference": {"resize_size": 0, "crop_size": 1}}), "`inference` cannot be read"),
        (json.dumps(to_dict(V2) | {"inference": {"size": 1}}), "a `Preprocessing` has no field `size`"),
        (json.dumps(to_dict(V2) | {"published": [{}]}), "`published` cannot be read"),
        (json.dumps(to_dict(V2) | {"lr": 0.4}), "`resnet50/v2` was changed after it was written"),
    ],
)
def test_what_is_no_recipe_is_refused(text: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        from_json(text)


def test_json_keeps_to_json() -> None:
    assert not re.search(r"NaN|Infinity", to_json(V2))
