"""`GET /` and `/page/...`: the page for the browser, as files that stand in the package. Knows nothing of the models.

The page may load nothing but itself: its policy forbids inline code, other origins, frames and forms.
"""

from importlib.resources import files

from fastapi import APIRouter

from serve.http.static_files import StaticFile, read, routes_of
from serve.serving import Serving

NAMES = ("index.html", "page.css", "page.js", "card.js", "camera.js", "server.js", "icon.svg")
SAMPLES = ("tabby_cat.jpg", "espresso.jpg", "tripod.jpg")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}


def router(serving: Serving) -> APIRouter:
    """The routes, for this app. They look the same whatever it serves; the page asks `/models` itself."""
    return routes_of(_read_all(), HEADERS, index="/", parts="/page")


def _read_all() -> dict[str, StaticFile]:
    """Every file there is, by its path below `/page/`: no other path leads anywhere."""
    page, samples = files("serve") / "page", files("weights_registry") / "samples"
    found = {name: read(page / name) for name in NAMES}
    return found | {f"samples/{name}": read(samples / name) for name in SAMPLES}
