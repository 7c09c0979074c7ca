"""The protocol's routes: the server, the models, inference. Knows nothing of the body's format."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from serve.errors import UnknownModel
from serve.models.model import ModelFacts
from serve.protocol_v2 import repository, schemas
from serve.protocol_v2.answers import LENGTH_HEADER, VERSION, output_tensor, response
from serve.protocol_v2.inference import infer
from serve.protocol_v2.metadata import model_config, model_metadata, model_statistics, server_metadata
from serve.protocol_v2.reading import CallReader
from serve.routes.documents import SECURITY, errors, schema_of
from serve.routes.health import readiness
from serve.serving import Serving

Name = Annotated[str, Path(max_length=300, description="A model's name; `GET /v2/models` lists them.")]

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_INFER: dict[str, Any] = {
    "parameters": [
        {
            "name": LENGTH_HEADER,
            "in": "header",
            "schema": {"type": "integer", "minimum": 0},
            "description": "Bytes of JSON before the binary part; 0: the body is one encoded picture.",
        },
        {
            "name": "Content-Encoding",
            "in": "header",
            "schema": {"type": "string", "enum": ["gzip", "deflate", "identity"]},
        },
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": schema_of(schemas.InferRequest)},
            "application/octet-stream": _BINARY,
        },
    },
}
_INFERRED: dict[str, Any] = {
    "model": schemas.InferResponse,
    "description": "The output, in JSON, or in a binary part behind it.",
    "content": {"application/octet-stream": _BINARY},
}


def router(serving: Serving) -> APIRouter:
    """The routes, for this app. Each that names a model takes `/versions/1` after the name as well."""
    routes = APIRouter(prefix="/v2", tags=["Open Inference Protocol v2"])
    _add_server_routes(routes, serving)
    _add_model_routes(routes, serving)
    _add_inference(routes, serving)
    routes.include_router(repository.router(serving))
    return routes


def _add_server_routes(routes: APIRouter, serving: Serving) -> None:
    @routes.get("", summary="Server metadata", dependencies=[SECURITY], responses=errors(401, 403))
    async def get_server() -> schemas.ServerMetadata:
        """The server's name and version, and the protocol's extensions that it has."""
        return server_metadata()

    @routes.get("/health/live", summary="Is the process alive?", responses={503: {"model": schemas.Live}})
    async def live(response: Response) -> schemas.Live:
        """200 while pictures can be answered, 503 once the engine thread has died."""
        response.status_code = 200 if serving.predictor.is_alive else 503
        return schemas.Live(live=serving.predictor.is_alive)

    @routes.get("/health/ready", summary="May requests be sent here?", responses={503: {"model": schemas.Ready}})
    async def ready(response: Response) -> schemas.Ready:
        """200 once every model is loaded and warm, 503 else."""
        is_ready = readiness(serving).status == "ready"
        response.status_code = 200 if is_ready else 503
        return schemas.Ready(ready=is_ready)

    @routes.get("/models", summary="List the models", dependencies=[SECURITY], responses=errors(401, 403))
    async def list_models() -> schemas.ModelNames:
        """The names of the models that serve."""
        return schemas.ModelNames(models=[name for name, facts in serving.predictor.models().items() if facts])

    @routes.get("/models/stats", summary="Statistics", dependencies=[SECURITY], responses=errors(401, 403))
    async def get_all_statistics() -> dict[str, Any]:
        """The numbers of all models, by Triton's names."""
        return _statistics(serving, [facts for facts in serving.predictor.models().values() if facts])


def _add_model_routes(routes: APIRouter, serving: Serving) -> None:
    options: dict[str, Any] = {"dependencies": [SECURITY], "responses": errors(400, 401, 403, 404, 503)}
    hidden: dict[str, Any] = {"dependencies": [SECURITY], "include_in_schema": False}

    @routes.get("/models/{name}/versions/{version}", **hidden)
    @routes.get("/models/{name}", summary="Model metadata", **options)
    async def get_model(name: Name, request: Request) -> schemas.ModelMetadata:
        """The model's input and output."""
        return model_metadata(_find(serving, name, request))

    @routes.get("/models/{name}/versions/{version}/ready", **hidden)
    @routes.get("/models/{name}/ready", summary="May requests be sent to this model?", **options)
    async def model_ready(name: Name, request: Request) -> schemas.ModelReady:
        """200 if so; 503 while it is being loaded, 404 if it is not."""
        return schemas.ModelReady(name=_find(serving, name, request).name, ready=True)

    @routes.get("/models/{name}/versions/{version}/config", **hidden)
    @routes.get("/models/{name}/config", summary="Model configuration", **options)
    async def get_config(name: Name, request: Request) -> dict[str, Any]:
        """The model as Triton's ModelConfig has it; `parameters` tell the three forms of input."""
        return model_config(_find(serving, name, request), serving.settings)

    @routes.get("/models/{name}/versions/{version}/stats", **hidden)
    @routes.get("/models/{name}/stats", summary="Statistics of a model", **options)
    async def get_statistics(name: Name, request: Request) -> dict[str, Any]:
        """The model's numbers, by Triton's names."""
        return _statistics(serving, [_find(serving, name, request)])


def _add_inference(routes: APIRouter, serving: Serving) -> None:
    reader = CallReader(serving.settings)

    @routes.post("/models/{name}/versions/{version}/infer", dependencies=[SECURITY], include_in_schema=False)
    @routes.post(
        "/models/{name}/infer",
        summary="Classify a tensor of pictures",
        dependencies=[SECURITY],
        response_class=JSONResponse,
        openapi_extra=_INFER,
        responses=errors(400, 401, 403, 404, 408, 413, 415, 503, 504) | {200: _INFERRED},
    )
    async def infer_model(name: Name, request: Request) -> Response:
        """Probabilities of each picture, or its likeliest categories. One bad picture fails the whole tensor."""
        facts = _find(serving, name, request)
        async with reader.read(request) as call:
            probabilities_NK = await infer(serving, facts, call, request.receive, time.monotonic())
        tensor = output_tensor(facts, probabilities_NK, call.output)
        headers, body = response(facts, call.id, tensor, is_binary=call.output.is_binary)
        return Response(body, headers=headers)


def _find(serving: Serving, name: str, request: Request) -> ModelFacts:
    version = request.path_params.get("version", VERSION)
    facts = serving.predictor.find(name)
    if version != VERSION:
        raise UnknownModel(f"`{facts.name}` has no version `{version[:100]}`; the one there is, is {VERSION}")
    return facts


def _statistics(serving: Serving, models: list[ModelFacts]) -> dict[str, Any]:
    return {"model_stats": [model_statistics(facts, serving.telemetry.of_model(facts.name)) for facts in models]}
