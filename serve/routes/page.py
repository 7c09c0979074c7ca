"""`GET /` and `/page/...`: the page for the browser, as files that stand in the package. Knows nothing of the models.

The page may load nothing but itself: its policy forbids inline code, other origins, frames and forms.
"""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from serve.serving import Serving

MEDIA_TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "card.js": "text/javascript; charset=utf-8",
    "camera.js": "text/javascript; charset=utf-8",
    "server.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
SAMPLES = ("tabby_cat.jpg", "espresso.jpg", "tripod.jpg")

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # keep it, but ask whether it is still the same: no stale page after an update
}


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    media_type: str
    etag: str


def router(serving: Serving) -> APIRouter:
    """The routes, for this app. They look the same whatever it serves; the page asks `/models` itself."""
    routes = APIRouter(include_in_schema=False)
    page = _read_all()

    @routes.get("/")
    async def index(request: Request) -> Response:
        """The page."""
        return _respond(page["index.html"], request)

    @routes.get("/page/{name:path}")
    async def part(name: str, request: Request) -> Response:
        """What the page is made of: its style, its code, the sample photos."""
        if name not in page:
            raise HTTPException(404)
        return _respond(page[name], request)

    return routes


def _read_all() -> dict[str, _File]:
    """Every file there is, by its path below `/page/`: no other path leads anywhere."""
    page, samples = files("serve") / "page", files("weights_registry") / "samples"
    found = {name: _read(page / name, media_type) for name, media_type in MEDIA_TYPES.items()}
    return found | {f"samples/{name}": _read(samples / name, "image/jpeg") for name in SAMPLES}


def _read(file: Traversable, media_type: str) -> _File:
    content = file.read_bytes()
    return _File(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _respond(file: _File, request: Request) -> Response:
    headers = HEADERS | {"ETag": file.etag}
    if _is_known(file.etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)


def _is_known(etag: str, if_none_match: str) -> bool:
    """Whether the browser has this very version already (RFC 9110, 13.1.2: compared weakly)."""
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in known or known == ["*"]
