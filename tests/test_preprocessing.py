"""Preprocessing: data that refuses to be wrong."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from weights_registry import Preprocessing, Weights


def test_the_flagship_is_fed_at_232_and_224() -> None:
    assert Weights.ImageNet1K_V2.preprocessing == Preprocessing(resize_size=232, crop_size=224)


def test_describe_is_one_sentence_that_names_every_number() -> None:
    sentence = Preprocessing(resize_size=232, crop_size=224).describe()
    for part in ("RGB", "232", "bilinear", "antialiased", "224 x 224", "0.485", "0.229"):
        assert part in sentence
    assert sentence.count(".") - sentence.count("0.") == 2  # the two of `0..1` are one; the other ends the sentence


def test_one_value_a_channel_means_grey() -> None:
    grey = Preprocessing(resize_size=28, crop_size=28, mean=(0.5,), std=(0.5,))
    assert grey.num_channels == 1
    assert "grey" in grey.describe()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("resize_size", 0),
        ("crop_size", -1),
        ("crop_size", 224.0),
        ("resize_size", True),
        ("interpolation", "bicubical"),
        ("mean", (0.5,)),
        ("mean", (0.5, 0.5)),
        ("std", (0.2, 0.0, 0.2)),
    ],
)
def test_a_wrong_field_is_refused_by_name(field: str, value: Any) -> None:
    right = Preprocessing(resize_size=232, crop_size=224)
    with pytest.raises(ValueError, match=f"`{field}`"):
        replace(right, **{field: value})


def test_it_is_frozen_slotted_and_keyword_only() -> None:
    preprocessing = Preprocessing(resize_size=232, crop_size=224)
    with pytest.raises(FrozenInstanceError):
        preprocessing.crop_size = 256  # type: ignore[misc]
    assert not hasattr(preprocessing, "__dict__")
    with pytest.raises(TypeError):
        Preprocessing(232, 224)  # type: ignore[call-arg]
