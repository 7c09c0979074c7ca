"""Requests as Triton's own client makes them, and the errors it raises."""

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray
from PIL import Image

from tests.serve.conftest import Running


def client_of(server: Running) -> Any:
    return triton.InferenceServerClient(f"127.0.0.1:{server.port}")


def bytes_input(pictures: list[bytes], shape: list[int] | None = None) -> Any:
    found = triton.InferInput("image", shape or [len(pictures)], "BYTES")
    found.set_data_from_numpy(np.array(pictures, dtype=np.object_).reshape(found.shape()))
    return found


def number_input(numbers: NDArray[Any], *, binary_data: bool = True) -> Any:
    found = triton.InferInput("image", list(numbers.shape), {"uint8": "UINT8", "float32": "FP32"}[numbers.dtype.name])
    found.set_data_from_numpy(numbers, binary_data=binary_data)
    return found


def pixels(picture: bytes) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(Image.open(BytesIO(picture)).convert("RGB")).transpose(2, 0, 1))


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
    """The status and the text of the error that the client raises."""
    with pytest.raises(triton.InferenceServerException) as caught:
        call(*arguments, **options)
    return caught.value.status(), caught.value.message()
