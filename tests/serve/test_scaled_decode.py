"""Large JPEGs, decoded at a fraction of their size where the settings say so: in the server and in process alike."""

from io import BytesIO
from typing import Any

import pytest
import torch
from PIL import Image

from serve.models.checkpoint_model import CheckpointModel, ModelOptions
from serve.settings import Settings
from tests.small_checkpoints import SAMPLES, colours
from weights_registry import Classifier, get_weights
from weights_registry.finding import DEFAULT_WEIGHTS
from weights_registry.inference.images import open_image
from weights_registry.inference.loading import load


def jpeg(width: int, height: int, **options: Any) -> bytes:
    file = BytesIO()
    Image.open(SAMPLES / "tabby_cat.jpg").resize((width, height)).save(file, "JPEG", **options)
    return file.getvalue()


def test_the_server_and_the_classifier_scale_alike_and_change_the_picture_little() -> None:
    loaded = load(DEFAULT_WEIGHTS)
    picture = jpeg(2400, 1800)
    whole = CheckpointModel(loaded, "0" * 64, ModelOptions(device="cpu")).prepare(picture)
    scaled = CheckpointModel(loaded, "0" * 64, ModelOptions(device="cpu", scaled_decode=True)).prepare(picture)
    side = loaded.transforms().min_decoded_side
    assert torch.equal(scaled, loaded.transforms().to_uint8(open_image(picture, min_side=side)))
    assert 0 < (scaled.int() - whole.int()).abs().float().mean() < 1

    in_full, in_part = Classifier(loaded, device="cpu"), Classifier(loaded, device="cpu", scaled_decode=True)
    assert in_part(picture) != in_full(picture)
    assert in_part(picture).best.label == in_full(picture).best.label
    assert in_part(picture).best.probability == pytest.approx(in_full(picture).best.probability, abs=0.02)


def test_a_picture_below_twice_its_side_is_decoded_in_full() -> None:
    loaded = load(DEFAULT_WEIGHTS)
    side = loaded.transforms().min_decoded_side
    picture = jpeg(2 * side, 2 * side - 1)
    in_full, in_part = Classifier(loaded, device="cpu"), Classifier(loaded, device="cpu", scaled_decode=True)
    assert in_part(picture) == in_full(picture)


def test_twice_the_side_is_that_of_the_resize_not_of_the_crop() -> None:
    weights = get_weights("ResNet50_Weights.ImageNet1K_V2")
    assert weights.preprocessing.resize_size == 232
    assert weights.transforms().min_decoded_side == 464


def test_exact_and_scaled_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="scaled_decode"):
        Classifier(colours(), preprocess="exact", scaled_decode=True)


def test_the_setting_is_there_to_be_turned() -> None:
    other = not Settings().scaled_decode
    assert Settings(scaled_decode=other).scaled_decode is other
