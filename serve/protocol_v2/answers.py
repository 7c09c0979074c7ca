"""Probabilities -> the answer to an inference, as JSON or as JSON and binary tensors. Knows nothing of requests.

Legend: N pictures, K categories.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from serve.answers import Json, rank
from serve.models.model import ModelFacts
from serve.protocol_v2 import tensors
from serve.protocol_v2.calls import OUTPUT, WantedOutput
from serve.protocol_v2.tensors import Tensor

VERSION = "1"
LENGTH_HEADER = "Inference-Header-Content-Length"


def output_tensor(facts: ModelFacts, probabilities_NK: NDArray[np.float32], wanted: WantedOutput) -> Tensor:
    """The output as it is wanted: FP32 (N, K), or BYTES (N, k) of the k likeliest, best first."""
    if wanted.num_classes is None:
        return Tensor(OUTPUT, "FP32", probabilities_NK.shape, probabilities_NK)
    names = facts.checkpoint.labels.names
    num_classes = min(wanted.num_classes, probabilities_NK.shape[1])
    elements = [
        f"{probabilities_K[index]}:{index}:{names[index]}".encode()
        for probabilities_K in probabilities_NK
        for index in rank(probabilities_K, num_classes)
    ]
    return Tensor(OUTPUT, "BYTES", (len(probabilities_NK), num_classes), elements)


def response(
    facts: ModelFacts, call_id: str | None, tensor: Tensor, *, is_binary: bool
) -> tuple[dict[str, str], bytes]:
    """The headers and the body of an answer with this one output."""
    output: Json = {"name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape}
    answer: Json = {"model_name": facts.name, "model_version": VERSION, "outputs": [output]}
    if call_id is not None:
        answer["id"] = call_id
    if not is_binary:
        output["data"] = tensors.to_json(tensor)
        return {"Content-Type": "application/json"}, to_json(answer)
    binary = tensors.to_binary(tensor)
    output["parameters"] = {"binary_data_size": len(binary)}
    head = to_json(answer)
    return {"Content-Type": "application/octet-stream", LENGTH_HEADER: str(len(head))}, head + binary
