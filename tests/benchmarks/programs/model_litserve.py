"""LitServe on a checkpoint, as its image classification example has it: decode, stack, predict, top 5.

python model_litserve.py PORT WEIGHTS
"""

import sys
from io import BytesIO
from typing import Annotated, Any

import litserve  # type: ignore[import-not-found]  # installed by `peers.py`, for this alone
import torch
from fastapi import Body
from PIL import Image

from tests.benchmarks.transforms_speed import preset_of
from weights_registry import load


class Classify(litserve.LitAPI):  # type: ignore[misc]
    """Its four verbs, and two for batches."""

    def __init__(self, weights: str, **options: Any) -> None:
        super().__init__(**options)
        self.weights = weights

    def setup(self, device: str) -> None:
        """Load."""
        loaded = load(self.weights)
        self.model = loaded.model.to(device).eval()
        self.categories = loaded.checkpoint.labels.names
        self.preset = preset_of(loaded.checkpoint.preprocessing)

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> torch.Tensor:
        """Decode, and feed as torchvision does."""
        return self.preset(Image.open(BytesIO(request)).convert("RGB"))

    def batch(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        """Stack."""
        return torch.stack(inputs)

    @torch.inference_mode()
    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Run."""
        probabilities: torch.Tensor = self.model(x).softmax(dim=1)
        return probabilities

    def unbatch(self, output: torch.Tensor) -> list[torch.Tensor]:
        """Take apart."""
        return list(output)

    def encode_response(self, output: torch.Tensor) -> dict[str, Any]:
        """The 5 likeliest."""
        best = output.topk(5)
        return {
            "labels": [self.categories[index] for index in best.indices.tolist()],
            "scores": best.values.tolist(),
        }


if __name__ == "__main__":
    api = Classify(sys.argv[2], max_batch_size=8, batch_timeout=0.005, api_path="/predict")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=2, healthcheck_path="/readyz")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
