"""Pictures per second through ResNet-50 on the GPU, from uint8 on the CPU to probabilities on the CPU.

    .venv/bin/python tests/gpu/engine_speed.py

The engine that `Classifier` and the server stand on, with random parameters; batch sizes and number formats take turns.
"""

import time
from collections.abc import Callable
from typing import Final

import torch

from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, interleave, spread
from weights_registry import Weights
from weights_registry.inference.architectures import build
from weights_registry.inference.engine import Engine

BATCH_SIZES: Final = (1, 8, 32, 128, 512)
DTYPES: Final = (torch.float32, torch.float16, torch.bfloat16)


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=5)
    options.add_argument("--seconds", type=float, default=1.0, help="of each sample: %(default)s")
    arguments = options.parse_args()
    start = Start.now()
    contenders: dict[tuple[str, int], Callable[[], Sample]] = {}
    for dtype in DTYPES:
        engine = Engine(build("resnet50", 1000), Weights.ImageNet1K_V2.transforms(), device="cuda", dtype=dtype)
        for batch_size in BATCH_SIZES:
            contenders[str(dtype).removeprefix("torch."), batch_size] = sampler(engine, batch_size, arguments.seconds)
    names = {f"{dtype} {batch_size}": (dtype, batch_size) for dtype, batch_size in contenders}
    samples = interleave({name: contenders[key] for name, key in names.items()}, arguments.rounds)
    rows: list[Row] = [
        {
            "dtype": names[name][0],
            "batch_size": names[name][1],
            "images_per_s": spread(taken, "images_per_s"),
            "ms_per_batch": spread(taken, "ms_per_batch"),
        }
        for name, taken in samples.items()
    ]
    publish(
        "engine_speed_gpu",
        what="pictures per second through a network on a GPU, crossing to it and back included",
        how={"rounds": arguments.rounds, "network": "resnet50, random parameters", "pictures": "uint8, 224 x 224"},
        tables={"throughput": rows},
        notes=["decoding and resizing are not in it", "float32 convolutions are in TF32, torch's default"],
        start=start,
        out=arguments.out,
        gpu=torch.cuda.get_device_name(),
    )


def sampler(engine: Engine, batch_size: int, seconds: float) -> Callable[[], Sample]:
    """A sample of batches one after the other for so many seconds; the first few were run before."""
    images_NCHW = torch.randint(0, 256, (batch_size, 3, 224, 224), dtype=torch.uint8)
    for _ in range(3):
        engine.probabilities(images_NCHW)

    def sample() -> Sample:
        num_batches, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < seconds:
            engine.probabilities(images_NCHW)  # back on the CPU, so it has waited for the GPU
            num_batches += 1
        taken_s = time.perf_counter() - begun
        return {"images_per_s": num_batches * batch_size / taken_s, "ms_per_batch": 1e3 * taken_s / num_batches}

    return sample


if __name__ == "__main__":
    main()
