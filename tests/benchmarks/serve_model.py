"""A real network behind HTTP: ours against LitServe, and against our Classifier in process at its best batch size.

    .venv/bin/python tests/benchmarks/peers.py         once: installs LitServe
    .venv/bin/python tests/benchmarks/serve_model.py

EfficientNet-Lite0 with its real parameters and ResNet-50 with random ones, on the CPU, in float32. Raw JPEG bodies of
55 kB in a closed loop. The contenders take turns: in each round each server is started, loaded at every
concurrency, and stopped.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.benchmarks import peers
from tests.benchmarks.child import run
from tests.benchmarks.classifier_throughput import make_pictures
from tests.benchmarks.networks import write_resnet50
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, Spread, interleave, spread
from tests.benchmarks.served import OURS as OURS_CLIENT
from tests.benchmarks.served import load, serving

PROGRAMS: Final = Path(__file__).parent / "programs"
CONCURRENCIES: Final = (1, 8, 32)
BATCH_SIZES: Final = (1, 4, 8, 16, 32)
FIGURES: Final = ("requests_per_s", "p50_ms", "p99_ms", "cpu_ms", "mean_batch")
NUM_PICTURES: Final = 16
TARGET_SHARE: Final = 0.9

OURS, LITSERVE, IN_PROCESS = "ours", "LitServe", "Classifier in process"


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--seconds", type=float, default=15.0, help="of each load: %(default)s")
    arguments = options.parse_args()
    start = Start.now()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        networks = {
            "EfficientNet-Lite0": "EfficientNet_Lite0_Weights.ImageNet1K_V1",
            "ResNet-50": str(write_resnet50(folder / "resnet50.safetensors")),
        }
        (folder / "pictures").mkdir()
        mean_kb = make_pictures(folder / "pictures", NUM_PICTURES)
        contenders: dict[str, Callable[[], Sample]] = {}
        for network, weights in networks.items():
            for contender, sample in contenders_of(weights, folder / "pictures", arguments.seconds).items():
                contenders[f"{network}: {contender}"] = sample
        samples = interleave(contenders, arguments.rounds)
    publish(
        "serve_model",
        what="requests per second of a real network behind HTTP, from an encoded picture to ranked categories",
        how={
            "rounds": arguments.rounds,
            "seconds": arguments.seconds,
            "bodies": f"{NUM_PICTURES} JPEGs, {mean_kb:.0f} kB each, in turn",
            "client": OURS_CLIENT,
            "dtype": "float32",
            "device": "cpu",
        },
        tables={
            "served": [row for network in networks for row in _served(network, samples)],
            "in_process": [row for network in networks for row in _in_process(network, samples)],
            "targets": [row for network in networks for row in _targets(network, samples)],
        },
        notes=[
            "ours: `serve-weights run` with its defaults; the Classifier with its defaults but for the batch size",
            "LitServe: 2 workers of one torch thread, batches of 8 with a time-out of 5 ms; torchvision's preset",
            "of_in_process: over the Classifier's median at its best batch size, round by round",
            "cpu_ms: user and system time of all the server's processes, for each request",
            "ResNet-50 has random parameters: its answers mean nothing, and only its cost is of interest",
        ],
        start=start,
        out=arguments.out,
        others_versions=peers.versions("litserve", *peers.SERVER_PACKAGES),
    )


def contenders_of(weights: str, pictures: Path, seconds: float) -> dict[str, Callable[[], Sample]]:
    """What is measured of one network, by contender."""
    bodies = [path.read_bytes() for path in sorted(pictures.glob("*.jpg"))]
    ours = [sys.executable, "-m", "serve.cli.main", "run", "--port", "{port}", "--device", "cpu", "--weights", weights]
    litserve = [str(peers.PYTHON), str(PROGRAMS / "model_litserve.py"), "{port}", weights]

    def in_process() -> Sample:
        program = str(PROGRAMS / "model_in_process.py")
        done = run([sys.executable, program, weights, str(pictures), str(seconds), json.dumps(BATCH_SIZES)])
        found: dict[str, float] = json.loads(done.output.splitlines()[-1])
        return found

    found = {OURS: _sampler(ours, {}, bodies, seconds)}
    if peers.is_installed():
        found[LITSERVE] = _sampler(litserve, peers.environment(), bodies, seconds)
    else:
        print("LitServe is left out: run tests/benchmarks/peers.py first", file=sys.stderr)
    return found | {IN_PROCESS: in_process}


def _sampler(
    words: Sequence[str], environment: Mapping[str, str], bodies: Sequence[bytes], seconds: float
) -> Callable[[], Sample]:
    def sample() -> Sample:
        found: dict[str, float] = {}
        with serving(words, environment) as server:
            for concurrency in CONCURRENCIES:
                taken = load(server, bodies, concurrency=concurrency, seconds=seconds, warm_up_s=2)
                found |= {f"{figure} at {concurrency}": value for figure, value in taken.items()}
        return found

    return sample


def best_in_process(network: str, samples: Mapping[str, Sequence[Sample]]) -> list[float]:
    """Pictures per second of each round, at the batch size that was best by its median."""
    taken = samples[f"{network}: {IN_PROCESS}"]
    best = max(BATCH_SIZES, key=lambda size: spread(taken, f"images_per_s at {size}").median)
    return [sample[f"images_per_s at {best}"] for sample in taken]


def _served(network: str, samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    rows: list[Row] = []
    limits = best_in_process(network, samples)
    for contender in (OURS, LITSERVE):
        taken = samples.get(f"{network}: {contender}", ())
        for concurrency in CONCURRENCIES if taken else ():
            row: dict[str, Any] = {"network": network, "contender": contender, "concurrency": concurrency}
            for figure in FIGURES:
                found = spread(taken, f"{figure} at {concurrency}")
                row[figure] = found if found.median == found.median else None
            speeds = [sample[f"requests_per_s at {concurrency}"] for sample in taken]
            row["of_in_process"] = Spread.of([a / b for a, b in zip(speeds, limits, strict=True)])
            rows.append(row)
    return rows


def _in_process(network: str, samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    taken = samples[f"{network}: {IN_PROCESS}"]
    return [
        {"network": network, "batch_size": size, "images_per_s": spread(taken, f"images_per_s at {size}")}
        for size in BATCH_SIZES
    ]


def _targets(network: str, samples: Mapping[str, Sequence[Sample]]) -> list[Row]:
    served = {(row["contender"], row["concurrency"]): row for row in _served(network, samples)}
    rows: list[Row] = []
    for concurrency in CONCURRENCIES:
        ours, theirs = served[OURS, concurrency], served.get((LITSERVE, concurrency))
        if concurrency > 1:  # one client at a time cannot fill a batch, nor decode the next picture meanwhile
            what = f"{network}: at least {TARGET_SHARE:.0%} of the Classifier's best, at {concurrency}"
            rows.append({"target": what, "met": _median(ours, "of_in_process") >= TARGET_SHARE})
        if theirs is not None:
            more = _median(ours, "requests_per_s") > _median(theirs, "requests_per_s")
            rows.append({"target": f"{network}: more requests per second than LitServe, at {concurrency}", "met": more})
            less = _median(ours, "p99_ms") < _median(theirs, "p99_ms")
            rows.append({"target": f"{network}: a lower p99 than LitServe, at {concurrency}", "met": less})
    return rows


def _median(row: Row, figure: str) -> float:
    found = row[figure]
    assert isinstance(found, Spread)
    return found.median


if __name__ == "__main__":
    main()
