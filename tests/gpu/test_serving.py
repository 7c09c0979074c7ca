"""The server on a GPU answers over HTTP what the network answers on the CPU, many clients at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.gpu.jobs import SERVER

for needed in SERVER:
    pytest.importorskip(needed)

from serve.assembly import checkpoint_opener  # noqa: E402
from serve.settings import Settings  # noqa: E402
from tests.benchmarks.networks import write_resnet50  # noqa: E402
from tests.serve.conftest import encode, running  # noqa: E402
from weights_registry import Classifier  # noqa: E402


def test_answers_are_those_of_the_cpu_whatever_the_batch(gpu: torch.device, tmp_path: Path) -> None:
    weights = str(write_resnet50(tmp_path / "resnet50.safetensors"))
    pictures = [encode((120 + seed, 90), seed=seed) for seed in range(24)]
    expected = Classifier(weights, device="cpu").predict(pictures, top_k=3)
    opener = checkpoint_opener(Settings(weights=(weights,), device="cuda"))
    with running(opener, weights=(weights,)) as server:
        assert server.client.get("/models").json()["models"][0]["device"].startswith("cuda")

        def ask(picture: bytes) -> Any:
            answer = server.post(picture, "/predict?top_k=3")
            assert answer.status_code == 200, answer.text
            return answer.json()["pictures"][0]["categories"]

        with ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(ask, pictures))
    for found, one in zip(answers, expected, strict=True):
        assert found[0]["score"] == pytest.approx(one.best.probability, abs=1e-3)
