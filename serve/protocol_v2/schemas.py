"""Requests and answers of the protocol as pydantic models. Knows nothing of tensors' bytes or of the models.

Fields that we do not know are let pass: the protocol has extensions, and its clients send what we may ignore.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

_ANY_DATA = "Row-major numbers, flat or nested as the shape; pictures of BYTES in base64. Or send binary data."
_WHOLE = "Bytes of this tensor in the body's binary part."


class Schema(BaseModel):
    """Base of all: unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore")


class InputParameters(Schema):
    """Parameters of an input tensor."""

    binary_data_size: StrictInt | None = Field(default=None, ge=0, description=_WHOLE)
    shared_memory_region: Any = Field(default=None, description="Not taken: this server shares no memory.")


class Input(Schema):
    """An input tensor."""

    # Looked at in `calls`, which can say what would be right: the enums are for the document.
    name: StrictStr = Field(json_schema_extra={"enum": ["image"]})
    datatype: StrictStr = Field(
        description="BYTES: encoded pictures; UINT8: pixels (N, C, H, W); FP32: normalised inputs (N, C, S, S).",
        json_schema_extra={"enum": ["BYTES", "UINT8", "FP32"]},
    )
    shape: list[Annotated[StrictInt, Field(ge=1)]] = Field(min_length=1, max_length=8)
    parameters: InputParameters = Field(default_factory=InputParameters)
    data: Any = Field(default=None, description=_ANY_DATA)


class OutputParameters(Schema):
    """Parameters of a requested output."""

    binary_data: StrictBool | None = Field(default=None, description="Whether it is sent in the binary part.")
    classification: StrictInt | None = Field(
        default=None, ge=1, description="Send the so many likeliest categories instead, as BYTES `score:index:label`."
    )
    shared_memory_region: Any = Field(default=None, description="Not taken: this server shares no memory.")


class RequestedOutput(Schema):
    """An output that is asked for."""

    name: StrictStr = Field(json_schema_extra={"enum": ["probabilities"]})
    parameters: OutputParameters = Field(default_factory=OutputParameters)


class InferParameters(Schema):
    """Parameters of a whole request. A priority is ignored: all requests have the same."""

    binary_data_output: StrictBool = Field(
        default=False, description="Whether outputs are binary unless they say otherwise."
    )
    timeout: StrictInt = Field(
        default=0, ge=0, description="Microseconds until the answer, at most; 0 for the server's deadline."
    )
    sequence_id: Any = Field(default=None, description="Not taken: this server keeps no state between requests.")


class InferRequest(Schema):
    """The body of an inference, or its first part where binary data follow."""

    id: StrictStr | None = Field(default=None, description="Given back in the answer.")
    inputs: list[Input] = Field(min_length=1, max_length=1)
    outputs: list[RequestedOutput] = Field(default_factory=list, max_length=1, description="All, if none are named.")
    parameters: InferParameters = Field(default_factory=InferParameters)


class Output(Schema):
    """An output tensor."""

    name: str
    datatype: Literal["FP32", "BYTES"]
    shape: list[int]
    parameters: dict[str, int] | None = None
    data: list[Any] | None = None


class InferResponse(Schema):
    """The answer to an inference, or its first part where binary data follow."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[Output]


class TensorMetadata(Schema):
    """What a tensor must look like; -1 is any size."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(Schema):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(Schema):
    """What the server is, and the extensions of the protocol that it has."""

    name: str
    version: str
    extensions: list[str]


class ModelNames(Schema):
    """The models that serve."""

    models: list[str]


class Live(Schema):
    """Whether the process lives."""

    live: bool


class Ready(Schema):
    """Whether requests may be sent."""

    ready: bool


class ModelReady(Ready):
    """Whether requests may be sent to this model."""

    name: str


class IndexRequest(Schema):
    """Which models to list."""

    ready: StrictBool = Field(default=False, description="List only those that serve.")


class IndexEntry(Schema):
    """One model that serves, is being loaded, or could be loaded."""

    name: str
    version: str | None = None
    state: Literal["READY", "LOADING", "UNAVAILABLE"]
    reason: str


class LoadRequest(Schema):
    """How to load a model: as it is registered."""

    parameters: dict[str, Any] = Field(default_factory=dict, json_schema_extra={"maxProperties": 0})


class UnloadRequest(Schema):
    """How to unload a model: `unload_dependents` is ignored, as there are none."""

    parameters: dict[str, Any] = Field(default_factory=dict)
