"""Checkpoint <-> JSON: nothing lost, nothing guessed."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weights_registry import Checkpoint, Metrics, Preprocessing, RecordError, Weights
from weights_registry.families import BUNDLED
from weights_registry.record import from_record, to_record

MEMBERS = [member for family in BUNDLED for member in family]
V2 = Weights.ImageNet1K_V2.checkpoint

percents = st.floats(min_value=0, max_value=100)
preprocessings = st.builds(
    Preprocessing,
    resize_size=st.integers(1, 2000),
    crop_size=st.integers(1, 2000),
    interpolation=st.sampled_from(("nearest", "bilinear", "bicubic")),
    antialias=st.booleans(),
    mean=st.just((0.1,)),
    std=st.floats(0.01, 1).map(lambda each: (each,)),
)
metrics = st.builds(
    Metrics,
    dataset=st.text(),
    split=st.text(),
    acc1=percents,
    acc5=st.none() | percents,
    num_images=st.none() | st.integers(1),
    preprocessing=preprocessings,
    measured_by=st.text(),
    kind=st.sampled_from(("published", "measured")),
    source=st.text(),
    of=st.sampled_from(("this-file", "earlier-run", "sibling-file")),
    note=st.text(),
)


@given(preprocessings, st.lists(metrics, max_size=3), st.text(), st.none() | st.text())
def test_a_checkpoint_survives_the_way_through_json(
    preprocessing: Preprocessing, evaluations: list[Metrics], text: str, recipe: str | None
) -> None:
    checkpoint = replace(
        V2, preprocessing=preprocessing, metrics=tuple(evaluations), description=text, recipe=recipe, lineage=(text,)
    )
    for with_categories in (True, False):
        read = from_record(json.loads(json.dumps(to_record(checkpoint, with_categories=with_categories))))
        assert replace(read, category_set=checkpoint.category_set) == checkpoint
        assert read.labels == checkpoint.labels


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_every_bundled_checkpoint_survives(member: Any) -> None:
    read = from_record(to_record(member.checkpoint, with_categories=False))
    assert read == member.checkpoint


def test_a_record_of_its_own_categories_needs_no_file_of_ours() -> None:
    record = to_record(V2)
    assert record["category_set"]["names"][0] == "tench"
    assert record["category_set"]["wordnet_ids"][0] == "n01440764"


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in to_record(V2).items() if name != key}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (_without("architecture"), "architecture"),
        (_without("preprocessing"), "preprocessing"),
        (_without("category_set"), "category_set"),
        ({**to_record(V2), "colour": "red"}, "unknown field `colour`"),
        ({**to_record(V2), "preprocessing": {"resize_size": 232}}, "crop_size"),
        ({**to_record(V2), "preprocessing": 7}, "preprocessing"),
        ({**to_record(V2), "metrics": ["good"]}, r"metrics\[0\]"),
        ({**to_record(V2), "metrics": 7}, "metrics"),
        ({**to_record(V2), "num_params": "many"}, "num_params|many|str"),
        ({**to_record(V2), "url": "nowhere"}, "nowhere"),
        ({**to_record(V2), "category_set": {"name": "x", "names": ["a", "a"]}}, "twice"),
        ({**to_record(V2), "record_version": 2}, "upgrade"),
        (_without("record_version"), "record_version"),
        ([], "JSON object"),
    ],
)
def test_a_wrong_record_is_refused_by_the_name_of_what_is_wrong(record: Any, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        from_record(record)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.sampled_from(sorted(to_record(V2))), json_values)
def test_whatever_stands_in_a_field_the_answer_is_a_checkpoint_or_a_record_error(field: str, value: Any) -> None:
    with suppress(RecordError):
        assert isinstance(from_record({**to_record(V2), field: value}), Checkpoint)
