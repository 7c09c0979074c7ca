"""The application: layers and routes put together over a predictor. Knows nothing of sockets or processes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI

from serve.http.access_log import AccessLog
from serve.http.auth import ApiKey
from serve.http.limits import BodyLimits
from serve.http.methods import HeadAsGet
from serve.http.problems import answer_in_problems
from serve.http.request_layer import RequestLayer
from serve.http.unread import UnreadBodies
from serve.models.predictor import Predictor
from serve.protocol_v2 import routes as protocol_v2
from serve.routes import crop, docs, health, hugging_face, models, page, predict
from serve.routes.raw_predict import RawPredict
from serve.serving import Serving
from serve.settings import Settings
from serve.telemetry import Telemetry

_log = logging.getLogger("serve")

_DESCRIPTION = """Classifies pictures, by checkpoints whose origin, digest and accuracy are on record.

Send a picture to `POST /predict`. Errors are `application/problem+json`. Every answer carries `X-Request-ID`."""


def create_app(
    predictor: Predictor,
    settings: Settings,
    *,
    telemetry: Telemetry | None = None,
    log: AccessLog | None = None,
) -> FastAPI:
    """The server as an ASGI application; its lifespan starts and closes predictor and log, and loads the models.

    It answers while they load, and is ready when they are. `app.state.serving` is what the routes share; look at its
    `start_error`, and set its `is_stopping` before the server stops.
    """
    serving = Serving(predictor, settings, telemetry or Telemetry())
    app = FastAPI(
        title="weights-registry",
        version=version("weights-registry"),
        description=_DESCRIPTION,
        docs_url=None,  # ours needs no CDN
        redoc_url=None,
        # Asking for providers takes FastAPI 10 us a request even where there are none.
        telemetry={
            "tracing": settings.opentelemetry,
            "metrics": settings.opentelemetry,
            "logs": settings.opentelemetry,
            "auto_configure": settings.opentelemetry,  # exporters from the standard OTEL_* variables
        },
        lifespan=_lifespan(serving, log),
    )
    app.state.serving = serving
    for routes in (predict, crop, models, health, page, docs, hugging_face, protocol_v2):
        app.include_router(routes.router(serving))
    answer_in_problems(app)
    _add_layers(app, serving, log)
    return app


def _add_layers(app: FastAPI, serving: Serving, log: AccessLog | None) -> None:
    """The layers, innermost first: a refused request costs as little as can be."""
    settings = serving.settings
    app.add_middleware(HeadAsGet)
    if not settings.opentelemetry:  # whose spans name the route, which the fast path goes below
        app.add_middleware(RawPredict, serving=serving)
    app.add_middleware(
        BodyLimits,
        max_bytes=settings.max_bytes,
        max_buffered_bytes=settings.max_buffered_bytes,
        timeout_s=settings.body_timeout_s,
    )
    if settings.api_key is not None:
        app.add_middleware(ApiKey, api_key=settings.api_key.get_secret_value())
    unread = UnreadBodies(max_bytes=10 * settings.max_bytes, timeout_s=settings.body_timeout_s)
    app.add_middleware(RequestLayer, telemetry=serving.telemetry, log=log, unread=unread)


def _lifespan(serving: Serving, log: AccessLog | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if log is not None:
            log.start()
        await serving.predictor.start()
        loading = asyncio.create_task(_load_all(serving))
        try:
            yield
        finally:
            serving.is_stopping = True
            loading.cancel()
            with suppress(asyncio.CancelledError):
                await loading
            await serving.predictor.close()
            if log is not None:
                await asyncio.to_thread(log.close)

    return lifespan


async def _load_all(serving: Serving) -> None:
    try:
        for weights in serving.settings.weights:
            serving.telemetry.model_loaded(await serving.predictor.load(weights))
        serving.is_loading = False
    except Exception as error:
        _log.error("cannot start: %s", error)
        serving.start_error = error
