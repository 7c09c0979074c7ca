"""What is refused, and how: the status and the form of every error, against a real port."""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from typing import Any

import httpx2
import pytest
from PIL import Image

from serve import errors
from serve.errors import STATUS, ServeError, status_of
from serve.schemas import Problem
from tests.serve.conftest import WEIGHTS, GatedModel, Running, encode, running, wait_until

Gated = tuple[Running, GatedModel]


def problem(response: httpx2.Response, status: int) -> str:
    """The detail of a problem that has the status and the form it should have."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = Problem.model_validate(response.json())
    assert found.status == status
    assert found.request_id == response.headers["x-request-id"]
    return found.detail


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = set(re.findall(r"([A-Z]\w+)(?: +\d{3})?  ", errors.__doc__ or "")) | {"ServeError"}
    classes = {name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, ServeError)}
    assert drawn == classes


def test_only_failures_of_the_network_are_internal_errors() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, ServeError)]
    assert {each.__name__ for each in classes if status_of(each()) == 500} == {"ServeError", "ModelFailed"}
    assert set(STATUS.values()) >= {400, 401, 403, 404, 408, 413, 415, 422, 502, 503, 504}


@pytest.mark.parametrize(
    ("content", "headers", "path", "status", "told"),
    [
        (b"no picture", {}, "/predict", 400, "no picture that we know"),
        (b"", {}, "/predict", 400, "0 bytes"),
        (encode()[:500], {}, "/predict", 400, "damaged"),
        (b"<svg/>", {"content-type": "image/svg+xml"}, "/predict", 400, "SVG"),
        (b"{", {"content-type": "application/json"}, "/predict", 400, "no JSON"),
        (b"\xff", {"content-type": "application/json"}, "/predict", 400, "no JSON"),
        (b"[]", {"content-type": "application/json"}, "/predict", 422, '{"image"'),
        (b'{"images": []}', {"content-type": "application/json"}, "/predict", 422, '{"image"'),
        (b'{"image": "a", "x": 1}', {"content-type": "application/json"}, "/predict", 422, '{"image"'),
        (b'{"image": "http://x/y"}', {"content-type": "application/json"}, "/predict", 400, "not fetched"),
        (b"x", {"content-type": "multipart/form-data"}, "/predict", 400, "oundary"),
        (b"--b--\r\n", {"content-type": "multipart/form-data; boundary=b"}, "/predict", 422, "no file"),
        (b"x", {"content-type": "text/plain"}, "/predict", 415, "multipart/form-data"),
        (b"x", {}, "/predict?top_k=0", 422, "top_k"),
        (b"x", {}, "/predict?top_k=many", 422, "top_k"),
        (b"x", {}, "/predict?weights=resnet51", 404, WEIGHTS),
        (b"x", {}, "/elsewhere", 404, "Not Found"),
        (b"x", {}, "/models", 405, "Method"),
        (b"x", {}, f"/models/{WEIGHTS}", 403, "--api-key"),
    ],
)
def test_what_a_client_gets_wrong_is_told_to_it(
    server: Running, content: bytes, headers: dict[str, str], path: str, status: int, told: str
) -> None:
    assert told in problem(server.post(content, path, **headers), status)


def test_too_many_pictures_in_a_request_are_refused(server: Running) -> None:
    files = [("files", (f"{index}.png", b"x")) for index in range(5)]
    assert "1 to 4 pictures" in problem(server.client.post("/predict", files=files), 422)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(server: Running) -> None:
    file = BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    assert len(file.getvalue()) < 100_000
    assert "20000 x 20000" in problem(server.post(file.getvalue()), 413)


def test_a_declared_length_that_is_too_large_is_refused_before_a_byte_is_read(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_a_body_without_a_length_is_refused_while_it_streams(server: Running) -> None:
    def long_body() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100_000

    for path in ("/predict", "/predict?top_k=1"):
        problem(server.post(long_body(), path), 413)


def test_a_form_that_is_too_large_is_refused_while_it_streams(server: Running) -> None:
    files = {"file": ("a.png", b"x" * 2_100_000)}
    problem(server.client.post("/predict", files=files), 413)


@pytest.mark.parametrize("begin", [b"GET /", b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_an_address_or_headers_without_an_end_are_refused(server: Running, begin: bytes) -> None:
    more = b"X: y\r\n" if begin.endswith(b"\n") else b"x" * 6
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(begin)
        with suppress(ConnectionError):
            for _ in range(100):
                connection.sendall(more * 1000)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"65536 bytes" in answer


def test_the_next_requests_headers_may_begin_right_behind_a_large_body(server: Running) -> None:
    first = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 190000\r\n\r\n" + bytes(190_000)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(first + b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
        connection.sendall(b"\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_a_sender_that_is_too_slow_is_cut_off() -> None:
    with running(body_timeout_s=0.1) as found, socket.create_connection(("127.0.0.1", found.port), timeout=20) as slow:
        slow.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        answer = slow.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()


def test_all_bodies_together_are_bounded() -> None:
    with running(max_bytes=1000, max_buffered_bytes=1500) as found:
        with socket.create_connection(("127.0.0.1", found.port), timeout=20) as holding:
            holding.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + b"x" * 999)

            def is_full() -> bool:
                return found.post(b"x" * 900).status_code == 503

            wait_until(is_full)
            assert found.post(b"x" * 10).status_code == 200
            holding.sendall(b"x")
            assert holding.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert found.post(b"x" * 900).status_code == 200


def hold_engine(gated: Gated, pool: ThreadPoolExecutor, num_waiting: int) -> list[Any]:
    """Requests that hang in a shut engine: one that runs, and `num_waiting` behind it."""
    found, model = gated
    model.shut()
    requests = [pool.submit(found.post, b"x")]
    assert model.has_begun.wait(20)
    requests += [pool.submit(found.post, b"x") for _ in range(num_waiting)]
    wait_until(lambda: num_inside(found) == 1 + num_waiting)
    return requests


def num_inside(found: Running) -> int:
    """Pictures in the engine and in its queue, when one is in the engine."""
    predictor: Any = found.serving.predictor
    return 1 + sum(len(lane.queue) for lane in predictor._batcher._lanes)


def test_a_full_queue_is_refused_at_once_and_told_when_to_come_back(gated: Gated) -> None:
    found, model = gated
    with ThreadPoolExecutor(8) as pool:
        requests = hold_engine(gated, pool, 3)
        for path in ("/predict", "/predict?top_k=1"):
            response = found.post(b"x", path)
            assert "3 pictures wait" in problem(response, 503)
            assert response.headers["retry-after"] == "1"
        model.gate.set()
        assert [request.result().status_code for request in requests] == [200] * 4
    assert 'serve_rejected_total{reason="QueueFull"} 2.0' in found.client.get("/metrics").text


def test_what_queued_while_the_engine_was_busy_becomes_one_batch(gated: Gated) -> None:
    _, model = gated
    with ThreadPoolExecutor(8) as pool:
        requests = hold_engine(gated, pool, 3)
        model.gate.set()
        assert [request.result().status_code for request in requests] == [200] * 4
    assert model.batch_sizes == [1, 2, 1]


def test_a_client_that_hangs_up_frees_its_place(gated: Gated) -> None:
    found, model = gated
    with ThreadPoolExecutor(8) as pool:
        requests = hold_engine(gated, pool, 2)
        with socket.create_connection(("127.0.0.1", found.port), timeout=20) as leaving:
            leaving.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
            wait_until(lambda: num_inside(found) == 4)
            assert found.post(b"x").status_code == 503
        wait_until(lambda: num_inside(found) == 3)
        requests.append(pool.submit(found.post, b"x"))
        wait_until(lambda: num_inside(found) == 4)
        model.gate.set()
        assert [request.result().status_code for request in requests] == [200] * 4
    assert sum(model.batch_sizes) == 4
    assert 'status="499"' in found.client.get("/metrics").text


def test_a_request_past_its_deadline_is_answered_though_the_engine_is_not_free() -> None:
    model = GatedModel(WEIGHTS)
    with running(lambda _: model, deadline_ms=50) as found:
        model.shut()
        problem(found.post(b"x"), 504)
        problem(found.post(b"x", "/predict?top_k=1"), 504)
        model.gate.set()


def test_a_picture_the_network_fails_on_loses_none_of_its_neighbours(gated: Gated) -> None:
    found, model = gated
    with ThreadPoolExecutor(8) as pool:
        requests = hold_engine(gated, pool, 0)
        poisoned = pool.submit(found.post, b"poison")
        wait_until(lambda: num_inside(found) == 2)
        requests.append(pool.submit(found.post, b"good"))
        wait_until(lambda: num_inside(found) == 3)
        model.gate.set()
        assert [request.result().status_code for request in requests] == [200, 200]
        assert "failed on this picture" in problem(poisoned.result(), 500)


def test_a_dead_engine_makes_the_server_unready_and_dead_not_silent() -> None:
    class Dying(GatedModel):
        def run(self, items: list[int], num_inside: int) -> list[Any]:
            if len(b"fatal") in items:
                raise errors.EngineDied("the GPU is gone")
            return super().run(items, num_inside)

    with running(Dying) as found:
        assert found.client.get("/readyz").status_code == found.client.get("/healthz").status_code == 200
        for content in (b"fatal", b"x"):
            response = found.post(content)
            assert "restart" in problem(response, 503)
            assert response.headers["retry-after"] == "10"
        assert found.client.get("/readyz").json()["status"] == found.client.get("/healthz").json()["status"] == "dead"
        assert found.client.get("/readyz").status_code == found.client.get("/healthz").status_code == 503


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "\u00e9", "a;b"])
def test_a_request_id_of_another_form_is_replaced(server: Running, given: str) -> None:
    response = server.client.get("/healthz", headers=[(b"x-request-id", given.encode())])
    assert response.headers["x-request-id"] != given
    assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", response.headers["x-request-id"])


def test_request_ids_are_not_given_twice(server: Running) -> None:
    found = {server.client.get("/healthz").headers["x-request-id"] for _ in range(5)}
    assert len(found) == 5


def test_an_error_that_nobody_foresaw_tells_the_client_nothing_of_itself(caplog: pytest.LogCaptureFixture) -> None:
    with running() as found:

        def fail(*_: object, **__: object) -> None:
            raise KeyError("a secret")

        found.serving.hang_ups.guard = fail  # type: ignore[assignment]
        detail = problem(found.post(b"x"), 500)
    assert "secret" not in detail
    assert "a secret" in caplog.text
