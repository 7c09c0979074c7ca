"""`GET /docs`: the OpenAPI document as a page to read and to try, by Swagger UI. Knows no route but its own.

Everything comes from this server, so that it works without internet and tells nobody who reads it: Swagger UI's files
are those in the distribution `fastapi-offline`, where the framework's own page would take them from a CDN.
"""

from importlib.resources import files

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from serve.serving import Serving
from serve.static_files import read

OURS = ("index.html", "docs.js")
SWAGGER_UI = ("swagger-ui.css", "swagger-ui-bundle.js")

HEADERS = {
    # Swagger UI has style in attributes, and pictures in its style.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def router(serving: Serving) -> APIRouter:
    """The routes, for this app."""
    routes = APIRouter(include_in_schema=False)
    found = {name: read(files("serve") / "docs" / name) for name in OURS}
    found |= {name: read(files("fastapi_offline") / "static" / name) for name in SWAGGER_UI}

    @routes.get("/docs")
    async def docs(request: Request) -> Response:
        """The page."""
        return found["index.html"].response(request, HEADERS)

    @routes.get("/docs/{name}")
    async def part(name: str, request: Request) -> Response:
        """What the page is made of."""
        if name not in found:
            raise HTTPException(404)
        return found[name].response(request, HEADERS)

    return routes
