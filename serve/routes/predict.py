"""`POST /predict`: pictures in any of three forms, ranked categories out.

There is no form that takes an address. A server that fetches what strangers name can be made to read what only it can
reach: cloud metadata, internal services (server-side request forgery; CVE-2025-54381, CVE-2023-43654 in others).
"""

import asyncio
import base64
import binascii
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from serve.errors import InvalidRequest, UnreadableBody, UnsupportedMediaType
from serve.http.json_limits import check_json
from serve.routes.documents import SECURITY, problems
from serve.routes.raw_predict import PATH, is_raw
from serve.schemas import OnePicture, Prediction, SeveralPictures
from serve.serving import NamedPicture, Serving, read_body

_BODY: TypeAdapter[OnePicture | SeveralPictures] = TypeAdapter(OnePicture | SeveralPictures)
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_OFF_LOOP_BYTES = 100_000
_MAX_JSON_VALUES = 1_000

_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One encoded picture as the body (fastest), a form with one or several, or base64 in JSON. "
        "JPEG, PNG, WebP, BMP, GIF, TIFF and AVIF are read. Addresses of pictures are not taken: a server that "
        "fetches what strangers name can be made to read what only it can reach.",
        "content": {
            "image/*": _BINARY,
            "application/octet-stream": _BINARY,
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "minItems": 1,
                            "items": {"type": "string", "format": "binary"},
                            "description": "The files; fields of any name are taken.",
                        }
                    },
                }
            },
            "application/json": {
                "schema": {"anyOf": [OnePicture.model_json_schema(), SeveralPictures.model_json_schema()]}
            },
        },
    }
}


def router(serving: Serving) -> APIRouter:
    """The route, for this app."""
    routes = APIRouter(tags=["predict"], dependencies=[SECURITY])

    @routes.post(
        PATH,
        response_model=Prediction,
        summary="Classify one picture or several",
        openapi_extra=_DOCUMENT,
        responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 503, 504),
    )
    async def predict(
        request: Request,
        top_k: Annotated[int | None, Query(ge=1, le=100_000, description="How many categories.")] = None,
        weights: Annotated[str | None, Query(max_length=300, description="Which model; the default if none.")] = None,
    ) -> JSONResponse:
        """Ranked categories of each picture. Of several pictures, a bad one carries its own error."""
        serving.predictor.find(weights)  # before a large body is read for nothing
        pictures = await _pictures(request)
        request_id = request.scope["state"]["request_id"]
        return JSONResponse(await serving.classify(pictures, request.receive, request_id, weights=weights, top_k=top_k))

    return routes


async def _pictures(request: Request) -> list[NamedPicture]:
    content_type = request.headers.get("content-type", "")
    media_type = content_type.partition(";")[0].strip().lower()
    if is_raw(content_type):
        return [NamedPicture("picture 0", await read_body(request.receive))]
    if media_type == "multipart/form-data":
        return await _form_pictures(request)
    if media_type == "application/json":
        body = await read_body(request.receive)
        # Base64 of 3 MB takes 10 ms, in which the event loop would serve nobody.
        return await asyncio.to_thread(json_pictures, body) if len(body) > _OFF_LOOP_BYTES else json_pictures(body)
    raise UnsupportedMediaType(
        f"`{media_type}` is not taken: send the picture itself as image/jpeg, image/png, ... or "
        "application/octet-stream, a multipart/form-data form, or application/json. "
        "With curl: `-H 'Content-Type: image/jpeg' --data-binary @picture.jpg`"
    )


async def _form_pictures(request: Request) -> list[NamedPicture]:
    async with request.form() as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise InvalidRequest("the form holds no file: send each picture as one, `-F files=@picture.jpg` with curl")
        return [
            NamedPicture(file.filename or f"picture {index}", await file.read()) for index, file in enumerate(files)
        ]


def json_pictures(body: bytes) -> list[NamedPicture]:
    """The pictures of a JSON body. Raises UnreadableBody, InvalidRequest for another form, or TooLarge."""
    check_json(body, max_values=_MAX_JSON_VALUES)
    try:
        found = _BODY.validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise UnreadableBody(f"the body is no JSON: {first['msg']}") from error
        raise InvalidRequest('the body must be {"image": "<base64>"} or {"images": ["<base64>", ...]}') from error
    texts = [found.image] if isinstance(found, OnePicture) else found.images
    return [NamedPicture(f"picture {index}", _decode(text)) for index, text in enumerate(texts)]


def _decode(text: str) -> bytes | Exception:
    if text[:8].lower().startswith(("http://", "https://")):
        return UnreadableBody("addresses are not fetched: send the picture itself, in base64")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        return UnreadableBody(f"the picture is not in base64: {error}")
