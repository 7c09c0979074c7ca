"""What the server and its models are, in the protocol's words. Knows nothing of HTTP or of requests.

A model has one input, `image`, which may come as encoded pictures, as pixels, or as the network's own input. The
protocol can declare one of these: pixels, which clients that prepare pictures by the metadata get right.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from serve.models.model import ModelFacts
from serve.protocol_v2.answers import VERSION
from serve.protocol_v2.calls import INPUT, OUTPUT
from serve.protocol_v2.schemas import ModelMetadata, ServerMetadata, TensorMetadata
from serve.settings import Settings

EXTENSIONS: Final = (
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "model_repository(unload_dependents)",
    "schedule_policy",
    "statistics",
)
PLATFORM: Final = "pytorch_weights_registry"


def server_metadata() -> ServerMetadata:
    """The server's name, its version, and the extensions it has."""
    return ServerMetadata(name="weights-registry", version=version("weights-registry"), extensions=list(EXTENSIONS))


def model_metadata(facts: ModelFacts) -> ModelMetadata:
    """The model's input and output."""
    fed = facts.checkpoint.preprocessing
    pixels = [-1, fed.num_channels, fed.crop_size, fed.crop_size]
    return ModelMetadata(
        name=facts.name,
        versions=[VERSION],
        platform=PLATFORM,
        inputs=[TensorMetadata(name=INPUT, datatype="UINT8", shape=pixels)],
        outputs=[TensorMetadata(name=OUTPUT, datatype="FP32", shape=[-1, len(facts.checkpoint.labels)])],
    )


def model_config(facts: ModelFacts, settings: Settings) -> dict[str, Any]:
    """The model as Triton's ModelConfig would have it; what the metadata cannot say is in `parameters`."""
    fed = facts.checkpoint.preprocessing
    size = [fed.num_channels, fed.crop_size, fed.crop_size]
    return {
        "name": facts.name,
        "platform": PLATFORM,
        "backend": "weights_registry",
        "version_policy": {"latest": {"num_versions": 1}},
        "max_batch_size": settings.max_pictures,
        "input": [{"name": INPUT, "data_type": "TYPE_UINT8", "format": "FORMAT_NCHW", "dims": size}],
        "output": [{"name": OUTPUT, "data_type": "TYPE_FP32", "dims": [len(facts.checkpoint.labels)]}],
        "dynamic_batching": {"max_queue_delay_microseconds": 0},
        "parameters": {
            "preprocessing": {"string_value": fed.describe()},
            "input.UINT8": {"string_value": f"pixels [N, {fed.num_channels}, H, W] of any size, preprocessed here"},
            "input.BYTES": {"string_value": "encoded pictures [N]: JPEG, PNG, WebP and others, preprocessed here"},
            "input.FP32": {"string_value": f"[N, {', '.join(map(str, size))}], preprocessed and normalised already"},
            "sha256": {"string_value": facts.sha256},
        },
    }


def model_statistics(facts: ModelFacts, samples: Mapping[str, float]) -> dict[str, Any]:
    """The model's numbers by Triton's names: durations in ns, each with how many it is the sum of.

    `samples` are those of `Telemetry.of_model`. A picture is counted where Triton counts a request, whichever route
    it came by. Batches, and so `compute_infer`, include those of the warm-up. What is not counted here is left out.
    """
    num_pictures = int(samples.get("serve_decode_seconds_count", 0))
    return {
        "name": facts.name,
        "version": VERSION,
        "inference_count": num_pictures,
        "execution_count": int(samples.get("serve_inference_seconds_count", 0)),
        "inference_stats": {
            "queue": _duration(samples, "serve_queue_seconds"),
            "compute_input": _duration(samples, "serve_decode_seconds"),
            "compute_infer": _duration(samples, "serve_inference_seconds"),
        },
    }


def _duration(samples: Mapping[str, float], name: str) -> dict[str, int]:
    return {"count": int(samples.get(f"{name}_count", 0)), "ns": int(1e9 * samples.get(f"{name}_sum", 0.0))}
