"""Pictures per second from a folder of JPEGs: our Classifier against the loop that people write, same parameters.

    .venv/bin/python tests/benchmarks/classifier_throughput.py

EfficientNet-Lite0 on photographs of 500 x 375 pixels, made from the sample photos. With T threads a process may use T
cores only (on Linux), torch computes with T threads, and our Classifier decodes with T threads; each count of threads
is a process of its own, in which the contenders take turns, each going through the whole folder.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance

from tests.benchmarks.child import run
from tests.benchmarks.papers import ROOT, Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, ratio, say, spread

PROGRAM: Final = Path(__file__).parent / "programs" / "throughput.py"
HEIGHT, WIDTH, QUALITY = 375, 500, 90
THREADS: Final = (1, 2)
BATCH_SIZES: Final = (1, 8, 32)
NAIVE: Final = "loop, one by one"


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=3)
    options.add_argument("--pictures", type=int, default=256, help="how many are in the folder: %(default)s")
    arguments = options.parse_args()
    start = Start.now()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        mean_kb = make_pictures(Path(folder), arguments.pictures)
        for num_threads in usable_threads():
            say(f"{num_threads} threads")
            samples, agreement = sample(Path(folder), num_threads, arguments.rounds)
            rows += [
                {
                    "threads": num_threads,
                    "contender": name,
                    "images_per_s": spread(taken, "images_per_s"),
                    "over_loop": ratio(taken, samples[NAIVE], "images_per_s"),
                    "cpu_ms_per_image": spread(taken, "cpu_ms_per_image"),
                    "same_best_label": agreement[name],
                }
                for name, taken in samples.items()
            ]
    publish(
        "classifier_throughput",
        what="pictures classified per second, from JPEG files to ranked categories",
        how={
            "rounds": arguments.rounds,
            "pictures": f"{arguments.pictures} JPEGs of {WIDTH} x {HEIGHT}, quality {QUALITY}, {mean_kb:.0f} kB each",
            "weights": "EfficientNet_Lite0_Weights.ImageNet1K_V1",
            "batch_size": f"ours {', '.join(map(str, BATCH_SIZES))}; the loop 1",
            "dtype": "float32",
            "device": "cpu",
        },
        tables={"throughput": rows},
        notes=[
            "threads: also the number of cores the process may use, where the system can hold it to that",
            "the loop: open, torchvision's preset, unsqueeze, timm's network in inference mode, softmax, topk",
            "ours decodes ahead in threads of its own; cpu_ms_per_image shows what that costs in all",
            "same_best_label: share of pictures with the loop's best label; the fast path may differ by a level or two",
        ],
        start=start,
        out=arguments.out,
    )


def usable_threads() -> tuple[int, ...]:
    """The counts of `THREADS` that this machine has the cores for."""
    return tuple(count for count in THREADS if count <= (os.cpu_count() or 1))


def sample(folder: Path, num_threads: int, num_rounds: int) -> tuple[dict[str, list[Sample]], dict[str, float]]:
    """Samples by contender, and each contender's share of best labels that are the loop's."""
    settings = {
        "folder": str(folder),
        "num_threads": num_threads,
        "num_rounds": num_rounds,
        "batch_sizes": BATCH_SIZES,
        "naive": NAIVE,
    }
    environment = {"OMP_NUM_THREADS": str(num_threads), "WEIGHTS_REGISTRY_CACHE": str(folder / "cache")}
    done = run([sys.executable, str(PROGRAM), json.dumps(settings)], environment)
    answer = json.loads(done.output.splitlines()[-1])
    return answer["samples"], _agreement(answer["labels"])


def make_pictures(folder: Path, num_pictures: int) -> float:
    """Fill the folder with JPEGs: random parts of the sample photos, flipped, brighter or darker. Mean size in kB."""
    random = np.random.default_rng(0)
    photos = [Image.open(path).convert("RGB") for path in sorted((ROOT / "weights_registry" / "samples").glob("*.jpg"))]
    sizes = []
    for number in range(num_pictures):
        photo = photos[number % len(photos)]
        scale = random.uniform(0.6, 1.0) * min(photo.width / WIDTH, photo.height / HEIGHT)
        width, height = WIDTH * scale, HEIGHT * scale
        left, top = random.uniform(0, photo.width - width), random.uniform(0, photo.height - height)
        box = (left, top, left + width, top + height)
        picture = photo.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC, box=box)
        if random.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        grain = random.integers(-8, 9, (HEIGHT, WIDTH, 3), dtype=np.int16)
        picture = ImageEnhance.Brightness(picture).enhance(random.uniform(0.7, 1.3))
        levels = (np.asarray(picture, dtype=np.int16) + grain).clip(0, 255).astype(np.uint8)
        path = folder / f"{number:04d}.jpg"
        Image.fromarray(levels).save(path, quality=QUALITY)
        sizes.append(path.stat().st_size)
    return sum(sizes) / len(sizes) / 1000


def _agreement(labels: Mapping[str, Sequence[int]]) -> dict[str, float]:
    return {
        name: round(sum(a == b for a, b in zip(found, labels[NAIVE], strict=True)) / len(found), 4)
        for name, found in labels.items()
    }


if __name__ == "__main__":
    main()
