"""The same app and predictor on Ray Serve. Knows nothing of HTTP or of the models; needs the extra `ray`.

    serve run serve.ray_app:build_deployment weights=resnet50,resnet18 workers=2

or, in a program, `ray.serve.run(build_deployment(Settings(weights=("resnet50",))))`. Address and port are Ray's:
`host`, `port` and `drain_s` are not looked at. It answers below the route prefix `/`, which is Ray's default.
"""

import asyncio
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.assembly import build_app
from serve.errors import EngineDied, LoadFailed
from serve.serving import Serving
from serve.settings import Settings

if TYPE_CHECKING:
    from ray.serve import Application

NAME: Final = "weights"
"""The deployment's, by which a Serve config file overrides what is set here."""

_LOOK_EVERY_S: Final = 0.05


def build_deployment(settings: Settings) -> "Application":
    """The application for Ray Serve: `settings.workers` replicas, each with its own models, threads and queue.

    A replica reserves as many cores as it has threads, and a GPU if `settings.device` is a CUDA one. It takes no
    request before its models are loaded; one whose engine has died is replaced. Raises ModuleNotFoundError without Ray.
    """
    try:
        from ray import serve
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Ray Serve is not installed: `pip install 'weights-registry[ray]'`", name="ray"
        ) from error

    one = settings.for_one_worker()

    def build() -> FastAPI:
        app = build_app(one)
        app.add_middleware(_RaysRequestId)
        return app

    deployment = serve.deployment(
        name=NAME,
        num_replicas=settings.workers,
        ray_actor_options={
            "num_cpus": max(one.decode_threads, one.torch_threads),
            "num_gpus": int(one.device.startswith("cuda")),
        },
        # Ours is the queue that refuses: Ray's own would hold requests where nobody refuses them.
        max_ongoing_requests=2 * (one.queue + one.max_batch),
        graceful_shutdown_timeout_s=one.deadline_ms / 1e3 + one.body_timeout_s,
    )
    return deployment(serve.ingress(build)(Replica)).bind()


class _RaysRequestId:
    """An ASGI layer that leaves X-Request-ID to Ray's proxy, which gives each request one and sends it back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [each for each in message["headers"] if each[0] != b"x-request-id"]
            await send(message)

        await self._app(scope, receive, send_without_id)


class Replica:
    """What Ray asks of a replica besides HTTP. `app` is there once Ray has made it by `serve.ingress`."""

    app: FastAPI

    async def check_health(self) -> None:
        """Come back once the models are loaded. Raises LoadFailed or EngineDied where they never answer."""
        serving: Serving = self.app.state.serving
        while serving.is_loading:
            if serving.start_error is not None:
                raise LoadFailed(str(serving.start_error))
            await asyncio.sleep(_LOOK_EVERY_S)
        if not serving.predictor.is_alive:
            raise EngineDied("the engine has ended; Ray starts another replica")
