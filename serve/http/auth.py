"""An ASGI layer that asks for the API key. Everything needs it but a few open paths, so a new route is closed.

Knows nothing of users: there is one key.
"""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.errors import NoKey, WrongKey

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/favicon.ico"})
OPEN_PREFIXES = ("/page/", "/docs/", "/v2/health/")


class ApiKey:
    """Lets requests with the key pass, as `Authorization: Bearer KEY` or `X-API-Key: KEY`; raises NoKey or WrongKey."""

    def __init__(self, app: ASGIApp, *, api_key: str) -> None:
        self._app = app
        self._key = api_key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise NoKey or WrongKey."""
        if scope["type"] == "http" and not is_open(scope["path"]):
            self._check(scope["headers"])
        await self._app(scope, receive, send)

    def _check(self, headers: list[tuple[bytes, bytes]]) -> None:
        given = _key_in(headers)
        if given is None:
            raise NoKey("this server needs an API key: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`")
        if not hmac.compare_digest(given, self._key):
            raise WrongKey("the API key of this request is not the server's")


def is_open(path: str) -> bool:
    """Whether the path is answered without a key: health, metrics, the docs and the page."""
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def _key_in(headers: list[tuple[bytes, bytes]]) -> bytes | None:
    for name, value in headers:
        if name == b"x-api-key":
            return value
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
    return None
