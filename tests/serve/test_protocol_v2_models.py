"""Servers and models by the Open Inference Protocol: what they are, loading, statistics, what is refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tritonclient.http as triton

from serve.models.noop_model import NoopModel
from tests.serve.conftest import WEIGHTS, Running, running
from tests.serve.triton_requests import bytes_input, client_of, refusal

OTHER = "ResNet18_Weights.ImageNet1K_V1"


@pytest.fixture
def client(server: Running) -> Iterator[Any]:
    with client_of(server) as found:
        yield found


def test_the_client_learns_what_the_server_and_its_model_are(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    for version in ("", "1"):
        assert client.is_model_ready(WEIGHTS, version)
        metadata = client.get_model_metadata(WEIGHTS, version)
        assert metadata["name"] == WEIGHTS
        assert metadata["versions"] == ["1"]
        assert metadata["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, 3, 224, 224]}]
        assert metadata["outputs"] == [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 1000]}]
        config = client.get_model_config(WEIGHTS, version)
        assert config["max_batch_size"] == 4
        assert config["input"][0]["format"] == "FORMAT_NCHW"
        assert config["input"][0]["dims"] == [3, 224, 224]
    assert not client.is_model_ready(WEIGHTS, "2")
    assert not client.is_model_ready("resnet51")
    assert {"binary_tensor_data", "classification"} <= set(client.get_server_metadata()["extensions"])


def test_kserves_health_bodies_and_list_of_models_are_there(server: Running) -> None:
    assert server.client.get("/v2/health/live").json() == {"live": True}
    assert server.client.get("/v2/health/ready").json() == {"ready": True}
    assert server.client.get(f"/v2/models/{WEIGHTS}/ready").json() == {"name": WEIGHTS, "ready": True}
    assert server.client.get("/v2/models").json() == {"models": [WEIGHTS]}


def test_shared_memory_traces_and_logs_are_refused_clearly(client: Any) -> None:
    for call, *arguments in [
        (client.get_trace_settings,),
        (client.update_trace_settings, WEIGHTS, {"trace_level": ["TIMESTAMPS"]}),
        (client.get_log_settings,),
        (client.update_log_settings, {"log_verbose_level": 1}),
        (client.get_system_shared_memory_status,),
        (client.register_system_shared_memory, "region", "/region", 64),
        (client.unregister_system_shared_memory,),
        (client.get_cuda_shared_memory_status,),
        (client.register_cuda_shared_memory, "region", b"handle", 0, 64),
        (client.unregister_cuda_shared_memory,),
    ]:
        status, text = refusal(call, *arguments)
        assert status == "404"
        assert "extensions" in text
    shared = triton.InferInput("image", [1], "BYTES")
    shared.set_shared_memory("region", 64)
    assert "shares no memory" in refusal(client.infer, WEIGHTS, [shared])[1]


def test_the_statistics_count_pictures_and_batches() -> None:
    with running() as found, client_of(found) as client:
        (before,) = client.get_inference_statistics(WEIGHTS)["model_stats"]
        client.infer(WEIGHTS, [bytes_input([b"one", b"two"])])
        found.post(b"three")
        (after,) = client.get_inference_statistics(WEIGHTS, "1")["model_stats"]
        assert client.get_inference_statistics()["model_stats"] == [after]
    assert before["inference_count"] == 0
    assert after["inference_count"] == after["inference_stats"]["queue"]["count"] == 3
    assert after["execution_count"] > before["execution_count"]
    assert after["inference_stats"]["compute_infer"]["ns"] > 0


def test_models_are_loaded_and_unloaded_with_the_key_alone() -> None:
    key = {"X-API-Key": "sesame"}
    with running(api_key="sesame") as found, client_of(found) as client:
        assert client.is_server_live()
        assert client.is_server_ready()
        assert refusal(client.load_model, OTHER)[0] == "401"
        assert refusal(client.load_model, OTHER, headers={"Authorization": "Bearer open"})[0] == "403"
        client.load_model("resnet18", headers=key)
        assert client.is_model_ready(OTHER, headers=key)
        states = {each["name"]: each["state"] for each in client.get_model_repository_index(headers=key)}
        assert states[WEIGHTS] == states[OTHER] == "READY"
        assert states["ResNet50_Weights.ImageNet1K_V2"] == "UNAVAILABLE"
        assert client.infer("resnet18", [bytes_input([b"x"])], headers=key).get_response()["model_name"] == OTHER
        client.unload_model(OTHER, headers=key)
        assert not client.is_model_ready(OTHER, headers=key)
        assert refusal(client.unload_model, OTHER, headers=key)[0] == "404"
        assert refusal(client.load_model, "resnet51", headers=key)[0] == "404"
        assert refusal(client.load_model, "/etc/passwd", headers=key)[0] == "404"
        assert "registered" in refusal(client.load_model, OTHER, headers=key, config="{}")[1]


def test_without_a_key_nobody_loads(client: Any) -> None:
    for call in (client.load_model, client.unload_model):
        status, text = refusal(call, WEIGHTS)
        assert status == "403"
        assert "--api-key" in text
    assert client.is_model_ready(WEIGHTS)


def test_a_load_that_fails_is_an_error_of_the_protocol() -> None:
    def open_once(name: str) -> Any:
        if name != WEIGHTS:
            raise OSError("the disk is gone")
        return NoopModel(name)

    with running(open_once, api_key="sesame") as found, client_of(found) as client:
        status, text = refusal(client.load_model, OTHER, headers={"X-API-Key": "sesame"})
    assert status == "502"
    assert "the disk is gone" in text


def test_a_server_that_loads_or_is_dead_is_not_ready() -> None:
    with running() as found, client_of(found) as client:
        found.serving.is_loading = True
        assert client.is_server_live()
        assert not client.is_server_ready()
        found.serving.is_loading = False
        assert client.is_server_ready()


def test_the_routes_are_in_the_openapi_document(server: Running) -> None:
    document = server.client.get("/openapi.json").json()
    infer = document["paths"]["/v2/models/{name}/infer"]["post"]
    assert set(infer["requestBody"]["content"]) == {"application/json", "application/octet-stream"}
    assert set(infer["responses"]["200"]["content"]) == {"application/json", "application/octet-stream"}
    assert json.dumps(infer["responses"]["400"]).count("Error")
