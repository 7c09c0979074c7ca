"""A checkpoint of any bytes at any addresses, small enough to fetch in a test."""

import hashlib
from collections.abc import Callable

from weights_registry.checkpoint import Checkpoint
from weights_registry.preprocessing import Preprocessing

Make = Callable[..., Checkpoint]


def toy_checkpoint(
    body: bytes, url: str, *mirrors: str, sha256: str | None = "", num_bytes: int | None = -1
) -> Checkpoint:
    """A checkpoint of `body`; an empty digest and a size of -1 stand for the true ones, None for unknown."""
    return Checkpoint(
        id="Toy_Weights.V1",
        description="Random bytes.",
        architecture="toy",
        url=url,
        mirrors=mirrors,
        sha256=hashlib.sha256(body).hexdigest() if sha256 == "" else sha256,
        num_bytes=len(body) if num_bytes == -1 else num_bytes,
        category_set="imagenet_1k",
        preprocessing=Preprocessing(resize_size=256, crop_size=224),
        metrics=(),
        recipe=None,
        num_params=1,
        gmacs=None,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
    )
