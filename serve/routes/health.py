"""`/healthz`, `/readyz` and `/metrics`: what an orchestrator asks. Open to all, key or no key."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from serve.schemas import Health, Readiness
from serve.serving import Serving


def router(serving: Serving) -> APIRouter:
    """The routes, for this app."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", summary="Is the process alive?", responses={503: {"model": Health}})
    async def healthz(response: Response) -> Health:
        """200 while pictures can be answered; 503 once the engine thread has died: restart the process."""
        if serving.predictor.is_alive:
            return Health(status="alive")
        response.status_code = 503
        return Health(status="dead")

    @routes.get("/readyz", summary="May requests be sent here?", responses={503: {"model": Readiness}})
    async def readyz(response: Response) -> Readiness:
        """200 once every model is loaded and warm; 503 before, while stopping, and when the engine has died."""
        found = readiness(serving)
        if found.status != "ready":
            response.status_code = 503
        return found

    @routes.get("/metrics", summary="Prometheus metrics", response_class=Response, responses={200: _METRICS})
    async def metrics() -> Response:
        """Requests, latencies, batch sizes, queue, models and memory, for all workers of this port."""
        serving.telemetry.waiting(serving.predictor.num_waiting())
        return Response(serving.telemetry.render(), media_type=CONTENT_TYPE_LATEST)

    return routes


_METRICS = {"content": {"text/plain": {"schema": {"type": "string"}}}}


def readiness(serving: Serving) -> Readiness:
    """Whether requests may be sent here, and the state of each model."""
    models = serving.predictor.models()
    states = Readiness(status="ready", models={name: "ready" if facts else "loading" for name, facts in models.items()})
    if not serving.predictor.is_alive:
        states.status = "dead"
    elif serving.is_stopping:
        states.status = "stopping"
    elif serving.is_loading or not models:
        states.status = "loading"
    return states
