"""The Open Inference Protocol by Triton's own client, against the real checkpoint behind a real port."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from numpy.typing import NDArray
from PIL import Image

from serve.models.checkpoint_model import CheckpointModel, ModelOptions
from serve.protocol_v2.schemas import InferResponse
from tests.serve.conftest import WEIGHTS, GatedModel, Running, encode, running
from tests.serve.triton_requests import bytes_input, client_of, number_input, pixels, refusal
from weights_registry import Classifier, Weights, get_weights
from weights_registry.inference.architectures import build
from weights_registry.inference.loading import LoadedCheckpoint, load

INFER = f"/v2/models/{WEIGHTS}/infer"
PICTURES = [encode((320, 240), seed=1), encode((31, 300), seed=2), encode((224, 224), mode="L", seed=3)]


@pytest.fixture
def client(server: Running) -> Iterator[Any]:
    with client_of(server) as found:
        yield found


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(load(WEIGHTS), device="cpu")


@pytest.fixture(scope="module")
def expected_NK(classifier: Classifier) -> NDArray[np.float32]:
    """What the classifier gives for `PICTURES` in process."""
    found = np.zeros((len(PICTURES), 1000), np.float32)
    for row, prediction in zip(found, classifier.predict(PICTURES, top_k=1000), strict=True):
        for category in prediction.categories:
            row[category.index] = category.probability
    return found


def normalised_NCHW(classifier: Classifier) -> NDArray[np.float32]:
    transforms = get_weights(WEIGHTS).transforms()
    inputs = [transforms.to_uint8(Image.open(BytesIO(picture))) for picture in PICTURES]
    return np.stack([transforms.normalise(each).numpy() for each in inputs])


@pytest.mark.parametrize("shape", [[3], [3, 1]])
def test_encoded_pictures_get_the_classifiers_answers(
    client: Any, expected_NK: NDArray[np.float32], shape: list[int]
) -> None:
    found = client.infer(WEIGHTS, [bytes_input(PICTURES, shape)]).as_numpy("probabilities")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected_NK, atol=1e-5)
    assert (found.argmax(1) == expected_NK.argmax(1)).all()


def test_pixels_get_the_classifiers_answers(client: Any, expected_NK: NDArray[np.float32]) -> None:
    for picture, expected_K in zip(PICTURES, expected_NK, strict=True):
        found = client.infer(WEIGHTS, [number_input(pixels(picture)[None])]).as_numpy("probabilities")
        np.testing.assert_allclose(found, [expected_K], atol=1e-5)


def test_a_batch_of_pixels_is_answered_in_its_order(client: Any) -> None:
    pictures = [encode((300, 200), seed=seed) for seed in (4, 5, 6)]
    batch = client.infer(WEIGHTS, [number_input(np.stack([pixels(each) for each in pictures]))])
    singles = client.infer(WEIGHTS, [bytes_input(pictures)])
    np.testing.assert_allclose(batch.as_numpy("probabilities"), singles.as_numpy("probabilities"), atol=1e-5)


def test_normalised_inputs_get_the_classifiers_answers(
    client: Any, classifier: Classifier, expected_NK: NDArray[np.float32]
) -> None:
    images = normalised_NCHW(classifier)
    assert images.shape == (3, 3, 224, 224)
    found = client.infer(WEIGHTS, [number_input(images)]).as_numpy("probabilities")
    np.testing.assert_allclose(found, expected_NK, atol=1e-5)


@pytest.mark.parametrize("size", [40, 250])
def test_numbers_in_json_give_what_binary_ones_do(client: Any, size: int) -> None:
    """The larger one is parsed in a thread."""
    picture = pixels(encode((size, size)))[None]
    in_json = client.infer(WEIGHTS, [number_input(picture, binary_data=False)])
    binary = client.infer(WEIGHTS, [number_input(picture)])
    np.testing.assert_allclose(in_json.as_numpy("probabilities"), binary.as_numpy("probabilities"), atol=1e-5)


def test_outputs_come_in_binary_or_json_as_asked(client: Any, server: Running) -> None:
    picture = [bytes_input(PICTURES[:1])]
    binary = client.infer(WEIGHTS, picture, outputs=[triton.InferRequestedOutput("probabilities", binary_data=True)])
    in_json = client.infer(WEIGHTS, picture, outputs=[triton.InferRequestedOutput("probabilities", binary_data=False)])
    assert binary.get_output("probabilities")["parameters"] == {"binary_data_size": 4000}
    assert len(in_json.get_output("probabilities")["data"]) == 1000
    np.testing.assert_allclose(in_json.as_numpy("probabilities"), binary.as_numpy("probabilities"), atol=1e-6)


@pytest.mark.parametrize("binary_data", [True, False])
def test_the_classification_extension_ranks(client: Any, expected_NK: NDArray[np.float32], binary_data: bool) -> None:
    output = triton.InferRequestedOutput("probabilities", binary_data=binary_data, class_count=2)
    found = client.infer(WEIGHTS, [bytes_input(PICTURES)], outputs=[output]).as_numpy("probabilities")
    assert found.shape == (3, 2)
    names = get_weights(WEIGHTS).checkpoint.labels.names
    for row, expected_K in zip(found, expected_NK, strict=True):
        best, second = (each.decode() if binary_data else each for each in row)
        score, index, label = best.split(":", 2)
        assert int(index) == expected_K.argmax()
        assert label == names[int(index)]
        assert float(score) == pytest.approx(expected_K.max(), abs=1e-5)
        assert float(second.split(":")[0]) <= float(score)


def test_more_classes_than_there_are_are_all_of_them(client: Any) -> None:
    output = triton.InferRequestedOutput("probabilities", class_count=10**9)
    found = client.infer(WEIGHTS, [bytes_input(PICTURES[:1])], outputs=[output]).as_numpy("probabilities")
    assert found.shape == (1, 1000)


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compressed_requests_are_taken(client: Any, expected_NK: NDArray[np.float32], algorithm: str) -> None:
    found = client.infer(
        WEIGHTS,
        [bytes_input(PICTURES)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    np.testing.assert_allclose(found.as_numpy("probabilities"), expected_NK, atol=1e-5)


def test_the_id_comes_back_and_other_parameters_do_no_harm(client: Any) -> None:
    found = client.infer(
        WEIGHTS, [bytes_input(PICTURES[:1])], "1", request_id="42", priority=1, timeout=30_000_000, parameters={"my": 1}
    )
    assert found.get_response()["id"] == "42"
    assert found.get_response()["model_name"] == WEIGHTS
    assert found.get_response()["model_version"] == "1"


def test_a_client_may_shorten_its_deadline(client: Any) -> None:
    status, text = refusal(client.infer, WEIGHTS, [bytes_input(PICTURES[:1])], timeout=1)
    assert status == "504"
    assert "deadline" in text


def test_requests_of_the_clients_pool_are_answered(client: Any, expected_NK: NDArray[np.float32]) -> None:
    pending = [client.async_infer(WEIGHTS, [bytes_input([picture])]) for picture in PICTURES]
    found = np.concatenate([each.get_result().as_numpy("probabilities") for each in pending])
    np.testing.assert_allclose(found, expected_NK, atol=1e-5)


def test_the_asyncio_client_is_answered(server: Running, expected_NK: NDArray[np.float32]) -> None:
    async def classify() -> Any:
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{server.port}") as found:
            assert await found.is_model_ready(WEIGHTS)
            return await found.infer(WEIGHTS, [bytes_input(PICTURES)])

    np.testing.assert_allclose(asyncio.run(classify()).as_numpy("probabilities"), expected_NK, atol=1e-5)


def test_a_body_of_one_picture_alone_is_answered_in_binary(server: Running, expected_NK: NDArray[np.float32]) -> None:
    response = server.client.post(INFER, content=PICTURES[0], headers={"Inference-Header-Content-Length": "0"})
    head = int(response.headers["Inference-Header-Content-Length"])
    assert response.headers["content-type"] == "application/octet-stream"
    assert InferResponse.model_validate_json(response.content[:head]).outputs[0].shape == [1, 1000]
    np.testing.assert_allclose(np.frombuffer(response.content[head:], "<f4"), expected_NK[0], atol=1e-5)


def test_a_request_of_json_alone_is_answered_in_json(server: Running) -> None:
    black = {"name": "image", "shape": [1, 3, 2, 2], "datatype": "UINT8", "data": [[[[0, 0], [0, 0]]] * 3]}
    response = server.client.post(INFER, json={"id": "", "inputs": [black]})
    assert response.headers["content-type"] == "application/json"
    answer = InferResponse.model_validate_json(response.content)
    assert answer.id == ""
    assert answer.outputs[0].data is not None
    assert sum(answer.outputs[0].data) == pytest.approx(1, abs=1e-3)


def test_one_bad_picture_fails_its_tensor_and_is_named(client: Any) -> None:
    status, text = refusal(client.infer, WEIGHTS, [bytes_input([PICTURES[0], b"no picture", b"nor this"])])
    assert status == "400"
    assert "`picture 1`" in text or "`picture 2`" in text


def test_what_a_client_gets_wrong_is_told_to_it(client: Any) -> None:
    good = bytes_input(PICTURES[:1])
    assert refusal(client.get_model_metadata, "resnet51")[0] == "404"
    assert "version `2`" in refusal(client.infer, WEIGHTS, [good], "2")[1]
    assert refusal(client.infer, "resnet51", [good])[0] == "404"
    doubles = triton.InferInput("image", [1, 3, 2, 2], "FP64")
    doubles.set_data_from_numpy(np.zeros((1, 3, 2, 2)))
    for inputs, told in [
        ([good, good], "inputs"),
        ([triton.InferInput("x", [1], "BYTES").set_data_from_numpy(np.array([b"x"], object))], "`image`"),
        ([doubles], "`FP64`"),
        ([number_input(np.zeros((1, 4, 8, 8), np.uint8))], "[N, 3, H, W]"),
        ([number_input(np.zeros((1, 8, 8, 3), np.uint8))], "[N, 3, H, W]"),
        ([number_input(np.zeros((3, 8, 8), np.uint8))], "[N, channels, height, width]"),
        ([number_input(np.zeros((1, 3, 8, 8), np.float32))], "[N, 3, 224, 224]"),
        ([number_input(np.full((1, 3, 224, 224), np.nan, np.float32))], "NaN"),
        ([bytes_input([b"x"] * 5)], "1 to 4 pictures"),
    ]:
        status, text = refusal(client.infer, WEIGHTS, inputs)
        assert status == "400", told
        assert told in text
    assert "`probabilities`" in refusal(client.infer, WEIGHTS, [good], outputs=[triton.InferRequestedOutput("y")])[1]
    assert refusal(client.infer, WEIGHTS, [number_input(np.zeros((1, 3, 1001, 1000), np.uint8))])[0] == "413"
    assert "`sequence_id`" in refusal(client.infer, WEIGHTS, [good], sequence_id=7)[1]


def test_an_input_that_the_network_overflows_on_is_the_clients_error() -> None:
    record = replace(Weights.ImageNet1K_V1.checkpoint, architecture="resnet18")
    network = LoadedCheckpoint(build("resnet18", 1000).eval(), record)
    model = CheckpointModel(network, "0" * 64, ModelOptions(device="cpu"))
    with running(lambda _: model) as found, client_of(found) as client:
        status, text = refusal(client.infer, record.id, [number_input(np.full((1, 3, 224, 224), 3e38, np.float32))])
        assert status == "400"
        assert "normalised" in text
        client.infer(record.id, [number_input(np.ones((1, 3, 224, 224), np.float32))])


def test_a_full_queue_is_refused_with_when_to_come_back(gated: tuple[Running, GatedModel]) -> None:
    found, _ = gated
    pictures = {"name": "image", "shape": [4], "datatype": "BYTES", "data": ["eA=="] * 4}
    response = found.client.post(INFER, json={"inputs": [pictures]})
    assert response.status_code == 503
    assert "3 pictures wait" in response.json()["error"]
    assert response.headers["retry-after"] == "1"
    assert 'route="/v2/models/{name}/infer",status="503"' in found.client.get("/metrics").text
