"""Models that come and go while the server serves, the API key, and what the server says of its health."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from serve.assembly import checkpoint_opener
from serve.models.model import Model
from serve.models.noop_model import NoopModel
from serve.schemas import ModelDetail, ModelList
from serve.settings import Settings
from tests.serve.conftest import WEIGHTS, GatedModel, Running, encode, running, wait_until
from weights_registry import Weights, get_weights, save
from weights_registry.card import make_card
from weights_registry.inference.architectures import build
from weights_registry.record import from_record

OTHER = "ResNet18_Weights.ImageNet1K_V1"
KEY = {"x-api-key": "sesame"}


def names(found: Running) -> dict[str, str]:
    models = ModelList.model_validate(found.client.get("/models", headers=KEY).raise_for_status().json()).models
    return {each.name: each.state for each in models}


def test_a_model_tells_all_that_is_known_of_it(server: Running) -> None:
    found = ModelDetail.model_validate(server.client.get(f"/models/{WEIGHTS}").json())
    checkpoint = get_weights(WEIGHTS).checkpoint
    assert found.is_default
    assert found.checkpoint_sha256 == checkpoint.sha256
    assert from_record(found.checkpoint or {}).categories == checkpoint.categories
    assert found.preprocessing == checkpoint.preprocessing.describe()
    assert server.client.get("/models/resnet18").status_code == 404


def test_a_model_comes_with_its_card(server: Running) -> None:
    card = server.client.get(f"/models/{WEIGHTS}").json()["card"]
    assert card == make_card(get_weights(WEIGHTS).checkpoint)


def test_a_file_that_nobody_registered_is_served_with_its_card(tmp_path: Path) -> None:
    model = build("resnet18", 1000)
    record = replace(Weights.ImageNet1K_V1.checkpoint, id="Mine.V1", architecture="resnet18", num_params=11_689_512)
    path = save(model, tmp_path / "mine.safetensors", record)
    with running(checkpoint_opener(Settings(torch_threads=1)), weights=(str(path),)) as found:
        assert found.post(encode()).json()["model"] == "Mine.V1"
        assert "# Mine.V1" in found.client.get("/models/Mine.V1").json()["card"]


def test_models_are_loaded_and_unloaded_while_the_server_serves() -> None:
    with running(api_key="sesame") as found:
        assert names(found) == {WEIGHTS: "ready"}
        assert found.client.post("/models/resnet18", headers=KEY).status_code == 201
        assert names(found) == {WEIGHTS: "ready", OTHER: "ready"}
        assert found.post(b"x", "/predict?weights=resnet18", **KEY).json()["model"] == OTHER
        assert found.post(b"x", **KEY).json()["model"] == WEIGHTS
        assert f'serve_model_info{{device="none",dtype="none",model="{OTHER}"' in found.client.get("/metrics").text
        assert found.client.delete("/models/resnet18", headers=KEY).status_code == 204
        assert found.client.delete("/models/resnet18", headers=KEY).status_code == 404
        assert found.post(b"x", "/predict?weights=resnet18", **KEY).status_code == 404
        assert found.post(b"x", **KEY).status_code == 200


def test_a_load_that_fails_leaves_the_old_model_serving() -> None:
    opened: list[Model] = []

    def open_once(name: str) -> Model:
        if opened:
            raise OSError("the disk is gone")
        opened.append(NoopModel(name))
        return opened[0]

    with running(open_once, api_key="sesame") as found:
        response = found.client.post(f"/models/{WEIGHTS}", headers=KEY)
        assert response.status_code == 502
        assert "the disk is gone" in response.json()["detail"]
        assert found.post(b"x", **KEY).status_code == 200
        assert found.client.get("/readyz").status_code == 200


def test_a_model_that_fails_when_warmed_up_never_serves() -> None:
    class Cold(NoopModel):
        def run(self, items: list[int], num_inside: int) -> list[Any]:
            if self.facts.name == OTHER:
                raise ArithmeticError("NaN")
            return super().run(items, num_inside)

    with running(Cold, api_key="sesame") as found:
        assert found.client.post("/models/resnet18", headers=KEY).status_code == 502
        assert names(found) == {WEIGHTS: "ready"}


def test_a_path_is_no_name_to_load_by() -> None:
    with running(api_key="sesame") as found:
        response = found.client.post("/models/%2Fetc%2Fpasswd.safetensors", headers=KEY)
        assert response.status_code == 404


def test_what_a_model_accepted_is_answered_before_it_goes() -> None:
    models: dict[str, GatedModel] = {}

    def open_gated(name: str) -> Model:
        return models.setdefault(name, GatedModel(name))

    with running(open_gated, api_key="sesame") as found, ThreadPoolExecutor(2) as pool:
        found.client.post("/models/resnet18", headers=KEY)
        model = models["ResNet18_Weights.ImageNet1K_V1"]
        model.shut()
        waiting = pool.submit(found.post, b"x", "/predict?weights=resnet18", **KEY)
        assert model.has_begun.wait(20)
        unloading = pool.submit(found.client.delete, "/models/resnet18", headers=KEY)
        wait_until(lambda: OTHER not in names(found))
        assert not unloading.done()
        model.gate.set()
        assert waiting.result().status_code == 200
        assert unloading.result().status_code == 204


def test_the_server_lives_while_it_loads_and_is_ready_when_it_has() -> None:
    may_open = threading.Event()

    def open_slowly(name: str) -> Model:
        assert may_open.wait(30)
        return NoopModel(name)

    with running(api_key="sesame") as found:
        predictor: Any = found.serving.predictor
        predictor._open_model = open_slowly
        with ThreadPoolExecutor(1) as pool:
            loading = pool.submit(found.client.post, "/models/resnet18", headers=KEY)
            wait_until(lambda: names(found).get(OTHER) == "loading")
            assert found.client.get("/healthz").status_code == 200
            assert found.client.get("/readyz").json()["models"][OTHER] == "loading"
            response = found.post(b"x", "/predict?weights=resnet18", **KEY)
            assert response.status_code == 503
            assert "retry-after" in response.headers
            may_open.set()
            assert loading.result().status_code == 201
        assert found.client.get("/readyz").json()["models"] == {WEIGHTS: "ready", OTHER: "ready"}


@pytest.mark.parametrize("path", ["/predict", "/predict?top_k=1", "/models", "/a-route-to-come"])
def test_everything_but_the_open_paths_needs_the_key(path: str) -> None:
    with running(api_key="sesame") as found:
        bare = found.post(b"x", path)
        assert bare.status_code == 401
        assert bare.headers["www-authenticate"] == "Bearer"
        assert found.post(b"x", path, authorization="Bearer open").status_code == 403
        assert found.post(b"x", path, authorization="bearer sesame").status_code in (200, 404, 405)
        assert found.post(b"x", path, **KEY).status_code in (200, 404, 405)
        for open_path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
            assert found.client.get(open_path).status_code == 200


def test_the_metrics_count_requests_batches_and_pictures() -> None:
    with running() as found:
        for path in ("/predict", "/predict?top_k=2"):
            found.post(b"x", path)
        found.post(b"x", "/no/such/route/of/mine")
        text = found.client.get("/metrics").text
    assert 'serve_requests_total{route="/predict",status="200"} 2.0' in text
    assert 'route="none",status="404"' in text
    assert "/no/such" not in text
    assert f'serve_decode_seconds_count{{model="{WEIGHTS}"}} 2.0' in text
    assert f'serve_queue_seconds_count{{model="{WEIGHTS}"}} 2.0' in text
    num_pictures = float(re.findall(rf'serve_batch_size_sum{{model="{WEIGHTS}"}} (\S+)', text)[0])
    assert num_pictures == 2 + 17  # and the warm-up: one, and a full batch
    assert "serve_in_flight 1.0" in text
    assert f'serve_waiting{{model="{WEIGHTS}"}} 0.0' in text
    assert "process_resident_memory_bytes" in text


def test_each_app_has_metrics_of_its_own() -> None:
    with running() as one, running() as other:
        one.post(b"x")
        assert 'route="/predict"' in one.client.get("/metrics").text
        assert 'route="/predict"' not in other.client.get("/metrics").text


def test_a_model_that_is_still_loading_is_listed_as_such() -> None:
    gate = threading.Event()

    def open_late(name: str) -> NoopModel:
        assert gate.wait(60)
        return NoopModel(name)

    with running(open_late, until_ready=False) as server:
        try:
            wait_until(lambda: bool(server.client.get("/models").json()["models"]))
            [model] = server.client.get("/models").json()["models"]
            assert (model["state"], model["is_default"]) == ("loading", False)
            assert server.client.get("/readyz").status_code == 503
        finally:
            gate.set()
        wait_until(lambda: server.client.get("/readyz").status_code == 200)
        [model] = server.client.get("/models").json()["models"]
        assert (model["state"], model["is_default"]) == ("ready", True)
