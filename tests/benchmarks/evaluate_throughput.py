"""Pictures per second of `evaluate`, against the Classifier it stands on and against the bare engine.

    .venv/bin/python tests/benchmarks/evaluate_throughput.py
    .venv/bin/python tests/benchmarks/evaluate_throughput.py --num-pictures 200 --rounds 1 --out FOLDER    a quick look

Photographs of 500 x 375 pixels in a labelled folder, through EfficientNet-Lite0; and grey pictures of 28 x 28 in
memory, through a small residual network whose parameters are random, for its speed does not depend on them. The
contenders take turns in one process, each going through all pictures.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.child import run
from tests.benchmarks.classifier_throughput import HEIGHT, QUALITY, WIDTH, make_pictures
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import ratio, spread
from weights_registry.finding import DEFAULT_WEIGHTS

PROGRAM: Final = Path(__file__).parent / "programs" / "evaluating.py"
SMALL_NETWORK: Final = "registry/resnet20-grey"
BATCH_SIZE: Final = 32
NUM_FILES: Final = 512
FOLDERS: Final = ("n02123159", "n04485082", "n07920052")
ENGINE, CLASSIFIER = "engine alone", "Classifier"


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--num-pictures", type=int, default=10_000, help="of each kind: %(default)s")
    options.add_argument(
        "--threads", type=int, default=os.cpu_count() or 1, help="of torch, and that decode: all cores"
    )
    arguments = options.parse_args()
    start = Start.now()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        mean_kb = make_folder(folder, arguments.num_pictures)
        settings = {
            "folder": str(folder / "data"),
            "num_pictures": arguments.num_pictures,
            "num_rounds": arguments.rounds,
            "num_threads": arguments.threads,
            "batch_size": BATCH_SIZE,
            "small_network": SMALL_NETWORK,
        }
        environment = {
            "OMP_NUM_THREADS": str(arguments.threads),
            "WEIGHTS_REGISTRY_CACHE": str(folder / "cache"),
        }
        done = run([sys.executable, str(PROGRAM), json.dumps(settings)], environment)
    rows: list[Row] = [
        {
            "pictures": pictures,
            "contender": contender,
            "images_per_s": spread(taken, "images_per_s"),
            "over_engine": ratio(taken, samples[ENGINE], "images_per_s"),
            "over_classifier": ratio(taken, samples[CLASSIFIER], "images_per_s"),
            "cpu_ms_per_image": spread(taken, "cpu_ms_per_image"),
        }
        for pictures, samples in json.loads(done.output.splitlines()[-1]).items()
        for contender, taken in samples.items()
    ]
    publish(
        "evaluate_throughput",
        what="pictures evaluated per second, from a picture to the counts of right and wrong",
        how={
            "rounds": arguments.rounds,
            "pictures": (
                f"{arguments.num_pictures:,} of each kind: JPEGs of {WIDTH} x {HEIGHT}, quality {QUALITY}, "
                f"{mean_kb:.0f} kB each; grey pictures of 28 x 28 in memory"
            ),
            "weights": f"{DEFAULT_WEIGHTS}; {SMALL_NETWORK} with random parameters",
            "batch_size": BATCH_SIZE,
            "threads": f"{arguments.threads} of torch, and as many that decode",
            "dtype": "float32",
            "device": "cpu",
        },
        tables={"throughput": rows},
        notes=[
            "evaluate: folder listed, pictures read, classified, ranked, counted: the command without loading weights",
            "Classifier: the same pictures through `Classifier.stream`, whose outcomes are thrown away",
            "engine alone: as many pictures as uint8 tensors that are ready, through `Engine.probabilities`",
            "on a CPU, reading JPEGs takes cores from the network: what reads cannot reach the engine's own figure",
        ],
        start=start,
        out=arguments.out,
    )


def make_folder(folder: Path, num_pictures: int) -> float:
    """A labelled folder of photographs: as many names, a few hundred files behind them. Mean size in kB."""
    originals = folder / "originals"
    originals.mkdir()
    mean_kb = make_pictures(originals, min(num_pictures, NUM_FILES))
    files = sorted(originals.iterdir())
    for name in FOLDERS:
        (folder / "data" / name).mkdir(parents=True)
    for number in range(num_pictures):
        link = folder / "data" / FOLDERS[number % len(FOLDERS)] / f"{number:06d}.jpg"
        link.hardlink_to(files[number % len(files)])
    return mean_kb


if __name__ == "__main__":
    main()
