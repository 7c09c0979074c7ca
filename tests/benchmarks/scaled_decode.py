"""What decoding large JPEGs at 1/2, 1/4 or 1/8 of their size does to the answers, and to the time.

    .venv/bin/python tests/benchmarks/scaled_decode.py

Pictures of 12 megapixels, made from the sample photos and from nothing, go through real checkpoints in four ways: in
full (the reference), scaled to no less than twice the side that the network resizes to (what the setting does), scaled
to no less than that side (for comparison), and in full but resized by Pillow, as published accuracies were measured:
so much the answers differ anyhow.
"""

import time
from collections.abc import Callable
from typing import Final

import torch

from tests.benchmarks.large_pictures import LargePicture, large_picture
from tests.benchmarks.papers import Row, Start, parser, publish
from tests.benchmarks.rounds import Spread
from weights_registry import Classifier
from weights_registry.inference.images import open_image
from weights_registry.inference.transforms import ImageTransforms

WEIGHTS: Final = (
    "EfficientNet_Lite0_Weights.ImageNet1K_V1",
    "EfficientNet_Lite1_Weights.ImageNet1K_V1",
    "EfficientNet_Lite2_Weights.ImageNet1K_V1",
)
WIDTH, HEIGHT = 4000, 3000

FULL, SCALED, SCALED_ONCE, EXACT = "full", "at least 2 x the side", "at least 1 x the side", "full, resized by Pillow"

Way = Callable[[bytes], torch.Tensor]
"""Encoded picture -> what the network is fed, (C, S, S)."""


def main() -> None:
    """Measure, write, print."""
    options = parser(__doc__, rounds=1)
    options.add_argument("--pictures", type=int, default=300, help="how many: %(default)s")
    arguments = options.parse_args()
    torch.set_num_threads(1)
    start = Start.now()
    classifiers = {name: Classifier(name, device="cpu") for name in WEIGHTS}
    times_ms: dict[str, list[float]] = {name: [] for name in (FULL, SCALED, SCALED_ONCE, EXACT)}
    answers: dict[str, list[dict[str, torch.Tensor]]] = {name: [] for name in classifiers}
    kinds: list[str] = []
    num_bytes = 0
    for number in range(arguments.pictures):
        picture = large_picture(number, WIDTH, HEIGHT)
        kinds.append(picture.kind)
        num_bytes += len(picture.content)
        for name, classifier in classifiers.items():
            taken_ms, found = classify(classifier, picture)
            answers[name].append(found)
            if name == WEIGHTS[0]:
                for way, taken in taken_ms.items():
                    times_ms[way].append(taken)
    publish(
        "scaled_decode",
        what="answers and time of large JPEGs decoded at a fraction of their size",
        how={
            "order": "interleaved: each picture goes all ways before the next",
            "pictures": f"{arguments.pictures} JPEGs of {WIDTH} x {HEIGHT}, {num_bytes / arguments.pictures / 1e6:.1f} "
            "MB each on average; quality 75 to 96, 4:2:0 and 4:4:4, baseline and progressive, all orientations",
            "threads": 1,
            "dtype": "float32",
            "device": "cpu",
        },
        tables={
            "answers": [row for name in classifiers for row in compare(name, answers[name], kinds)],
            "times": [{"way": way, "time_ms": Spread.of(taken)} for way, taken in times_ms.items()],
        },
        notes=[
            "reference: decoded in full, resized by torch's uint8 kernel",
            "same_top1: share of pictures with the reference's best category",
            "largest_change: the most that any category's probability differs from the reference's, over all pictures",
            "best_change: how far the probability of the reference's best category moves, mean over the pictures",
            "lost_margin: of the pictures whose best category differs, the largest lead it had in the reference",
            f"time_ms: from encoded bytes to what {WEIGHTS[0]} is fed",
        ],
        start=start,
        out=arguments.out,
    )


def ways_of(transforms: ImageTransforms) -> dict[str, Way]:
    """The ways to feed a network, the reference first."""
    side = transforms.preprocessing.resize_size
    return {
        FULL: lambda content: transforms.to_uint8(open_image(content)),
        SCALED: lambda content: transforms.to_uint8(open_image(content, min_side=2 * side)),
        SCALED_ONCE: lambda content: transforms.to_uint8(open_image(content, min_side=side)),
        EXACT: lambda content: transforms(open_image(content)),
    }


def classify(classifier: Classifier, picture: LargePicture) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    """Milliseconds to feed the picture, and its probabilities (K,), each way."""
    times_ms, found = {}, {}
    for way, feed in ways_of(classifier.transforms).items():
        begun = time.perf_counter()
        input_CHW = feed(picture.content)
        times_ms[way] = 1e3 * (time.perf_counter() - begun)
        found[way] = classifier.engine.probabilities(input_CHW[None])[0]
    return times_ms, found


def compare(weights: str, answers: list[dict[str, torch.Tensor]], kinds: list[str]) -> list[Row]:
    """A row for each way, over all pictures and then for each kind of them."""
    rows: list[Row] = []
    for way in (SCALED, SCALED_ONCE, EXACT):
        for kind in ["all", *dict.fromkeys(kinds)]:
            chosen = [each for each, its in zip(answers, kinds, strict=True) if kind in ("all", its)]
            rows.append({"weights": weights, "way": way, "kind": kind, **_compare(chosen, way)})
    return rows


def _compare(answers: list[dict[str, torch.Tensor]], way: str) -> Row:
    reference_NK = torch.stack([each[FULL] for each in answers])
    found_NK = torch.stack([each[way] for each in answers])
    best_N = reference_NK.argmax(dim=1)
    is_same_N = found_NK.argmax(dim=1) == best_N
    change_NK = (found_NK - reference_NK).abs()
    top2_N2 = reference_NK.topk(2, dim=1).values
    margins = (top2_N2[:, 0] - top2_N2[:, 1])[~is_same_N]
    return {
        "pictures": len(answers),
        "same_top1": round(float(is_same_N.double().mean()), 4),
        "largest_change": round(float(change_NK.max()), 4),
        "best_change": round(float(change_NK.gather(1, best_N[:, None]).mean()), 5),
        "lost_margin": round(float(margins.max()), 4) if len(margins) else None,
    }


if __name__ == "__main__":
    main()
