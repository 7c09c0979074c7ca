"""Tensors <-> their bytes and their JSON, as the protocol writes them. Knows nothing of requests, pictures or HTTP.

Numbers are little-endian and row-major. An element of BYTES is its length as a uint32, then that many bytes.
Nothing is allocated by what a shape claims: a tensor's data must be there before it is believed.
"""

import base64
import binascii
import math
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, Literal, TypeAlias, cast, get_args

import numpy as np
from numpy.typing import NDArray

from serve.errors import UnreadableBody

Datatype: TypeAlias = Literal["BYTES", "UINT8", "FP32"]
Numbers: TypeAlias = NDArray[np.uint8] | NDArray[np.float32]

MAX_DIMENSIONS: Final = 8
_DTYPES: Final[dict[str, np.dtype[Any]]] = {"UINT8": np.dtype("u1"), "FP32": np.dtype("<f4")}
_ARRAY_CODES: Final = {"UINT8": "B", "FP32": "f"}
_LENGTH: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Tensor:
    """A named array of numbers, or the elements of a BYTES tensor, row-major; as many as the shape says."""

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    values: Numbers | list[bytes]


def check_datatype(name: str, datatype: str) -> Datatype:
    """The datatype, if it is one of ours. Raises UnreadableBody, naming those that are."""
    if datatype not in get_args(Datatype):
        raise UnreadableBody(
            f"input `{name}` is of datatype `{datatype}`; taken are {', '.join(get_args(Datatype))}: "
            "encoded pictures, pixels, or the network's normalised input"
        )
    return cast(Datatype, datatype)


def from_binary(name: str, datatype: Datatype, shape: Sequence[int], data: memoryview) -> Tensor:
    """The tensor that these bytes are; numbers stay where they are. Raises UnreadableBody if they do not fit."""
    num_elements = _num_elements(name, shape)
    if datatype == "BYTES":
        return Tensor(name, datatype, tuple(shape), _split_elements(name, num_elements, data))
    dtype = _DTYPES[datatype]
    if len(data) != num_elements * dtype.itemsize:
        raise UnreadableBody(
            f"input `{name}` has {len(data)} bytes, but {datatype} of shape {list(shape)} has "
            f"{num_elements * dtype.itemsize}"
        )
    return Tensor(name, datatype, tuple(shape), _native(np.frombuffer(data, dtype).reshape(shape)))


def from_json(name: str, datatype: Datatype, shape: Sequence[int], data: Any) -> Tensor:
    """The tensor of a JSON `data` list, flat or nested as the shape. Elements of BYTES are base64, as pictures are
    no text. Raises UnreadableBody if it does not fit.
    """
    num_elements = _num_elements(name, shape)
    flat = _flatten(name, shape, data)
    if len(flat) != num_elements:
        raise UnreadableBody(f"input `{name}` has {len(flat)} elements, but its shape {list(shape)} {num_elements}")
    if datatype == "BYTES":
        return Tensor(name, datatype, tuple(shape), [_from_base64(name, element) for element in flat])
    try:
        numbers = array(_ARRAY_CODES[datatype], flat)
    except (TypeError, OverflowError) as error:
        raise UnreadableBody(f"input `{name}` must hold {datatype} numbers: {error}") from error
    return Tensor(name, datatype, tuple(shape), np.frombuffer(numbers, numbers.typecode).reshape(shape))


def to_binary(tensor: Tensor) -> bytes:
    """The tensor's bytes on the wire."""
    if isinstance(tensor.values, list):
        return b"".join(_LENGTH.pack(len(element)) + element for element in tensor.values)
    numbers: NDArray[Any] = tensor.values.astype(_DTYPES[tensor.datatype], copy=False)
    return numbers.tobytes()


def to_json(tensor: Tensor) -> list[Any]:
    """The tensor as a flat JSON list; elements of BYTES must be text."""
    if isinstance(tensor.values, list):
        return [element.decode() for element in tensor.values]
    flat: list[Any] = tensor.values.ravel().tolist()
    return flat


def _num_elements(name: str, shape: Sequence[int]) -> int:
    if not 1 <= len(shape) <= MAX_DIMENSIONS or min(shape) < 1:
        raise UnreadableBody(f"input `{name}` must have 1 to {MAX_DIMENSIONS} dimensions, each of 1 or more")
    return math.prod(shape)


def _native(numbers: NDArray[Any]) -> Numbers:
    """The same numbers in this machine's byte order: no copy where it is little-endian."""
    return numbers.astype(numbers.dtype.newbyteorder("="), copy=False)


def _split_elements(name: str, num_elements: int, data: memoryview) -> list[bytes]:
    elements: list[bytes] = []
    end = 0
    for index in range(num_elements):
        begin = end + _LENGTH.size
        end = begin + _LENGTH.unpack_from(data, end)[0] if begin <= len(data) else begin
        if end > len(data):
            raise UnreadableBody(
                f"input `{name}` ends within element {index}: each of the {num_elements} is a uint32 length and then "
                "that many bytes"
            )
        elements.append(bytes(data[begin:end]))
    if end != len(data):
        raise UnreadableBody(
            f"input `{name}` has {len(data) - end} bytes after the last of its {num_elements} elements"
        )
    return elements


def _flatten(name: str, shape: Sequence[int], data: Any) -> list[Any]:
    """The elements in a row. A nested list must be nested exactly as the shape says."""
    if not isinstance(data, list):
        raise UnreadableBody(f"input `{name}` needs `data`, a list, or `parameters.binary_data_size`")
    if not data or not isinstance(data[0], list):
        return data
    level = data if len(data) == shape[0] else []
    for size in shape[1:]:
        if not all(isinstance(each, list) and len(each) == size for each in level):
            level = []
        level = list(chain.from_iterable(level))
    if not level:
        raise UnreadableBody(f"input `{name}` has data that is not nested as its shape {list(shape)} says")
    return level


def _from_base64(name: str, element: Any) -> bytes:
    if not isinstance(element, str):
        raise UnreadableBody(f"input `{name}` must hold pictures in base64, as strings")
    try:
        return base64.b64decode(element, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableBody(
            f"input `{name}` must hold pictures in base64, as JSON can carry no bytes: {error}"
        ) from error
