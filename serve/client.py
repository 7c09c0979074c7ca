"""A small client for the server: pictures in, ranked categories out. Imports neither torch nor the server.

What it answers has the names that a `Classifier` gives, so that code need not know which of the two it asks.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias

import httpx2

Picture: TypeAlias = bytes | str | os.PathLike[str]


class ServerError(Exception):
    """The server answered with an error. `status` is that of HTTP, `detail` says what is wrong."""

    def __init__(self, status: int, detail: str, request_id: str | None) -> None:
        super().__init__(f"{status}: {detail} (request {request_id})")
        self.status = status
        self.detail = detail
        self.request_id = request_id


@dataclass(frozen=True, slots=True)
class RankedCategory:
    """One category of a prediction: its name, its index in the network's outputs, its probability from 0 to 1."""

    label: str
    index: int
    wordnet_id: str | None
    probability: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """One picture's categories, best first, by which model, under which request id. `source` names the picture: its
    path, or `picture 0`, `picture 1`, ... for bytes."""

    source: str
    categories: tuple[RankedCategory, ...]
    model: str
    checkpoint_sha256: str
    request_id: str

    @property
    def best(self) -> RankedCategory:
        """The likeliest category."""
        return self.categories[0]


class Client:
    """Talks to the server at `url`; for `with`, or call `close`. May be shared by threads.

    A server that is too busy (503) is asked again up to `num_retries` times, after as long as it says itself.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 60.0, num_retries: int = 2) -> None:
        headers = {} if api_key is None else {"authorization": f"Bearer {api_key}"}
        self._http = httpx2.Client(base_url=url, headers=headers, timeout=timeout_s)
        self._num_retries = num_retries

    def predict(self, picture: Picture, *, top_k: int | None = None, weights: str | None = None) -> Prediction:
        """The categories of one picture: its bytes, or the path of its file. Raises ServerError."""
        answer = self._post(_arguments(top_k, weights), content=_read(picture))
        return _prediction(answer, answer["pictures"][0], _source(picture, 0))

    def predict_all(
        self, pictures: Sequence[Picture], *, top_k: int | None = None, weights: str | None = None
    ) -> list[Prediction | ServerError]:
        """An answer for each picture, in order, of one request; a bad picture's is the ServerError itself.

        Raises ServerError if none could be answered.
        """
        sources = [_source(each, index) for index, each in enumerate(pictures)]
        # A file's name travels, not its folders: they are no business of the server's.
        files = [("files", (Path(source).name, _read(each))) for source, each in zip(sources, pictures, strict=True)]
        answer = self._post(_arguments(top_k, weights), files=files)
        return [_outcome(answer, each, source) for each, source in zip(answer["pictures"], sources, strict=True)]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _post(self, params: dict[str, str], **body: Any) -> dict[str, Any]:
        headers = {"content-type": "application/octet-stream"} if "content" in body else {}
        for attempt in range(1 + self._num_retries):
            response = self._http.post("/predict", params=params, headers=headers, **body)
            if response.status_code != 503 or attempt == self._num_retries:
                break
            time.sleep(float(response.headers.get("retry-after", "1")))
        if response.is_success:
            found: dict[str, Any] = response.json()
            return found
        raise _server_error(response)


def _server_error(response: httpx2.Response) -> ServerError:
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):  # a proxy's own page, say
        detail = response.text[:200]
    return ServerError(response.status_code, detail, response.headers.get("x-request-id"))


def _outcome(answer: dict[str, Any], picture: dict[str, Any], source: str) -> Prediction | ServerError:
    if "error" in picture:
        return ServerError(picture["error"]["status"], picture["error"]["detail"], answer["request_id"])
    return _prediction(answer, picture, source)


def _prediction(answer: dict[str, Any], picture: dict[str, Any], source: str) -> Prediction:
    return Prediction(
        source=source,
        categories=tuple(
            RankedCategory(each["label"], each["index"], each["wordnet_id"], each["score"])
            for each in picture["categories"]
        ),
        model=answer["model"],
        checkpoint_sha256=answer["checkpoint_sha256"],
        request_id=answer["request_id"],
    )


def _arguments(top_k: int | None, weights: str | None) -> dict[str, str]:
    given = {"top_k": top_k, "weights": weights}
    return {name: str(value) for name, value in given.items() if value is not None}


def _read(picture: Picture) -> bytes:
    return picture if isinstance(picture, bytes) else Path(picture).read_bytes()


def _source(picture: Picture, index: int) -> str:
    return f"picture {index}" if isinstance(picture, bytes) else os.fsdecode(picture)
