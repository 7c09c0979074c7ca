"""What HTTP asks of every path: HEAD where there is GET, OPTIONS, and an `Allow` that tells all methods there are.

The framework gives each route its own methods only, and several routes may stand on one path. Knows no route.
"""

from typing import Final

from starlette.applications import Starlette
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


class HeadAsGet:
    """An ASGI layer that has HEAD answered as GET, without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; as GET, if it is HEAD."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_no_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        # A copy: the server that sends the answer must still see that it was HEAD.
        inner: Scope = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, send_no_body)
        finally:
            if "route" in inner:  # by which the metrics count it
                scope["route"] = inner["route"]


def allowed_methods(app: Starlette, scope: Scope) -> list[str]:
    """All methods that the path of this request has, of all its routes, sorted."""
    found = {method for method in _METHODS if _has_route(app, {**scope, "method": method})}
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


def _has_route(app: Starlette, scope: Scope) -> bool:
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
