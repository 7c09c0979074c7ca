"""LitServe on a model that does nothing, as its documentation has it: a LitAPI, two workers, batches or not.

python noop_litserve.py PORT MAX_BATCH
"""

import sys
from typing import Annotated, Any

import litserve  # type: ignore[import-not-found]  # installed by `peers.py`, for this alone
from fastapi import Body


class Noop(litserve.LitAPI):  # type: ignore[misc]
    """Its four verbs."""

    def setup(self, device: str) -> None:
        """Nothing to load."""

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> int:
        """The body's length."""
        return len(request)

    def batch(self, inputs: list[int]) -> list[int]:
        """As they are."""
        return list(inputs)

    def predict(self, inputs: Any) -> Any:
        """The same again: one number, or a list of them."""
        return inputs

    def unbatch(self, output: list[int]) -> list[int]:
        """As they are."""
        return output

    def encode_response(self, output: int) -> dict[str, int]:
        """The number."""
        return {"index": output}


if __name__ == "__main__":
    port, max_batch = int(sys.argv[1]), int(sys.argv[2])
    api = Noop(max_batch_size=max_batch, batch_timeout=0.005 if max_batch > 1 else 0.0, api_path="/predict")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=2, healthcheck_path="/readyz")
    server.run(host="127.0.0.1", port=port, generate_client_file=False, log_level="warning")
