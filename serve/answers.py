"""Classified pictures and errors -> the plain dicts that are sent. Knows neither HTTP nor the models."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import numpy as np

from serve.errors import status_of
from serve.models.model import ModelFacts, Probabilities
from serve.models.predictor import Classified
from weights_registry.checkpoint import Checkpoint

Json = dict[str, Any]

TITLES = {499: "Client Closed Request"} | {status.value: status.phrase for status in HTTPStatus}


def prediction(facts: ModelFacts, request_id: str, pictures: Sequence[Json]) -> Json:
    """The answer to a request: schema `Prediction`."""
    return {
        "model": facts.name,
        "checkpoint_sha256": facts.sha256,
        "request_id": request_id,
        "pictures": pictures,
    }


def picture(name: str, classified: Classified, *, top_k: int) -> Json:
    """One picture's answer: schema `Picture`."""
    return {
        "name": name,
        "categories": categories(classified.model.checkpoint, classified.probabilities_K, top_k=top_k),
        "timings": {
            "queue_ms": round(1e3 * classified.queue_s, 3),
            "decode_ms": round(1e3 * classified.decode_s, 3),
            "inference_ms": round(1e3 * classified.inference_s, 3),
        },
    }


def failed_picture(name: str, error: Exception) -> Json:
    """One picture's error, among others that may have been answered: schema `Picture`."""
    return {"name": name, "error": problem(error)}


def categories(checkpoint: Checkpoint, probabilities_K: Probabilities, *, top_k: int) -> list[Json]:
    """The `top_k` likeliest categories, best first; all there are if they are fewer."""
    labels = checkpoint.labels
    return [
        {
            "label": labels.names[index],
            "index": index,
            "wordnet_id": labels.wordnet_id(index),
            "score": float(probabilities_K[index]),
        }
        for index in rank(probabilities_K, top_k)
    ]


def rank(probabilities_K: Probabilities, top_k: int) -> list[int]:
    """Indices of the `top_k` highest, highest first; of equal ones the first first, except at the cut."""
    if top_k >= len(probabilities_K):
        ranked: list[int] = np.argsort(-probabilities_K, kind="stable").tolist()
        return ranked
    # Sorting all of them would take ten times as long.
    highest: list[int] = np.argpartition(probabilities_K, -top_k)[-top_k:].tolist()
    return sorted(highest, key=lambda index: (-probabilities_K[index], index))


def problem(error: Exception, *, request_id: str | None = None) -> Json:
    """The error as RFC 9457 problem details: schema `Problem`. Tells nothing of an error that is not ours."""
    status = status_of(error)
    known = status != 500 or type(error).__module__.startswith("serve.")
    found = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": str(error) if known else "the server failed; the request id finds the reason in its log",
    }
    return found if request_id is None else found | {"request_id": request_id}
