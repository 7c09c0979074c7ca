"""Files that a browser asks for: read once, sent with their type and version. Knows nothing of what is in them."""

import hashlib
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Those that are served, by the end of their name."""

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # keep it, but ask whether it is still the same: no stale page after an update
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file's bytes, its media type, and its `ETag`."""

    content: bytes
    media_type: str
    etag: str

    def response(self, request: Request, headers: dict[str, str]) -> Response:
        """The file, or 304 if the browser has this version already."""
        headers = _HEADERS | headers | {"ETag": self.etag}
        if _is_known(self.etag, request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(self.content, media_type=self.media_type, headers=headers)


def routes_of(found: dict[str, StaticFile], headers: dict[str, str], *, index: str, parts: str) -> APIRouter:
    """`GET index`, the file `index.html`, and `GET parts/NAME`, each of the files by its name: no other path leads
    anywhere. `headers` go with all of them."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(index)
    async def page(request: Request) -> Response:
        """The page."""
        return found["index.html"].response(request, headers)

    @routes.get(f"{parts}/{{name:path}}")
    async def part(name: str, request: Request) -> Response:
        """What the page is made of."""
        if name not in found:
            raise HTTPException(404)
        return found[name].response(request, headers)

    return routes


def read(file: Traversable) -> StaticFile:
    """The file, read now. Raises KeyError for a kind that is not in `MEDIA_TYPES`."""
    content = file.read_bytes()
    media_type = MEDIA_TYPES[file.name[file.name.rindex(".") :]]
    return StaticFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _is_known(etag: str, if_none_match: str) -> bool:
    """Whether the browser has this very version already (RFC 9110, 13.1.2: compared weakly)."""
    known = [each.strip().removeprefix("W/") for each in if_none_match.split(",")]
    return etag in known or known == ["*"]
