"""The repository extension: list, load and unload models; and the extensions that are refused."""

from typing import Annotated, Any, Final, NoReturn, TypeVar

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from serve.errors import InvalidRequest, TooLarge, UnreadableBody
from serve.protocol_v2.answers import VERSION
from serve.protocol_v2.calls import first_error
from serve.protocol_v2.schemas import IndexEntry, IndexRequest, LoadRequest, UnloadRequest
from serve.routes.documents import SECURITY, errors, schema_of
from serve.routes.models import require_key
from serve.serving import Serving, read_body
from weights_registry.catalog import get_weights, list_weights

Name = Annotated[str, Path(max_length=300, description="A checkpoint's name.")]
Body = TypeVar("Body", bound=BaseModel)

_MAX_BYTES: Final = 100_000

_REFUSED: Final = (
    "/systemsharedmemory/{rest:path}",
    "/cudasharedmemory/{rest:path}",
    "/trace/setting",
    "/models/{name}/trace/setting",
    "/logging",
)
"""Extensions that clients know of and we have not: strangers shall neither name our memory nor set our logs."""


def router(serving: Serving) -> APIRouter:
    """The routes, for this app."""
    routes = APIRouter(dependencies=[SECURITY])
    _add_repository(routes, serving)
    _add_refusals(routes)
    return routes


def _add_repository(routes: APIRouter, serving: Serving) -> None:
    predictor, telemetry = serving.predictor, serving.telemetry

    @routes.post(
        "/repository/index",
        response_model_exclude_none=True,
        openapi_extra=_body(IndexRequest),
        responses=errors(400, 401, 403, 408, 413),
    )
    async def index(request: Request) -> list[IndexEntry]:
        """The models that serve, those being loaded, and the registered ones that could be loaded."""
        wanted = await _read(request, IndexRequest)
        served = {name: facts is not None for name, facts in predictor.models().items()}
        entries = [_served(name, is_ready=is_ready) for name, is_ready in served.items()]
        entries += [_unloaded(each.id) for each in list_weights() if each.id not in served]
        return [entry for entry in entries if entry.state == "READY" or not wanted.ready]

    responses = errors(400, 401, 403, 404, 408, 413, 502, 503)

    @routes.post("/repository/models/{name}/load", openapi_extra=_body(LoadRequest), responses=responses)
    async def load(name: Name, request: Request) -> dict[str, Any]:
        """Load the model, or load it again; the old one serves until then. Needs a server with an API key."""
        require_key(serving)
        if (await _read(request, LoadRequest)).parameters:
            raise InvalidRequest("a model is loaded as it is registered: `config` and files are not taken")
        # By registered name only: the path of a file on this machine is not for clients to give.
        telemetry.model_loaded(await predictor.load(get_weights(name).id))
        return {}

    @routes.post("/repository/models/{name}/unload", openapi_extra=_body(UnloadRequest), responses=responses)
    async def unload(name: Name, request: Request) -> dict[str, Any]:
        """Answer what was accepted, then let the model go. Needs a server with an API key."""
        require_key(serving)
        await _read(request, UnloadRequest)
        facts = predictor.find(name)
        await predictor.unload(facts.name)
        telemetry.model_unloaded(facts)
        return {}


def _add_refusals(routes: APIRouter) -> None:
    async def refuse(request: Request) -> NoReturn:
        part = request.url.path.removeprefix("/v2/")
        raise HTTPException(404, f"this server has no `{part[:200]}`; `GET /v2` lists the extensions that it has")

    for path in _REFUSED:
        routes.add_api_route(path, refuse, methods=["GET", "POST"], include_in_schema=False, response_model=None)


def _served(name: str, *, is_ready: bool) -> IndexEntry:
    return IndexEntry(name=name, version=VERSION, state="READY" if is_ready else "LOADING", reason="")


def _unloaded(name: str) -> IndexEntry:
    return IndexEntry(name=name, state="UNAVAILABLE", reason="unloaded")


async def _read(request: Request, schema: type[Body]) -> Body:
    body = await read_body(request.receive)
    if len(body) > _MAX_BYTES:
        raise TooLarge(f"such a request takes no more than {_MAX_BYTES:,} bytes")
    try:
        return schema.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise UnreadableBody(first_error(error)) from error


def _body(schema: type[BaseModel]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": schema_of(schema)}}}}
