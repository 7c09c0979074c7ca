"""What is served is what is measured: the server, `Classifier` and `weights.transforms()` agree on varied pictures."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from serve.models.model import Model
from tests.serve.conftest import WEIGHTS, Running, running
from tests.varied_pictures import varied_pictures
from weights_registry import Classifier

NUM_PICTURES = 240

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    return list(varied_pictures(NUM_PICTURES))


@pytest.fixture(scope="module")
def fast(pictures: list[bytes]) -> torch.Tensor:
    return _probabilities(Classifier(WEIGHTS), pictures)


@pytest.fixture(scope="module")
def roomy_server(checkpoint_model: Model) -> Iterator[Running]:
    with running(lambda _: checkpoint_model, queue=NUM_PICTURES, deadline_ms=120_000) as found:
        yield found


def _probabilities(classifier: Classifier, pictures: list[bytes]) -> torch.Tensor:
    found = [outcome.probabilities_K for outcome in classifier.stream(pictures)]
    return torch.stack([each for each in found if each is not None])


def test_the_served_answer_is_the_classifiers(roomy_server: Running, pictures: list[bytes], fast: torch.Tensor) -> None:
    """Eight clients at once, so that pictures are batched with whatever else is under way."""

    def ask(picture: bytes) -> Any:
        answer = roomy_server.post(picture, "/predict?top_k=1000")
        assert answer.status_code == 200, answer.text
        return answer.json()["pictures"][0]["categories"]

    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(ask, pictures))
    served_NK = np.zeros(tuple(fast.shape))
    for row, categories in enumerate(answers):
        for category in categories:
            served_NK[row, category["index"]] = category["score"]
    assert np.abs(served_NK - fast.numpy()).max() < 1e-4  # float32 sums depend on the batch; 1e-6 was seen
    assert [each[0]["index"] for each in answers] == fast.argmax(dim=1).tolist()


def test_the_fast_preprocessing_agrees_with_the_exact_one(pictures: list[bytes], fast: torch.Tensor) -> None:
    exact = _probabilities(Classifier(WEIGHTS, preprocess="exact"), pictures)
    assert len(exact) == len(fast) == NUM_PICTURES
    assert torch.equal(exact.argmax(dim=1), fast.argmax(dim=1))
    differences = (exact - fast).abs().amax(dim=1)
    assert differences.max() < 0.03
    assert differences.mean() < 0.003


def test_the_pictures_are_varied_and_the_same_each_time(pictures: list[bytes], fast: torch.Tensor) -> None:
    assert pictures == list(varied_pictures(NUM_PICTURES))
    assert len(set(pictures)) == NUM_PICTURES
    assert len(set(fast.argmax(dim=1).tolist())) > 20
