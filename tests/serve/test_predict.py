"""`POST /predict`, in all its forms, against the real checkpoint behind a real port."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from serve.answers import rank
from serve.models.model import Model
from serve.models.noop_model import NoopModel
from serve.schemas import Prediction
from tests.serve.conftest import WEIGHTS, Running, encode, running
from weights_registry import Classifier, get_weights
from weights_registry.inference.loading import load


def scores(answer: dict[str, Any]) -> dict[int, float]:
    (picture,) = answer["pictures"]
    return {each["index"]: each["score"] for each in picture["categories"]}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(load(WEIGHTS), device="cpu")


@pytest.mark.parametrize(
    ("mode", "size"),
    [
        ("RGB", (320, 240)),
        ("RGB", (31, 900)),
        ("L", (224, 224)),
        ("RGBA", (640, 480)),
        ("P", (900, 31)),
        ("CMYK", (300, 300)),
        ("1", (20, 20)),
    ],
)
def test_the_served_answer_is_that_of_the_classifier_in_process(
    server: Running, classifier: Classifier, mode: str, size: tuple[int, int]
) -> None:
    picture = encode(size, "TIFF" if mode == "CMYK" else "PNG", mode, seed=size[0])
    served = server.post(picture, "/predict?top_k=1000").json()
    expected = classifier(picture, top_k=1000)
    assert served["pictures"][0]["categories"][0]["label"] == expected.best.label
    found = scores(served)
    assert len(found) == 1000
    for category in expected.categories:
        assert found[category.index] == pytest.approx(category.probability, abs=1e-5)


def test_the_answer_names_the_checkpoint_its_digest_and_the_request(server: Running) -> None:
    response = server.post(encode(), **{"x-request-id": "mine-1"})
    answer = Prediction.model_validate(response.json())
    assert answer.model == WEIGHTS
    assert answer.checkpoint_sha256 == get_weights(WEIGHTS).sha256
    assert answer.request_id == response.headers["x-request-id"] == "mine-1"
    (picture,) = answer.pictures
    assert picture.categories is not None
    assert picture.timings is not None
    assert len(picture.categories) == 5
    assert picture.timings.inference_ms > 0
    assert all(each.wordnet_id and each.wordnet_id.startswith("n") for each in picture.categories)
    assert [each.score for each in picture.categories] == sorted((e.score for e in picture.categories), reverse=True)


def in_three_forms(picture: bytes) -> Iterator[dict[str, Any]]:
    yield {"content": picture, "headers": {"content-type": "image/png"}}
    yield {"content": picture, "headers": {"content-type": "application/octet-stream"}}
    yield {"content": picture}
    yield {"content": picture, "params": {"weights": WEIGHTS.lower()}}
    yield {"files": {"any name": ("cat.png", picture, "image/png")}}
    yield {"json": {"image": base64.b64encode(picture).decode()}}
    yield {"json": {"images": [base64.b64encode(picture).decode()]}}


def test_every_form_of_a_request_has_the_same_answer(server: Running) -> None:
    answers = [server.client.post("/predict", **form).raise_for_status().json() for form in in_three_forms(encode())]
    for answer in answers:
        Prediction.model_validate(answer)
        assert scores(answer) == pytest.approx(scores(answers[0]), abs=1e-6)


def test_one_bad_picture_of_several_does_not_lose_the_others(server: Running) -> None:
    files = [("files", ("good.png", encode())), ("files", ("bad.png", b"no picture")), ("files", ("2.png", encode()))]
    response = server.client.post("/predict", files=files)
    assert response.status_code == 200
    good, bad, also_good = Prediction.model_validate(response.json()).pictures
    assert (good.name, bad.name, also_good.name) == ("good.png", "bad.png", "2.png")
    assert good.categories
    assert also_good.categories
    assert bad.error is not None
    assert bad.error.status == 400
    assert bad.categories is None


def test_bad_base64_is_that_pictures_error_alone(server: Running) -> None:
    images = [base64.b64encode(encode()).decode(), "%%%", "https://example.org/cat.jpg"]
    answer = Prediction.model_validate(server.client.post("/predict", json={"images": images}).json())
    assert answer.pictures[0].categories
    assert [each.error.detail[:20] if each.error else None for each in answer.pictures[1:]] == [
        "the picture is not i",
        "addresses are not fe",
    ]


def test_a_request_whose_pictures_are_all_bad_has_the_first_ones_status(server: Running) -> None:
    response = server.client.post("/predict", files=[("a", ("a", b"bad")), ("b", ("b", b"worse"))])
    assert response.status_code == 400


def test_top_k_beyond_the_categories_gives_all_of_them(server: Running) -> None:
    assert len(scores(server.post(encode(), "/predict?top_k=5000").json())) == 1000


def test_raw_pictures_have_the_same_answer_with_and_without_the_fast_path() -> None:
    with running(NoopModel) as found:
        fast = found.post(b"anything").json()
        slow = found.post(b"anything", "/predict?").json()  # no arguments, but the framework's own routing
        routed = found.post(b"anything", "/predict?top_k=5").json()
    for answer in (fast, slow, routed):
        del answer["request_id"], answer["pictures"][0]["timings"]
    assert fast == slow == routed


@pytest.mark.parametrize("top_k", [2, 3, 4, 5, 7])
def test_ranking_is_by_score_and_then_by_index(top_k: int) -> None:
    probabilities = np.array([0.1, 0.3, 0.05, 0.25, 0.3], dtype=np.float32)
    assert rank(probabilities, top_k) == [1, 4, 3, 0, 2][:top_k]


def test_floats_and_pixels_go_the_same_way_as_pictures(checkpoint_model: Model) -> None:
    # What protocols that send tensors stand on.
    item = checkpoint_model.prepare(encode((224, 224)))
    pixels = item.numpy()
    normalised = get_weights(WEIGHTS).checkpoint.transforms().normalise(item).numpy()
    resized = checkpoint_model.prepare(pixels)
    mixed = checkpoint_model.run([item, checkpoint_model.prepare(normalised), resized], 3)
    assert mixed[0] == pytest.approx(mixed[1], abs=1e-5)
    assert resized.shape == item.shape


def test_the_openapi_document_tells_of_every_form_and_every_error(server: Running) -> None:
    document = json.loads(server.client.get("/openapi.json").content)
    predict = document["paths"]["/predict"]["post"]
    assert set(predict["requestBody"]["content"]) == {
        "image/*",
        "application/octet-stream",
        "multipart/form-data",
        "application/json",
    }
    assert set(predict["responses"]) >= {"200", "400", "401", "403", "404", "408", "413", "415", "422", "503", "504"}
    assert server.client.get("/docs").status_code == 200
