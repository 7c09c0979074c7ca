"""The body of an inference -> what it asks for. Knows nothing of HTTP but one header's text, nothing of models.

A body is JSON, then the bytes of the binary tensors in the order of the inputs; `Inference-Header-Content-Length`
tells where the JSON ends. If that is 0, the whole body is one encoded picture.
"""

from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from serve.errors import InvalidRequest, UnreadableBody
from serve.http.json_limits import check_json
from serve.protocol_v2.schemas import InferRequest, Input, RequestedOutput
from serve.protocol_v2.tensors import Datatype, Tensor, check_datatype, from_binary, from_json

INPUT: Final = "image"
OUTPUT: Final = "probabilities"

_MAX_JSON_VALUES: Final = 1_500_000
"""Nine pictures of 224 x 224; more must come in binary. No other thread runs while they are parsed: 0.1 s a million."""

_MAX_JSON_LISTS: Final = 50_000


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """How the probabilities are to be sent: whole, or the `num_classes` likeliest; in binary, or as JSON."""

    is_binary: bool
    num_classes: int | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """An inference that was asked for. The first dimension of `image` counts the pictures."""

    id: str | None
    image: Tensor
    output: WantedOutput
    timeout_s: float | None


def json_length(header: str | None, body: bytes) -> int:
    """How many bytes of the body are JSON: all, without the header. Raises UnreadableBody for a header that lies."""
    if header is None:
        return len(body)
    text = header.strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20) or int(text) > len(body):
        raise UnreadableBody(
            f"`Inference-Header-Content-Length` must be a whole number up to the body's {len(body)} bytes, "
            f"not `{text[:40]}`"
        )
    return int(text)


def read_call(body: bytes, num_json_bytes: int, *, max_pictures: int) -> Call:
    """The call that the body holds. Raises UnreadableBody if it holds none, InvalidRequest for what is not taken."""
    if num_json_bytes == 0 and body:
        return Call(None, Tensor(INPUT, "BYTES", (1,), [body]), WantedOutput(is_binary=True), None)
    request = _parse(body[:num_json_bytes])
    _refuse_extensions(request)
    return Call(
        request.id,
        _read_input(request.inputs[0], memoryview(body)[num_json_bytes:], max_pictures),
        _wanted(request.outputs, is_binary=request.parameters.binary_data_output),
        request.parameters.timeout / 1e6 or None,
    )


def first_error(error: ValidationError) -> str:
    """Where and how the JSON first went wrong, in a line."""
    found = error.errors(include_url=False, include_context=False, include_input=False)[0]
    if found["type"] == "json_invalid":
        return f"the body is no JSON: {found['msg']}"
    return f"`{'.'.join(str(part) for part in found['loc']) or 'the body'}`: {found['msg']}"


def _parse(text: bytes) -> InferRequest:
    check_json(text, max_values=_MAX_JSON_VALUES, max_nested=_MAX_JSON_LISTS)
    try:
        return InferRequest.model_validate_json(text)
    except ValidationError as error:
        raise UnreadableBody(first_error(error)) from error


def _refuse_extensions(request: InferRequest) -> None:
    (tensor,) = request.inputs
    regions = [
        tensor.parameters.shared_memory_region,
        *(each.parameters.shared_memory_region for each in request.outputs),
    ]
    if any(region is not None for region in regions):
        raise InvalidRequest("this server shares no memory with its clients: send the tensors in the request")
    if request.parameters.sequence_id not in (None, 0, ""):
        raise InvalidRequest("`sequence_id` is not taken: this server keeps no state between requests")


def _read_input(tensor: Input, binary: memoryview, max_pictures: int) -> Tensor:
    if tensor.name != INPUT:
        raise InvalidRequest(f"there is no input `{tensor.name[:100]}`; the one there is, is `{INPUT}`")
    datatype = check_datatype(tensor.name, tensor.datatype)
    # Before the data are looked at: millions of empty elements would take seconds to split.
    _check_shape(datatype, tensor.shape, max_pictures)
    num_bytes = tensor.parameters.binary_data_size
    if len(binary) != (num_bytes or 0):
        raise UnreadableBody(f"{len(binary)} bytes follow the JSON, but `binary_data_size` of `{INPUT}` is {num_bytes}")
    if num_bytes is None:
        return from_json(INPUT, datatype, tensor.shape, tensor.data)
    if tensor.data is not None:
        raise UnreadableBody(f"input `{INPUT}` has both `data` and `binary_data_size`: which is meant?")
    return from_binary(INPUT, datatype, tensor.shape, binary)


def _check_shape(datatype: Datatype, shape: list[int], max_pictures: int) -> None:
    if not 1 <= shape[0] <= max_pictures:
        raise InvalidRequest(f"a request holds 1 to {max_pictures} pictures, this one {shape[0]}")
    if datatype == "BYTES" and (len(shape) > 2 or shape[1:] not in ([], [1])):
        raise InvalidRequest(f"encoded pictures have the shape [N] or [N, 1], not {shape}")
    if datatype != "BYTES" and len(shape) != 4:
        raise InvalidRequest(f"{datatype} tensors have the shape [N, channels, height, width], not {shape}")


def _wanted(outputs: list[RequestedOutput], *, is_binary: bool) -> WantedOutput:
    if not outputs:
        return WantedOutput(is_binary)
    (output,) = outputs
    if output.name != OUTPUT:
        raise InvalidRequest(f"there is no output `{output.name[:100]}`; the one there is, is `{OUTPUT}`")
    own: Any = output.parameters.binary_data
    return WantedOutput(is_binary if own is None else own, output.parameters.classification)
