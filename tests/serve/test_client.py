"""The Python client, against a real server."""

from dataclasses import fields
from pathlib import Path

import pytest

from serve.client import Client, Prediction, RankedCategory, ServerError
from tests.serve.conftest import WEIGHTS, Running, encode, running
from weights_registry.inference import classifier


def test_a_path_and_its_bytes_have_the_same_answer(server: Running, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encode())
    with Client(server.url) as client:
        by_path, by_bytes = client.predict(path, top_k=3), client.predict(path.read_bytes(), weights=WEIGHTS)
    assert by_path.best == by_bytes.best
    assert [len(by_path.categories), len(by_bytes.categories)] == [3, 5]
    assert by_path.model == WEIGHTS


def test_several_pictures_go_in_one_request_and_a_bad_one_is_its_own_error(server: Running) -> None:
    with Client(server.url) as client:
        good, bad = client.predict_all([encode(), b"no picture"])
    assert isinstance(good, Prediction)
    assert isinstance(bad, ServerError)
    assert bad.status == 400


def test_a_prediction_names_its_picture_by_its_path_or_its_place(server: Running, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(encode())
    with Client(server.url) as client:
        one, (by_path, by_bytes) = client.predict(path), client.predict_all([path, encode()])
    assert isinstance(by_path, Prediction)
    assert isinstance(by_bytes, Prediction)
    assert [one.source, by_path.source, by_bytes.source] == [str(path), str(path), "picture 1"]


def test_an_answer_has_the_names_that_one_of_the_classifier_has(server: Running) -> None:
    def names(kind: type) -> list[str]:
        return [field.name for field in fields(kind)]

    assert names(RankedCategory) == names(classifier.RankedCategory)
    assert names(Prediction)[:2] == names(classifier.Prediction)
    with Client(server.url) as client:
        assert 0 < client.predict(encode()).best.probability <= 1


def test_an_error_says_what_the_server_said() -> None:
    with running(api_key="sesame") as found:
        with Client(found.url) as client, pytest.raises(ServerError, match="401: this server needs an API key"):
            client.predict(b"x")
        with Client(found.url, api_key="sesame") as client:
            assert client.predict(b"x").model == WEIGHTS
