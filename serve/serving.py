"""What the routes of one app share, and the two acts they all stand on. Knows neither routes nor the framework."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.types import Receive

from serve.answers import Json, failed_picture, picture, prediction
from serve.errors import ClientGone, InvalidRequest, ServeError
from serve.http.hang_ups import HangUpWatch
from serve.models.predictor import Predictor
from serve.settings import Settings
from serve.telemetry import Telemetry
from weights_registry.errors import InvalidImage


@dataclass(frozen=True, slots=True)
class NamedPicture:
    """One picture of a request: encoded, or the error that kept it from being read."""

    name: str
    content: bytes | Exception


@dataclass(slots=True)
class Serving:
    """The predictor and what surrounds it. `is_loading` holds until the first models serve, for ever if one of them
    cannot be loaded, which `start_error` then tells; `is_stopping` holds from when the process was asked to end.
    """

    predictor: Predictor
    settings: Settings
    telemetry: Telemetry
    hang_ups: HangUpWatch = field(default_factory=HangUpWatch)
    is_loading: bool = True
    is_stopping: bool = False
    start_error: Exception | None = None

    async def classify_one(self, content: bytes, receive: Receive, request_id: str) -> Json:
        """The answer to a request of one raw picture, by the default model. Raises what kept it from being answered."""
        with self.hang_ups.guard(receive):
            found = await self.predictor.predict(content, deadline=self._deadline())
        self.telemetry.classified(found)
        return prediction(found.model, request_id, [picture("picture 0", found, top_k=self.settings.top_k)])

    async def classify(
        self,
        pictures: Sequence[NamedPicture],
        receive: Receive,
        request_id: str,
        *,
        weights: str | None = None,
        top_k: int | None = None,
    ) -> Json:
        """The answer to a request of one or several pictures: a bad one does not lose the others.

        Raises the first picture's error if none could be answered; InvalidRequest for too many, or none at all.
        """
        if not 1 <= len(pictures) <= self.settings.max_pictures:
            raise InvalidRequest(
                f"a request holds 1 to {self.settings.max_pictures} pictures, this one {len(pictures)}"
            )
        facts = self.predictor.find(weights)
        deadline, top_k = self._deadline(), top_k or self.settings.top_k
        with self.hang_ups.guard(receive):
            outcomes = await asyncio.gather(
                *(self._classify(each, facts.name, deadline, top_k) for each in pictures), return_exceptions=True
            )
        answers: list[Json] = []
        errors: list[Exception] = []
        for each, outcome in zip(pictures, outcomes, strict=True):
            if isinstance(outcome, ServeError | InvalidImage):
                errors.append(outcome)
                answers.append(failed_picture(each.name, outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                answers.append(outcome)
        if len(errors) == len(pictures):
            raise errors[0]
        return prediction(facts, request_id, answers)

    async def _classify(self, each: NamedPicture, weights: str, deadline: float, top_k: int) -> Json:
        if isinstance(each.content, Exception):
            raise each.content
        found = await self.predictor.predict(each.content, weights=weights, deadline=deadline)
        self.telemetry.classified(found)
        return picture(each.name, found, top_k=top_k)

    def _deadline(self) -> float:
        return time.monotonic() + self.settings.deadline_ms / 1e3


async def read_body(receive: Receive) -> bytes:
    """The whole body; the limits are those of the layer that `receive` comes from."""
    message = await receive()
    if not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts = [message["body"]]
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone("the client hung up while it sent its body")
        parts.append(message.get("body", b""))
    return b"".join(parts)
