"""HEAD, OPTIONS and `Allow`, on every path that the server has."""

import re

import pytest

from tests.serve.conftest import WEIGHTS, Running

GET = "GET, HEAD, OPTIONS"
POST = "OPTIONS, POST"

ALLOWED = {
    "/": GET,
    "/page/page.css": GET,
    "/docs": GET,
    "/openapi.json": GET,
    "/healthz": GET,
    "/metrics": GET,
    "/predict": POST,
    "/crop": POST,
    "/hf": POST,
    "/models": GET,
    f"/models/{WEIGHTS}": "DELETE, GET, HEAD, OPTIONS, POST",
    "/models/nobody": "DELETE, GET, HEAD, OPTIONS, POST",
    "/v2": GET,
    f"/v2/models/{WEIGHTS}/infer": POST,
    "/v2/logging": "GET, HEAD, OPTIONS, POST",
}


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_options_and_a_405_tell_all_methods_of_the_path(server: Running, path: str, allowed: str) -> None:
    asked = server.client.options(path)
    assert (asked.status_code, asked.content, asked.headers["allow"]) == (204, b"", allowed)
    refused = server.client.request("PATCH", path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


def test_no_operation_of_the_document_is_left_out_of_allow(server: Running) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    assert "/predict" in paths
    for path, operations in paths.items():
        allowed = server.client.options(re.sub(r"{\w+}", "x", path)).headers["allow"].lower().split(", ")
        assert set(operations) <= set(allowed), path


def test_a_path_that_is_not_there_has_no_options(server: Running) -> None:
    assert server.client.options("/nowhere").status_code == 404


@pytest.mark.parametrize("path", [path for path, allowed in ALLOWED.items() if "GET" in allowed])
def test_head_is_get_without_its_body(server: Running, path: str) -> None:
    head, get = server.client.head(path), server.client.get(path)
    assert head.status_code == get.status_code
    assert not head.content
    if path != "/metrics":  # which counts what was asked in between
        own = {"date", "x-request-id"}
        assert {name: head.headers[name] for name in set(head.headers) - own} == {
            name: get.headers[name] for name in set(get.headers) - own
        }


def test_head_is_counted_by_its_route(server: Running) -> None:
    server.client.head("/models/nobody")
    assert 'serve_requests_total{route="/models/{name}",status="404"}' in server.client.get("/metrics").text


def test_where_there_is_no_get_there_is_no_head(server: Running) -> None:
    assert server.client.head("/predict").status_code == 405
