"""The wire format of the Open Inference Protocol: laws of its bytes, and what hostile bodies come to."""

import gzip
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor

from serve.errors import InvalidRequest, TooLarge, UnreadableBody
from serve.protocol_v2.calls import json_length, read_call
from serve.protocol_v2.compression import inflate
from serve.protocol_v2.tensors import Tensor, from_binary, from_json, to_binary, to_json
from tests.serve.conftest import WEIGHTS, GatedModel, Running, running, wait_until

INFER = f"/v2/models/{WEIGHTS}/infer"
NUMBERS = st.one_of(
    arrays(np.uint8, array_shapes(max_dims=4, max_side=5)),
    arrays(np.float32, array_shapes(max_dims=4, max_side=5), elements=st.floats(width=32, allow_nan=False)),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def noop() -> Iterator[Running]:
    with running(max_bytes=200_000, max_pictures=4) as found:
        yield found


def number_tensor(values: Any) -> Tensor:
    return Tensor("image", "UINT8" if values.dtype == np.uint8 else "FP32", values.shape, values)


def request(**tensor: Any) -> dict[str, Any]:
    found = {"name": "image", "shape": [1], "datatype": "BYTES"} | tensor
    return {"inputs": [{key: value for key, value in found.items() if value is not None}]}


def binary_body(pictures: list[bytes], **tensor: Any) -> tuple[bytes, int]:
    """A request of BYTES as Triton's client sends it, and the length of its JSON."""
    binary = serialize_byte_tensor(np.array(pictures, dtype=np.object_)).item() if pictures else b""
    head = json.dumps(
        request(**{"shape": [len(pictures)], "parameters": {"binary_data_size": len(binary)}} | tensor)
    ).encode()
    return head + binary, len(head)


def refused(noop: Running, body: Any, status: int = 400, **headers: str) -> str:
    """The text of the error that the body is answered with."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = noop.client.post(INFER, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert response.status_code == status, response.text
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=6))
def test_bytes_are_written_as_tritons_client_does_and_read_back(elements: list[bytes]) -> None:
    tensor = Tensor("image", "BYTES", (len(elements),), elements)
    binary = to_binary(tensor)
    assert binary == serialize_byte_tensor(np.array(elements, dtype=np.object_)).item()
    assert deserialize_bytes_tensor(binary).tolist() == elements
    assert from_binary("image", "BYTES", [len(elements)], memoryview(binary)) == tensor


@settings(deadline=None)
@given(NUMBERS)
def test_numbers_are_read_back_from_binary_and_from_json_flat_or_nested(values: Any) -> None:
    tensor = number_tensor(values)
    for found in (
        from_binary("image", tensor.datatype, values.shape, memoryview(to_binary(tensor))),
        from_json("image", tensor.datatype, values.shape, json.loads(json.dumps(to_json(tensor)))),
        from_json("image", tensor.datatype, values.shape, values.tolist()),
    ):
        assert found.shape == values.shape
        np.testing.assert_array_equal(found.values, values, strict=True)


@settings(deadline=None)
@given(NUMBERS, st.integers(-8, 8).filter(bool))
def test_numbers_of_another_length_than_the_shapes_are_refused(values: Any, change: int) -> None:
    tensor = number_tensor(values)
    binary = to_binary(tensor)
    changed = binary[:change] if change < 0 else binary + bytes(change)
    with pytest.raises(UnreadableBody):
        from_binary("image", tensor.datatype, values.shape, memoryview(changed))
    flat = to_json(tensor)
    with pytest.raises(UnreadableBody):
        from_json("image", tensor.datatype, values.shape, flat[:change] if change < 0 else flat + [0] * change)


@settings(deadline=None)
@given(st.lists(st.binary(max_size=9), min_size=1, max_size=4), st.data())
def test_bytes_that_are_cut_or_continued_are_refused(elements: list[bytes], data: st.DataObject) -> None:
    binary = to_binary(Tensor("image", "BYTES", (len(elements),), elements))
    cut = data.draw(st.integers(0, len(binary) - 1))
    for changed in (binary[:cut], binary + b"\0", binary + binary):
        with pytest.raises(UnreadableBody):
            from_binary("image", "BYTES", [len(elements)], memoryview(changed))


def test_nested_data_must_be_nested_as_the_shape() -> None:
    channels_last = np.zeros((1, 4, 4, 3), np.uint8).tolist()
    with pytest.raises(UnreadableBody, match="nested"):
        from_json("image", "UINT8", [1, 3, 4, 4], channels_last)


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 400), st.sampled_from(["gzip", "deflate"]))
def test_what_is_inflated_is_whole_and_never_longer_than_allowed(plain: bytes, max_bytes: int, encoding: str) -> None:
    packed = gzip.compress(plain) if encoding == "gzip" else zlib.compress(plain)
    if len(plain) > max_bytes:
        with pytest.raises(TooLarge):
            inflate(packed, encoding, max_bytes=max_bytes)
        return
    assert inflate(packed, encoding, max_bytes=max_bytes) == plain
    for broken in (packed[:-1], packed + b"x", b"x" + packed):
        with pytest.raises(UnreadableBody):
            inflate(broken, encoding, max_bytes=max_bytes)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_body_is_a_call_or_the_clients_error(data: st.DataObject) -> None:
    """Valid bodies with bytes cut, put in or changed anywhere, and any header."""
    body, num_json_bytes = binary_body(data.draw(st.lists(st.binary(max_size=9), max_size=3)))
    begin = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(begin, min(len(body), begin + 9)))
    body = body[:begin] + data.draw(st.binary(max_size=9)) + body[end:]
    header = data.draw(st.none() | st.just(str(num_json_bytes)) | st.integers().map(str) | st.text(max_size=5))
    with suppress(InvalidRequest):
        call = read_call(body, json_length(header, body), max_pictures=4)
        assert call.image.shape[0] == len(call.image.values) <= 4


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["name", "shape", "datatype", "data", "parameters"]), JSON), JSON, JSON)
def test_json_of_any_form_is_a_call_or_the_clients_error(tensor: Any, outputs: Any, parameters: Any) -> None:
    body = json.dumps(request(data=[""]) | {"outputs": outputs, "parameters": parameters}).encode()
    changed = json.dumps(request(**{"data": ["eA=="]} | tensor)).encode()
    for each in (body, changed, json.dumps(outputs).encode()):
        with suppress(InvalidRequest):
            read_call(each, len(each), max_pictures=4)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_the_server_answers_anything_with_an_answer_or_the_protocols_error(noop: Running, data: st.DataObject) -> None:
    body, num_json_bytes = binary_body(data.draw(st.lists(st.binary(max_size=9), max_size=3)))
    begin = data.draw(st.integers(0, len(body)))
    body = body[:begin] + data.draw(st.binary(max_size=4)) + body[begin + data.draw(st.integers(0, 4)) :]
    words = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6)
    headers = {
        "Inference-Header-Content-Length": data.draw(st.just(str(num_json_bytes)) | st.integers().map(str) | words),
        "Content-Encoding": data.draw(st.just("identity") | st.sampled_from(["gzip", "deflate"]) | words),
        "Content-Type": data.draw(words),
    }
    response = noop.client.post(INFER, content=body, headers=headers)
    assert response.status_code in (200, 400, 415)
    if response.status_code != 200:
        assert list(response.json()) == ["error"]


@pytest.mark.parametrize(
    "header", ["-1", "1e2", "0x5", "99999999", "9" * 400, "\u0661".encode().decode("latin-1"), "1 2"]
)
def test_a_header_that_lies_about_the_json_is_refused(noop: Running, header: str) -> None:
    body, _ = binary_body([b"x"])
    response = noop.client.post(
        INFER, content=body, headers=[(b"Inference-Header-Content-Length", header.encode("latin-1"))]
    )
    assert response.status_code == 400
    assert "Inference-Header-Content-Length" in response.json()["error"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no JSON"),
        (b"[" * 20_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ([], "the body"),
        ({"inputs": []}, "inputs"),
        (request(), "data"),
        (request(data="eA=="), "a list"),
        (request(data=[1]), "base64"),
        (request(data=["not base64!"]), "base64"),
        (request(data=["eA=="], shape=[]), "shape"),
        (request(data=["eA=="], shape=["1"]), "shape"),
        (request(data=["eA=="], shape=[True]), "shape"),
        (request(data=["eA=="], shape=[-1]), "shape"),
        (request(data=["eA=="], shape=[2]), "elements"),
        (request(data=["eA=="], shape=[10**400]), "1 to 4"),
        (request(data=["eA=="], shape=[1, 1, 1]), "[N, 1]"),
        (request(data=[0], shape=[1, 5_000_000]), "[N, 1]"),
        (request(data=[0], shape=[4, 3, 10**12, 10**12], datatype="UINT8"), "elements"),
        (request(data=[256], shape=[1, 1, 1, 1], datatype="UINT8"), "UINT8 numbers"),
        (request(data=[0.5], shape=[1, 1, 1, 1], datatype="UINT8"), "UINT8 numbers"),
        (request(data=["1"], shape=[1, 1, 1, 1], datatype="UINT8"), "UINT8 numbers"),
        (request(data=[10**400], shape=[1, 1, 1, 1], datatype="FP32"), "FP32 numbers"),
        (request(data=[[[[1]], 2, 3]], shape=[1, 3, 1, 1], datatype="UINT8"), "nested"),
        (request(data=["eA=="], datatype="UINT9"), "UINT9"),
        (request(data=["eA=="], parameters={"binary_data_size": 0}), "both"),
        (request(parameters={"binary_data_size": 10**12}), "follow the JSON"),
        (request(parameters={"binary_data_size": -1}), "binary_data_size"),
        (request(data=["eA=="]) | {"parameters": {"timeout": -1}}, "timeout"),
        (request(data=["eA=="]) | {"parameters": {"timeout": "1"}}, "timeout"),
        (request(data=["eA=="]) | {"id": 7}, "id"),
        (request(data=["eA=="]) | {"outputs": [{"name": "probabilities"}] * 2}, "outputs"),
        (
            request(data=["eA=="]) | {"outputs": [{"name": "probabilities", "parameters": {"classification": 0}}]},
            "class",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_told_why(noop: Running, body: Any, told: str) -> None:
    assert told in refused(noop, body)


def test_sizes_that_lie_are_refused(noop: Running) -> None:
    for lie in ({"parameters": {"binary_data_size": 4}}, {"shape": [2]}, {"shape": [1, 1], "datatype": "FP32"}):
        body, num_json_bytes = binary_body([b"picture"], **lie)
        refused(noop, body, Inference_Header_Content_Length=str(num_json_bytes))
    body, num_json_bytes = binary_body([b"picture"])
    for changed in (body[:-1], body + b"x", body[:num_json_bytes] + b"\xff\xff\xff\xff" + body[num_json_bytes + 4 :]):
        refused(noop, changed, Inference_Header_Content_Length=str(num_json_bytes))
    assert noop.client.get("/v2/health/live").status_code == 200


def test_a_bomb_is_refused_by_what_it_would_become(noop: Running) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    assert "decompressed" in refused(noop, bomb, 413, Content_Encoding="gzip")
    assert "ends too early" in refused(noop, gzip.compress(b"{}")[:-4], Content_Encoding="gzip")
    assert "br" in refused(noop, b"{}", 415, Content_Encoding="br")


@pytest.mark.parametrize("unit", ["0,", "[],", "{},", "[[[[0]]]],"])
def test_json_of_too_many_values_is_refused_before_it_is_parsed(unit: str) -> None:
    """Parsing 20 MB of these took 1 to 10 s, in which no other thread had a turn."""
    with running() as found:
        values = unit * (10_000_000 // len(unit)) + "0"
        body = b'{"inputs":[{"name":"image","shape":[1,3,9,9],"datatype":"UINT8","data":[' + values.encode() + b"]}]}"
        assert "values" in refused(found, body, 413)
        for path in ("/predict", "/hf"):
            images = b'{"images":[' + values.encode() + b"]}"
            response = found.client.post(path, content=images, headers={"content-type": "application/json"})
            assert response.status_code == 413


def test_errors_above_the_routes_are_the_protocols_too(noop: Running) -> None:
    assert "200,000 bytes" in refused(noop, bytes(200_001), 413)
    for method, path, status in [
        ("GET", "/v2/nowhere", 404),
        ("GET", INFER, 405),
        ("GET", f"/v2/models/{'x' * 301}", 400),
        ("POST", "/v2/models/resnet51/infer", 404),
    ]:
        response = noop.client.request(method, path)
        assert response.status_code == status
        assert list(response.json()) == ["error"]
    assert noop.client.get("/v2x").json()["status"] == 404


def test_a_repository_request_is_short_and_of_its_form(noop: Running) -> None:
    for content, status in ((b"{", 400), (b'{"ready": "yes"}', 400), (b" " * 150_000, 413)):
        response = noop.client.post("/v2/repository/index", content=content)
        assert response.status_code == status
        assert list(response.json()) == ["error"]
    ready = noop.client.post("/v2/repository/index", content=b'{"ready": true}').json()
    assert ready == [{"name": WEIGHTS, "version": "1", "state": "READY", "reason": ""}]


def test_all_decompressed_bodies_together_are_bounded() -> None:
    model = GatedModel(WEIGHTS)
    with running(lambda _: model, max_bytes=1000, max_buffered_bytes=1500) as found:

        def post() -> int:
            headers = {"Inference-Header-Content-Length": "0", "Content-Encoding": "gzip"}
            return found.client.post(INFER, content=gzip.compress(bytes(900)), headers=headers).status_code

        model.shut()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(post)
            assert model.has_begun.wait(20)
            assert post() == 503
            model.gate.set()
            assert waiting.result() == 200
        wait_until(lambda: post() == 200)
