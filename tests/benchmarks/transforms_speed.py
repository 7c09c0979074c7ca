"""Feeding a network: our transforms against torchvision's preset, on the same picture, with one thread.

    .venv/bin/python tests/benchmarks/transforms_speed.py

Pictures are decoded already: Pillow pictures, and uint8 tensors both contiguous and, as decoders give them, channels
last in memory. Every contender ends with the normalised float32 tensor, but for `to_uint8`, the half that our engine
does for each picture (it normalises whole batches). How far a result is off is told in levels of 255, against
torchvision's preset on the Pillow picture, which is how published accuracies were measured. Times are CPU time: with
one thread that is wall time on a machine of one's own, and it hardly changes where others use the machine as well.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode, v2
from torchvision.transforms._presets import ImageClassification

from tests.benchmarks.papers import ROOT, Row, Start, parser, publish
from tests.benchmarks.rounds import Sample, interleave, ratio, spread
from weights_registry import ImageTransforms, Preprocessing, Weights, get_weights

SIZES_HW: Final = ((375, 500), (1200, 1600), (3000, 4000))
WEIGHTS: Final = (Weights.ImageNet1K_V2, get_weights("EfficientNet_Lite0_Weights"))
MIN_SAMPLE_S: Final = 0.02

PRESET, BY_HAND = "torchvision's preset", "torchvision v2 by hand"
OURS, FAST, TO_UINT8 = "ours", "ours: to_uint8, normalise", "ours: to_uint8 alone"

Contender = Callable[[], torch.Tensor]


def main() -> None:
    """Measure, write, print."""
    arguments = parser(__doc__, rounds=9).parse_args()
    torch.set_num_threads(1)
    start = Start.now()
    speeds: list[Row] = []
    for weights in WEIGHTS:
        for height, width in SIZES_HW:
            speeds += measure(weights.preprocessing, picture_of(height, width), arguments.rounds)
    publish(
        "transforms_speed",
        what="CPU time to feed one decoded picture, and how far the result is off",
        how={"rounds": arguments.rounds, "batch_size": 1, "dtype": "uint8 in, float32 out", "threads": 1},
        tables={"speeds": speeds},
        notes=[
            "cpu_ms: CPU time of a call, user and system; with one thread, wall time on an idle machine",
            "preset_over_this: how many times as long torchvision's preset takes on the same input",
            "max_levels: largest difference to torchvision's preset on the Pillow picture, in levels of 255",
            "share_off: share of values that differ from it by half a level or more",
            f"{BY_HAND}: Resize and CenterCrop on the uint8 tensor, then ToDtype and Normalize",
        ],
        start=start,
        out=arguments.out,
    )


def measure(preprocessing: Preprocessing, picture: Image.Image, num_rounds: int) -> list[Row]:
    """A row for each contender on each form of the picture."""
    rows: list[Row] = []
    reference = preset_of(preprocessing)(picture)
    for form, contenders in contenders_on(preprocessing, picture).items():
        samples = interleave({name: _sampler(run) for name, run in contenders.items()}, num_rounds)
        for name, run in contenders.items():
            max_levels, share_off = difference(run(), reference, preprocessing)
            rows.append(
                {
                    "fed": f"{preprocessing.resize_size}/{preprocessing.crop_size} {preprocessing.interpolation}",
                    "picture": f"{picture.width}x{picture.height}",
                    "as": form,
                    "contender": name,
                    "cpu_ms": spread(samples[name], "cpu_ms"),
                    "preset_over_this": ratio(samples[PRESET], samples[name], "cpu_ms"),
                    "max_levels": max_levels,
                    "share_off": share_off,
                }
            )
    return rows


def contenders_on(preprocessing: Preprocessing, picture: Image.Image) -> dict[str, dict[str, Contender]]:
    """What is compared, by the form in which the picture comes; torchvision's preset first."""
    ours, preset, by_hand = ImageTransforms(preprocessing), preset_of(preprocessing), by_hand_of(preprocessing)
    channels_last = torch.from_numpy(np.array(picture)).permute(2, 0, 1)

    def on_tensor(image: torch.Tensor) -> dict[str, Contender]:
        return {PRESET: lambda: preset(image), BY_HAND: lambda: by_hand(image), OURS: lambda: ours(image)}

    return {
        "Pillow": {
            PRESET: lambda: preset(picture),
            OURS: lambda: ours(picture),
            FAST: lambda: ours.normalise(ours.to_uint8(picture)),
            TO_UINT8: lambda: ours.to_uint8(picture),
        },
        "tensor": on_tensor(channels_last.contiguous()),
        "tensor, channels last": on_tensor(channels_last),
    }


def preset_of(preprocessing: Preprocessing) -> Callable[[Any], torch.Tensor]:
    """torchvision's own preset, fed the same."""
    preset: Callable[[Any], torch.Tensor] = ImageClassification(
        crop_size=preprocessing.crop_size,
        resize_size=preprocessing.resize_size,
        interpolation=InterpolationMode(preprocessing.interpolation),
        mean=preprocessing.mean,
        std=preprocessing.std,
        antialias=preprocessing.antialias,
    )
    return preset


def by_hand_of(preprocessing: Preprocessing) -> Callable[[Any], torch.Tensor]:
    """What torchvision's documentation advises for tensors."""
    pipeline: Callable[[Any], torch.Tensor] = v2.Compose(
        [
            v2.Resize(preprocessing.resize_size, InterpolationMode(preprocessing.interpolation), antialias=True),
            v2.CenterCrop(preprocessing.crop_size),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(preprocessing.mean, preprocessing.std),
        ]
    )
    return pipeline


def difference(result: torch.Tensor, reference: torch.Tensor, preprocessing: Preprocessing) -> tuple[float, float]:
    """Largest difference in levels of 255, and the share of values that differ by half a level or more."""
    mean_C, std_C = (
        torch.tensor(values, dtype=torch.float64)[:, None, None] for values in (preprocessing.mean, preprocessing.std)
    )

    def levels(image: torch.Tensor) -> torch.Tensor:
        return image.double() if image.dtype == torch.uint8 else (image.double() * std_C + mean_C) * 255

    off = (levels(result) - levels(reference)).abs()
    return round(float(off.max()), 2), round(float((off >= 0.5).double().mean()), 5)


def picture_of(height: int, width: int) -> Image.Image:
    """A photograph with fine grain at that size, the same each time."""
    photo = Image.open(ROOT / "weights_registry" / "samples" / "tabby_cat.jpg").convert("RGB")
    enlarged = np.asarray(photo.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    grain = np.random.default_rng(0).integers(-24, 25, enlarged.shape, dtype=np.int16)
    return Image.fromarray((enlarged + grain).clip(0, 255).astype(np.uint8))


def _sampler(run: Contender) -> Callable[[], Sample]:
    """Samples of so many calls that each lasts long enough for the clock; the first call is not counted."""
    run()
    begun = time.process_time()
    run()
    num_calls = max(1, round(MIN_SAMPLE_S / (time.process_time() - begun)))

    def sample() -> Sample:
        begun = time.process_time()
        for _ in range(num_calls):
            run()
        return {"cpu_ms": 1000 * (time.process_time() - begun) / num_calls}

    return sample


if __name__ == "__main__":
    main()
