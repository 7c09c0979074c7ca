"""`/models`: which checkpoints are served, all that is known of them, and loading and unloading while serving."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from serve.errors import NotReady, UnknownModel, WrongKey
from serve.models.model import ModelFacts
from serve.routes.documents import SECURITY, problems
from serve.schemas import ModelDetail, ModelList, ModelSummary
from serve.serving import Serving
from weights_registry.card import find_recipe_table, make_card
from weights_registry.catalog import get_weights
from weights_registry.checkpoint import Checkpoint
from weights_registry.record import to_record

Name = Annotated[str, Path(max_length=300, description="A checkpoint's name.")]


def router(serving: Serving) -> APIRouter:
    """The routes, for this app."""
    routes = APIRouter(prefix="/models", tags=["models"], dependencies=[SECURITY])
    predictor, telemetry = serving.predictor, serving.telemetry

    @routes.get("", summary="List the models", responses=problems(401, 403))
    async def list_models() -> ModelList:
        """The models that are served or being loaded, the default first."""
        return ModelList(models=[_summary(serving, name, facts) for name, facts in predictor.models().items()])

    @routes.get("/{name}", summary="All about one model", responses=problems(401, 403, 404, 422, 503))
    async def get_model(name: Name) -> ModelDetail:
        """The whole record of the checkpoint, origin, digest, categories, accuracies and all; and its card."""
        return await _detail(serving, predictor.find(name))

    @routes.post("/{name}", summary="Load a model", status_code=201, responses=problems(401, 403, 404, 422, 502, 503))
    async def load_model(name: Name) -> ModelDetail:
        """Load it, or load it again. It is warmed up before it serves; if that fails, the old one goes on serving."""
        require_key(serving)
        # By registered name only: the path of a file on this machine is not for clients to give.
        facts = await predictor.load(get_weights(name).id)
        telemetry.model_loaded(facts)
        return await _detail(serving, facts)

    @routes.delete("/{name}", summary="Unload a model", status_code=204, responses=problems(401, 403, 404, 422, 503))
    async def unload_model(name: Name) -> Response:
        """Take no more pictures for it, answer those that were accepted, and give its memory back."""
        require_key(serving)
        facts = predictor.find(name)
        await predictor.unload(facts.name)
        telemetry.model_unloaded(facts)
        return Response(status_code=204)

    return routes


def require_key(serving: Serving) -> None:
    """Raises WrongKey on a server without an API key: there, strangers would load and unload."""
    if serving.settings.api_key is None:
        raise WrongKey("models are loaded and unloaded only on a server with an API key: start it with --api-key")


def _summary(serving: Serving, name: str, facts: ModelFacts | None) -> ModelSummary:
    return ModelSummary(
        name=name,
        state="ready" if facts else "loading",
        is_default=_is_default(serving, name),
        checkpoint_sha256=facts.sha256 if facts else None,
        device=facts.device if facts else None,
        dtype=facts.dtype if facts else None,
        num_categories=len(facts.checkpoint.labels) if facts else None,
        acc1=facts.checkpoint.headline.acc1 if facts and facts.checkpoint.headline else None,
    )


async def _detail(serving: Serving, facts: ModelFacts) -> ModelDetail:
    return ModelDetail(
        **dict(_summary(serving, facts.name, facts)),
        preprocessing=facts.checkpoint.preprocessing.describe(),
        checkpoint=to_record(facts.checkpoint),
        # In a thread: it takes some 10 ms, the first 100, in which the event loop would serve nobody.
        card=await asyncio.to_thread(_card, facts.checkpoint),
    )


def _card(checkpoint: Checkpoint) -> str:
    """The card from the record alone: what lies on this machine's disk is not for clients to see."""
    return make_card(checkpoint, recipe=find_recipe_table(checkpoint.recipe) if checkpoint.recipe else None)


def _is_default(serving: Serving, name: str) -> bool:
    try:
        return serving.predictor.find().name == name
    except (UnknownModel, NotReady):
        return False
