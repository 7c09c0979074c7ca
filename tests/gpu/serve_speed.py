"""Requests per second of `serve-weights run` on the GPU, over HTTP, from JPEG to categories.

    .venv/bin/python tests/gpu/serve_speed.py

ResNet-50 with random parameters in float32 and bfloat16, under a closed loop of JPEGs of about 50 kB. The two servers
take turns: in each round each is started, loaded at every concurrency, and stopped.
"""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import torch

from tests.benchmarks.classifier_throughput import make_pictures
from tests.benchmarks.networks import write_resnet50
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.peers import SERVER_PACKAGES
from tests.benchmarks.rounds import Sample, interleave, spread
from tests.benchmarks.served import load, serving
from weights_registry.surroundings import versions

CONCURRENCIES: Final = (1, 32, 128)
DTYPES: Final = ("float32", "bfloat16")
FIGURES: Final = ("requests_per_s", "p50_ms", "p99_ms", "mean_batch")
NUM_PICTURES: Final = 32


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=2)
    options.add_argument("--seconds", type=float, default=6.0, help="of each load: %(default)s")
    arguments = options.parse_args()
    start = Start.now()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        weights = write_resnet50(Path(folder, "resnet50.safetensors"))
        pictures = Path(folder, "pictures")
        pictures.mkdir()
        mean_kb = make_pictures(pictures, NUM_PICTURES)
        bodies = [path.read_bytes() for path in sorted(pictures.glob("*.jpg"))]
        servers = {dtype: sampler(weights, dtype, bodies, arguments.seconds) for dtype in DTYPES}
        samples = interleave(servers, arguments.rounds)
    rows: list[Row] = [
        {
            "dtype": dtype,
            "concurrency": concurrency,
            **{figure: spread(taken, f"{figure} at {concurrency}") for figure in FIGURES},
        }
        for dtype, taken in samples.items()
        for concurrency in CONCURRENCIES
    ]
    publish(
        "serve_speed_gpu",
        what="requests per second of a network on a GPU behind HTTP, from an encoded picture to ranked categories",
        how={
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "bodies": f"{NUM_PICTURES} JPEGs, {mean_kb:.0f} kB each, in turn",
            "network": "resnet50, random parameters",
        },
        tables={"served": rows},
        notes=["client and server share the machine's cores", "pictures are decoded by the CPU"],
        start=start,
        out=arguments.out,
        others_versions=versions(*SERVER_PACKAGES),
        gpu=torch.cuda.get_device_name(),
    )


def sampler(weights: Path, dtype: str, bodies: Sequence[bytes], seconds: float) -> Callable[[], Sample]:
    """A sample of one server at every concurrency."""
    words = [sys.executable, "-m", "serve.cli.main", "run", "--port", "{port}", "--device", "cuda"]
    words += ["--dtype", dtype, "--max-batch", "64", "--weights", str(weights)]

    def sample() -> Sample:
        found: dict[str, float] = {}
        with serving(words) as server:
            for concurrency in CONCURRENCIES:
                taken = load(server, bodies, concurrency=concurrency, seconds=seconds, warm_up_s=2)
                found |= {f"{figure} at {concurrency}": value for figure, value in taken.items()}
        return found

    return sample


if __name__ == "__main__":
    main()
