"""A call -> its answer, through the predictor. Knows nothing of HTTP or of the tensors' wire format.

Legend: N pictures, C channels, H x W pixels, S crop size, K categories.
"""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from starlette.types import Receive

from serve.errors import InvalidRequest, TooLarge
from serve.models.model import ModelFacts, Pixels
from serve.models.predictor import Classified
from serve.protocol_v2.calls import Call
from serve.protocol_v2.tensors import Tensor
from serve.serving import Serving
from weights_registry.errors import InvalidImage


async def infer(
    serving: Serving, facts: ModelFacts, call: Call, receive: Receive, arrived: float
) -> NDArray[np.float32]:
    """Probabilities (N, K). `arrived` is when, on the clock of `time.monotonic`.

    An answer is one tensor, so that one picture that cannot be answered fails the call: raises the error of the first.
    """
    pictures = split_pictures(call.image, facts, max_pixels=serving.settings.max_pixels)
    wait_s = serving.settings.deadline_ms / 1e3
    deadline = arrived + min(wait_s, call.timeout_s or wait_s)
    with serving.hang_ups.guard(receive):
        found = await _predict_all(serving, facts.name, pictures, deadline)
    for each in found:
        serving.telemetry.classified(each)
    return np.stack([each.probabilities_K for each in found])


def split_pictures(image: Tensor, facts: ModelFacts, *, max_pixels: int) -> Sequence[bytes | Pixels]:
    """What the predictor takes, a picture each. Raises InvalidRequest for pixels that this model is not fed."""
    if isinstance(image.values, list):
        return image.values
    fed = facts.checkpoint.preprocessing
    _, channels, height, width = image.shape
    if image.datatype == "UINT8" and channels != fed.num_channels:
        raise InvalidRequest(
            f"pixels for this model have the shape [N, {fed.num_channels}, H, W], not {[*image.shape]}"
        )
    if image.datatype == "FP32" and image.shape[1:] != (fed.num_channels, fed.crop_size, fed.crop_size):
        expected = f"[N, {fed.num_channels}, {fed.crop_size}, {fed.crop_size}]"
        raise InvalidRequest(f"normalised inputs for this model have the shape {expected}, not {[*image.shape]}")
    if height * width > max_pixels:
        raise TooLarge(
            f"{width} x {height} are more than the {max_pixels:,} pixels that this server takes of a picture"
        )
    return list(image.values)


async def _predict_all(
    serving: Serving, weights: str, pictures: Sequence[bytes | Pixels], deadline: float
) -> list[Classified]:
    if len(pictures) == 1:
        return [await serving.predictor.predict(pictures[0], weights=weights, deadline=deadline)]
    tasks = [asyncio.ensure_future(_predict(serving, weights, *each, deadline)) for each in enumerate(pictures)]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:  # after a failure, nobody waits for the others
            task.cancel()


async def _predict(serving: Serving, weights: str, index: int, picture: bytes | Pixels, deadline: float) -> Classified:
    try:
        return await serving.predictor.predict(picture, weights=weights, deadline=deadline)
    except InvalidImage as error:
        raise InvalidImage(error.reason, source=f"picture {index}") from error
    except (InvalidRequest, TooLarge) as error:
        raise type(error)(f"picture {index}: {error}") from error
