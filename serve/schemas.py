"""What goes over the wire, as pydantic models: the OpenAPI document is made from these. Knows nothing of the models.

Answers are built as plain dicts, which is faster; tests hold them to these schemas.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Schema(BaseModel):
    """Base of all: no unknown fields."""

    model_config = ConfigDict(extra="forbid")


class Category(Schema):
    """One category of an answer."""

    label: str = Field(examples=["tabby"])
    index: int = Field(ge=0, description="Position in the network's outputs.", examples=[281])
    wordnet_id: str | None = Field(description="WordNet id, where the category set has them.", examples=["n02123045"])
    score: float = Field(ge=0, le=1, description="Probability.")


class Timings(Schema):
    """Where a picture's time went, in milliseconds."""

    queue_ms: float = Field(ge=0, description="Waiting for a decode thread and for the engine.")
    decode_ms: float = Field(ge=0, description="Decoding and preprocessing.")
    inference_ms: float = Field(ge=0, description="The network, on the whole batch this picture was in.")


class Problem(Schema):
    """An error, as RFC 9457 has it."""

    type: str = Field("about:blank", description="Always about:blank: the status says the kind.")
    title: str = Field(examples=["Content Too Large"])
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="What was asked, what was found, what to do.")
    request_id: str | None = Field(None, description="As in the X-Request-ID header.")


class Error(BaseModel):
    """An error, as the protocols of others have it."""

    error: str


class Picture(Schema):
    """What became of one picture of a request: its categories, best first, or its error."""

    name: str = Field(description="The file's name in a form, else `picture 0`, `picture 1`, ...")
    categories: list[Category] | None = None
    timings: Timings | None = None
    error: Problem | None = None


class Prediction(Schema):
    """The answer to `POST /predict`."""

    model: str
    checkpoint_sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Digest of the file that was loaded.")
    request_id: str
    pictures: list[Picture] = Field(min_length=1, description="In the order of the request.")


class OnePicture(Schema):
    """A request with one picture."""

    image: str = Field(description="An encoded picture (JPEG, PNG, WebP, ...) in base64. An address is refused.")


class SeveralPictures(Schema):
    """A request with several pictures."""

    images: list[str] = Field(min_length=1, description="Encoded pictures in base64.")


class ModelSummary(Schema):
    """One line of the list of models."""

    name: str
    state: Literal["ready", "loading"]
    is_default: bool
    checkpoint_sha256: str | None = Field(description="Digest of the loaded file; null while it is loading.")
    device: str | None
    dtype: str | None
    num_categories: int | None
    acc1: float | None = Field(description="The headline accuracy in percent, where one is known.")


class ModelList(Schema):
    """The answer to `GET /models`."""

    models: list[ModelSummary]


class ModelDetail(ModelSummary):
    """The answer to `GET /models/{name}`."""

    preprocessing: str | None = Field(description="How pictures are fed to it, in one sentence.")
    checkpoint: dict[str, Any] | None = Field(description="The whole record, categories included.")
    card: str | None = Field(description="The model card: Markdown with the front matter of the Hugging Face Hub.")


class Health(Schema):
    """The answer to `GET /healthz`."""

    status: Literal["alive", "dead"]


class Readiness(Schema):
    """The answer to `GET /readyz`."""

    status: Literal["ready", "loading", "stopping", "dead"]
    models: dict[str, Literal["ready", "loading"]]
