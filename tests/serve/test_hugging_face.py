"""`POST /hf` by Hugging Face's own client, against the real checkpoint behind a real port."""

import asyncio
import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError
from PIL import Image

from tests.serve.conftest import WEIGHTS, Running, encode, running
from weights_registry import Classifier
from weights_registry.inference.loading import load

PICTURE = encode((300, 200), "JPEG", seed=7)


@pytest.fixture(scope="module")
def expected() -> list[tuple[str, Any]]:
    found = Classifier(load(WEIGHTS), device="cpu")(PICTURE, top_k=5)
    return [(each.label, pytest.approx(each.probability, abs=1e-5)) for each in found.categories]


def pairs(found: Any) -> list[tuple[str, float]]:
    return [(each.label, each.score) for each in found]


@pytest.mark.parametrize("path", ["/hf", f"/hf/{WEIGHTS}", f"/hf/{WEIGHTS.lower()}"])
def test_the_client_gets_the_classifiers_answer(
    server: Running, tmp_path: Path, expected: list[tuple[str, Any]], path: str
) -> None:
    client = InferenceClient(model=server.url + path)
    file = tmp_path / "picture.jpg"
    file.write_bytes(PICTURE)
    for picture in (PICTURE, file, str(file)):
        assert pairs(client.image_classification(picture)) == expected
        assert pairs(client.image_classification(picture, top_k=2)) == expected[:2]
    assert pairs(client.image_classification(PICTURE, function_to_apply="softmax")) == expected


# huggingface_hub 2.4 hands its bytes to httpx2 by the argument that httpx2 has deprecated.
@pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
def test_the_asyncio_client_gets_it_too(server: Running, expected: list[tuple[str, Any]]) -> None:
    async def classify(**parameters: Any) -> Any:
        async with AsyncInferenceClient(model=f"{server.url}/hf") as client:
            return await client.image_classification(PICTURE, **parameters)

    assert pairs(asyncio.run(classify())) == expected
    assert pairs(asyncio.run(classify(top_k=1))) == expected[:1]


def test_a_large_picture_in_base64_is_taken(server: Running) -> None:
    file = BytesIO()
    Image.effect_noise((600, 600), 90).convert("RGB").save(file, "PNG")
    assert len(file.getvalue()) > 200_000
    found = InferenceClient(model=f"{server.url}/hf").image_classification(file.getvalue(), top_k=3)
    assert len(found) == 3


def test_scores_of_another_function_are_refused_clearly(server: Running) -> None:
    client = InferenceClient(model=f"{server.url}/hf")
    for function in ("sigmoid", "none"):
        with pytest.raises(HfHubHTTPError, match="can only be `softmax`"):
            client.image_classification(PICTURE, function_to_apply=function)


def test_the_client_is_told_what_is_wrong(server: Running) -> None:
    with pytest.raises(HfHubHTTPError, match="no picture that we know"):
        InferenceClient(model=f"{server.url}/hf").image_classification(b"no picture")
    with pytest.raises(HfHubHTTPError, match="resnet51"):
        InferenceClient(model=f"{server.url}/hf/resnet51").image_classification(PICTURE)


def test_the_clients_token_is_the_servers_key() -> None:
    with running(api_key="sesame") as found:
        assert len(InferenceClient(model=f"{found.url}/hf", token="sesame").image_classification(b"x")) == 5
        with pytest.raises(HfHubHTTPError, match="API key"):
            InferenceClient(model=f"{found.url}/hf", token="open").image_classification(b"x")


@pytest.mark.parametrize(
    ("content", "content_type", "status", "told"),
    [
        (b"", "", 400, "0 bytes"),
        (b"{", "application/json", 400, "no JSON"),
        (b"\xff", "application/json", 400, "no JSON"),
        (b"[]", "application/json", 422, "the body"),
        (b"{}", "application/json", 422, "`inputs`"),
        (b'{"inputs": ["eA=="]}', "application/json", 422, "`inputs`"),
        (b'{"inputs": "!"}', "application/json", 400, "base64"),
        (b'{"inputs": "https://example.com/cat.jpg"}', "application/json", 400, "not fetched"),
        (b'{"inputs": "eA==", "parameters": {"threshold": 1}}', "application/json", 422, "`parameters.threshold`"),
        (b'{"inputs": "eA==", "parameters": {"top_k": 0}}', "application/json", 422, "top_k"),
        (b'{"inputs": "eA==", "parameters": {"top_k": "2"}}', "application/json", 422, "top_k"),
        (b'{"inputs": "eA==", "options": {}}', "application/json", 422, "`options`"),
        (b"x", "text/plain", 415, "application/json"),
    ],
)
def test_what_does_not_fit_is_told(server: Running, content: bytes, content_type: str, status: int, told: str) -> None:
    response = server.client.post("/hf", content=content, headers={"content-type": content_type})
    assert response.status_code == status
    assert list(response.json()) == ["error"]
    assert told in response.json()["error"]


def test_json_without_parameters_is_a_picture_like_any_other(server: Running, expected: list[tuple[str, Any]]) -> None:
    found = server.client.post("/hf", json={"inputs": base64.b64encode(PICTURE).decode()}).json()
    assert [(each["label"], each["score"]) for each in found] == expected
