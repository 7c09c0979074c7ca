"""Every setting of the server, with its unit and default; from flags, or from `SERVE_*` in the environment.

Knows nothing of what the settings do. The command line's flags are made from this table.
"""

import os
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseSettings):
    """What `serve-weights run` can be told. A flag wins over the environment, the environment over the default."""

    model_config = SettingsConfigDict(env_prefix="SERVE_", extra="forbid", frozen=True)

    weights: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("EfficientNet_Lite0_Weights.ImageNet1K_V1",),
        min_length=1,
        description="checkpoints to serve, by name or path, comma-separated; the first is the default",
    )
    device: str = Field(default="auto", description="auto, cpu, cuda, cuda:1, mps; auto takes a GPU where there is one")
    dtype: Literal["float32", "bfloat16", "float16"] = Field(default="float32", description="precision of the networks")
    host: str = Field(default="127.0.0.1", description="address to listen on; 0.0.0.0 for all")
    port: int = Field(default=8000, ge=0, le=65535, description="port to listen on; 0 for any free one")
    workers: int = Field(default=1, ge=1, description="processes on the port; each holds its own copy of the models")
    max_batch: int = Field(
        default=16,
        ge=1,
        description="most pictures a batch holds; on the CPU batches of two go side by side, "
        "or of more where pictures are small",
    )
    queue: int = Field(
        default=256, ge=1, description="most pictures that wait for one model; more are refused with 503"
    )
    deadline_ms: float = Field(
        default=30_000,
        gt=0,
        allow_inf_nan=False,
        description="milliseconds from a request's body to its answer, at most; then 504",
    )
    max_bytes: int = Field(
        default=20 * 2**20, ge=1, description="most bytes of a request's body; more are refused with 413"
    )
    max_buffered_bytes: int = Field(
        default=512 * 2**20, ge=1, description="most bytes of all bodies held at a time; more are refused with 503"
    )
    max_pixels: int = Field(
        default=50_000_000, ge=1, description="most pixels of a picture, read from its header before decoding; else 413"
    )
    scaled_decode: bool = Field(
        default=False,
        description="true: large JPEGs are decoded at 1/2, 1/4 or 1/8 of their size, with at least twice the pixels a "
        "side that they are resized to: faster, but probabilities change, and of two nearly equal categories the other "
        "may win; tests/benchmarks/scaled_decode.py measures both",
    )
    max_pictures: int = Field(default=32, ge=1, description="most pictures of one request; more are refused with 422")
    body_timeout_s: float = Field(
        default=30, gt=0, allow_inf_nan=False, description="seconds a client may take to send its body; then 408"
    )
    top_k: int = Field(default=5, ge=1, description="categories of an answer unless `?top_k=` says how many")
    decode_threads: int = Field(
        default_factory=_num_cores, ge=1, description="threads of a worker that decode; default: one a core"
    )
    torch_threads: int = Field(
        default_factory=_num_cores,
        ge=1,
        description="threads of a worker's network on the CPU; default: one a core, shared between the workers",
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="key that clients must send, and that loading models needs; default: none, open to all",
    )
    access_log: Literal["auto", "on", "off"] = Field(
        default="auto", description="a line a request on stdout; auto: unless stdout is a terminal"
    )
    log_format: Literal["json", "text"] = Field(default="json", description="form of the access log's lines")
    opentelemetry: bool = Field(
        default=False,
        description="true: traces, metrics and logs go where the standard OTEL_* variables say; needs the extra of "
        "the same name, and costs the fast path",
    )
    drain_s: float = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="seconds between SIGTERM and the closing of the port, for load balancers to notice",
    )

    def for_one_worker(self) -> "Settings":
        """Those of each worker: threads that were not asked for by number are divided among the workers."""
        shared = {
            name: max(1, getattr(self, name) // self.workers)
            for name in ("torch_threads", "decode_threads")
            if name not in self.model_fields_set
        }
        return self.model_copy(update=shared)

    @field_validator("weights", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("api_key")
    @classmethod
    def _not_empty(cls, value: SecretStr | None) -> SecretStr | None:
        # An empty variable is a slip of a deployment, and must not open the server to the key "".
        if value is not None and not value.get_secret_value():
            raise ValueError("must not be empty; leave it out to serve without a key")
        return value
