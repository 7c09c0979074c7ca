"""`POST /hf`: image classification as Hugging Face's inference endpoints have it, for `huggingface_hub`'s client.

    InferenceClient(model="http://127.0.0.1:8000/hf").image_classification("cat.jpg")

`/hf/NAME` asks a certain model. Knows nothing of how pictures are classified.
"""

import asyncio
import base64
import binascii
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from serve.errors import InvalidRequest, UnreadableBody, UnsupportedMediaType
from serve.http.json_limits import check_json
from serve.routes.documents import SECURITY, errors, schema_of
from serve.routes.raw_predict import is_raw
from serve.serving import NamedPicture, Serving, read_body

_OFF_LOOP_BYTES = 100_000
_MAX_JSON_VALUES = 1_000
_BINARY = {"schema": {"type": "string", "format": "binary"}}


class Parameters(BaseModel):
    """What may be asked of the answer; anything else is refused."""

    model_config = ConfigDict(extra="forbid")

    top_k: StrictInt | None = Field(default=None, ge=1, le=100_000, description="How many labels.")
    function_to_apply: Literal["softmax"] | None = Field(
        default=None, description="The scores are probabilities, by softmax; there are no others."
    )


class ClassifyRequest(BaseModel):
    """A picture and what is asked of the answer."""

    model_config = ConfigDict(extra="forbid")

    inputs: StrictStr = Field(description="An encoded picture in base64. An address is refused.")
    parameters: Parameters | None = None


class LabelledScore(BaseModel):
    """One label of the answer and its probability."""

    label: str
    score: float = Field(ge=0, le=1)


_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "image/*": _BINARY,
            "application/octet-stream": _BINARY,
            "application/json": {"schema": schema_of(ClassifyRequest)},
        },
    }
}


def router(serving: Serving) -> APIRouter:
    """The routes, for this app."""
    routes = APIRouter(prefix="/hf", tags=["Hugging Face"], dependencies=[SECURITY])
    options: dict[str, Any] = {
        "response_model": list[LabelledScore],
        "openapi_extra": _DOCUMENT,
        "responses": errors(400, 401, 403, 404, 408, 413, 415, 422, 503, 504),
    }

    @routes.post("", summary="Classify a picture, for Hugging Face's clients", **options)
    async def classify(request: Request) -> JSONResponse:
        """The likeliest labels by the default model, best first."""
        return await _classify(serving, request, None)

    @routes.post("/{name}", summary="Classify a picture by this model", **options)
    async def classify_by(
        request: Request, name: Annotated[str, Path(max_length=300, description="A model's name.")]
    ) -> JSONResponse:
        """The likeliest labels, best first."""
        return await _classify(serving, request, name)

    return routes


async def _classify(serving: Serving, request: Request, weights: str | None) -> JSONResponse:
    serving.predictor.find(weights)  # before a large body is read for nothing
    content, asked = await _picture(request)
    answer = await serving.classify(
        [NamedPicture("picture 0", content)],
        request.receive,
        request.scope["state"]["request_id"],
        weights=weights,
        top_k=asked.top_k,
    )
    (picture,) = answer["pictures"]
    return JSONResponse([{"label": each["label"], "score": each["score"]} for each in picture["categories"]])


async def _picture(request: Request) -> tuple[bytes, Parameters]:
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if not is_raw(content_type) and media_type != "application/json":
        raise UnsupportedMediaType(
            f"`{media_type[:100]}` is not taken: send the picture itself, "
            'or {"inputs": "<base64>"} as application/json'
        )
    body = await read_body(request.receive)
    if media_type != "application/json":
        return body, Parameters()
    # Base64 of 3 MB takes 10 ms, in which the event loop would serve nobody.
    return await asyncio.to_thread(read_json, body) if len(body) > _OFF_LOOP_BYTES else read_json(body)


def read_json(body: bytes) -> tuple[bytes, Parameters]:
    """The picture of a JSON body, and what is asked. Raises UnreadableBody, or InvalidRequest for another form."""
    check_json(body, max_values=_MAX_JSON_VALUES)
    try:
        found = ClassifyRequest.model_validate_json(body)
    except ValidationError as error:
        raise _told(error) from error
    if found.inputs[:8].lower().startswith(("http://", "https://")):
        raise UnreadableBody("addresses are not fetched: send the picture itself, in base64")
    try:
        return base64.b64decode(found.inputs, validate=True), found.parameters or Parameters()
    except (binascii.Error, ValueError) as error:
        raise UnreadableBody(f"`inputs` is not in base64: {error}") from error


def _told(error: ValidationError) -> InvalidRequest:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return UnreadableBody(f"the body is no JSON: {first['msg']}")
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    if first["type"] == "extra_forbidden":
        return InvalidRequest(f"`{where[:200]}` is not known here; a body has `inputs` and `parameters`, these `top_k`")
    if where == "parameters.function_to_apply":
        return InvalidRequest("`function_to_apply` can only be `softmax`: the scores are probabilities")
    return InvalidRequest(f"`{where}`: {first['msg']}")
