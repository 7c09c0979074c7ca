"""`GET /docs`: the OpenAPI document as a page to read and to try, by Swagger UI. Knows no route but its own.

Everything comes from this server, so that it works without internet and tells nobody who reads it: Swagger UI's files
are those in the distribution `fastapi-offline`, where the framework's own page would take them from a CDN.
"""

from importlib.resources import files

from fastapi import APIRouter

from serve.http.static_files import read, routes_of
from serve.serving import Serving

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
    found = {name: read(files("serve") / "docs" / name) for name in OURS}
    found |= {name: read(files("fastapi_offline") / "static" / name) for name in SWAGGER_UI}
    return routes_of(found, HEADERS, index="/docs", parts="/docs")
