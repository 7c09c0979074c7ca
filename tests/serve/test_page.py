"""The files of the two pages as the server sends them; what a browser makes of them is in tests/browser."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import serve
from serve.http.static_files import MEDIA_TYPES
from serve.routes.docs import OURS, SWAGGER_UI
from serve.routes.page import NAMES, SAMPLES
from tests.serve.conftest import Running, running

PAGE = Path(serve.__file__).parent / "page"
DOCS = Path(serve.__file__).parent / "docs"
PATHS = ["/", *(f"/page/{name}" for name in NAMES), *(f"/page/samples/{name}" for name in SAMPLES)]
PATHS_OF_DOCS = ["/docs", *(f"/docs/{name}" for name in (*OURS, *SWAGGER_UI))]


def test_every_file_of_the_pages_is_served_and_no_other() -> None:
    assert {path.name for path in PAGE.iterdir()} == set(NAMES)
    assert {path.name for path in DOCS.iterdir()} == set(OURS)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_comes_with_its_type_and_may_load_nothing_foreign(server: Running, path: str) -> None:
    found = server.client.get(path)
    assert found.status_code == 200
    assert found.headers["content-type"] == MEDIA_TYPES[Path(path).suffix or ".html"]
    assert found.headers["x-content-type-options"] == "nosniff"
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert not re.search(r"unsafe|\*|https?:|data:", policy)


@pytest.mark.parametrize("path", PATHS_OF_DOCS)
def test_what_shows_the_document_may_load_nothing_foreign_either(server: Running, path: str) -> None:
    found = server.client.get(path)
    assert found.status_code == 200
    assert found.headers["content-type"] == MEDIA_TYPES[Path(path).suffix or ".html"]
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert not re.search(r"script-src|connect-src|\*|https?:", policy)


@pytest.mark.parametrize("path", [*PATHS, *PATHS_OF_DOCS])
def test_a_file_that_has_not_changed_is_not_sent_again(server: Running, path: str) -> None:
    first = server.client.get(path)
    assert first.headers["cache-control"] == "no-cache"
    for known in (first.headers["etag"], f'"other", W/{first.headers["etag"]}', "*"):
        again = server.client.get(path, headers={"if-none-match": known})
        assert again.status_code == 304
        assert not again.content
        assert again.headers["etag"] == first.headers["etag"]
    assert server.client.get(path, headers={"if-none-match": '"other"'}).status_code == 200


def test_head_gives_the_headers_alone(server: Running) -> None:
    found = server.client.head("/")
    assert found.status_code == 200
    assert not found.content
    assert found.headers["etag"] == server.client.get("/").headers["etag"]


@pytest.mark.parametrize(
    "path", ["/page/", "/page/app.py", "/page/../app.py", "/page/%2e%2e/app.py", "/page/samples/", "/docs/app.py"]
)
def test_no_other_path_leads_to_a_file(server: Running, path: str) -> None:
    found = server.client.get(path)
    assert found.status_code == 404
    assert found.headers["content-type"] == "application/problem+json"


def test_the_pages_open_without_the_key() -> None:
    with running(api_key="sesame") as found:
        assert {found.client.get(path).status_code for path in (*PATHS, *PATHS_OF_DOCS)} == {200}


def test_nothing_is_inline_and_nothing_comes_from_elsewhere() -> None:
    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
            names = dict(attributes)
            assert not [name for name in names if name == "style" or name.startswith("on")]
            assert tag != "style"
            assert tag != "script" or names.get("src")
            # Relative, so that the page also works below a path of a proxy.
            assert all(
                re.match(r"(page/|docs/|docs$|openapi.json$)", names[name] or "")
                for name in ("src", "href")
                if name in names
            )

    for path in (PAGE / "index.html", DOCS / "index.html"):
        Reader().feed(path.read_text(encoding="utf-8"))
    for path in (*PAGE.glob("*.css"), *PAGE.glob("*.js"), *DOCS.glob("*.js")):
        assert not re.search(r"https?://|@import|innerHTML|eval\(", path.read_text(encoding="utf-8")), path.name
