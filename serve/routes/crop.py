"""`POST /crop`: what the network would see of a picture, as a PNG. Knows nothing of how it is made."""

import asyncio
from io import BytesIO
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from PIL import Image

from serve.errors import DeadlineExceeded, InvalidRequest, QueueFull, UnsupportedMediaType
from serve.models.predictor import Predictor
from serve.routes.documents import SECURITY, problems
from serve.routes.raw_predict import is_raw
from serve.serving import Serving, read_body

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One encoded picture, as `POST /predict` takes it.",
        "content": {"image/*": _BINARY, "application/octet-stream": _BINARY},
    }
}
_PNG: dict[str, Any] = {"description": "The crop, losslessly.", "content": {"image/png": _BINARY}}


def router(serving: Serving) -> APIRouter:
    """The route, for this app."""
    routes = APIRouter(tags=["predict"], dependencies=[SECURITY])
    crops = _Crops(serving.predictor, max_at_a_time=serving.settings.decode_threads, max_waiting=serving.settings.queue)

    @routes.post(
        "/crop",
        response_class=Response,
        summary="Show what the network sees of a picture",
        openapi_extra=_DOCUMENT,
        responses=problems(400, 401, 403, 404, 408, 413, 415, 422, 503, 504) | {200: _PNG},
    )
    async def crop(
        request: Request,
        weights: Annotated[str | None, Query(max_length=300, description="Which model; the default if none.")] = None,
    ) -> Response:
        """The very pixels that the network is fed, before they are normalised: resized, cropped, 8 bits a channel."""
        serving.predictor.find(weights)  # before a large body is read for nothing
        if not is_raw(request.headers.get("content-type", "")):
            raise UnsupportedMediaType(
                "send the picture itself, as image/jpeg, image/png, ... or application/octet-stream"
            )
        picture = await read_body(request.receive)
        with serving.hang_ups.guard(request.receive):
            png = await crops.crop(picture, weights, deadline_s=serving.settings.deadline_ms / 1e3)
        return Response(
            png, media_type="image/png", headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        )

    return routes


class _Crops:
    """Makes crops, few at a time: as many large pictures as there are decode threads, and no more, are in memory."""

    def __init__(self, predictor: Predictor, *, max_at_a_time: int, max_waiting: int) -> None:
        self._predictor = predictor
        self._free = asyncio.Semaphore(max_at_a_time)
        self._max_waiting = max_waiting
        self._num_waiting = 0

    async def crop(self, picture: bytes, weights: str | None, *, deadline_s: float) -> bytes:
        """The PNG. Raises what the predictor does, QueueFull if too many wait, DeadlineExceeded when it is late."""
        if self._num_waiting >= self._max_waiting:
            raise QueueFull(f"{self._num_waiting} pictures wait to be cropped already, and no more may")
        self._num_waiting += 1
        try:
            async with asyncio.timeout(deadline_s):
                await self._free.acquire()
                making = asyncio.ensure_future(self._make(picture, weights))
                making.add_done_callback(self._end)
                # A thread cannot be stopped: its place stays taken until it ends, though nobody waits any more.
                return await asyncio.shield(making)
        except TimeoutError as error:
            raise DeadlineExceeded(f"the crop was not made within {deadline_s:g} seconds") from error
        finally:
            self._num_waiting -= 1

    async def _make(self, picture: bytes, weights: str | None) -> bytes:
        crop_CHW = np.asarray(await self._predictor.preprocess(picture, weights=weights))
        return await asyncio.to_thread(encode, crop_CHW)

    def _end(self, making: "asyncio.Future[bytes]") -> None:
        self._free.release()
        if not making.cancelled():
            making.exception()  # seen, if the caller has gone: asyncio would log it as never retrieved


def encode(crop_CHW: "np.ndarray[Any, Any]") -> bytes:
    """The uint8 pixels (C, H, W), C of 1 or 3, as a PNG. Raises InvalidRequest for what are no pixels."""
    if crop_CHW.dtype != np.uint8 or crop_CHW.ndim != 3 or crop_CHW.shape[0] not in (1, 3):
        raise InvalidRequest("this model is not fed pixels that could be shown")
    pixels = crop_CHW[0] if crop_CHW.shape[0] == 1 else np.ascontiguousarray(crop_CHW.transpose(1, 2, 0))
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)  # 5 ms, not 17 by default, for 3 % more bytes
    return file.getvalue()
