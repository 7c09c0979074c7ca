"""Goes through a folder of JPEGs with the Classifier and with the usual loop, in turn. Prints samples as JSON.

    python throughput.py SETTINGS

SETTINGS is the JSON that `classifier_throughput.py` gives.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.rounds import Sample, interleave

Pass = Callable[[Sequence[Path]], list[int]]
"""Classifies the pictures, in order, and gives each one's best label."""


def main(folder: str, num_threads: int, num_rounds: int, batch_sizes: Sequence[int], naive: str) -> None:
    """Measure, print."""
    if hasattr(os, "sched_setaffinity"):  # before torch starts its threads, which inherit it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:num_threads])
    import torch

    torch.set_num_threads(num_threads)
    paths = sorted(Path(folder).glob("*.jpg"))
    passes = {naive: loop()} | {f"ours, batch size {size}": classifier(size, num_threads) for size in batch_sizes}
    labels = {name: run(paths) for name, run in passes.items()}
    samples = interleave({name: _sampler(run, paths) for name, run in passes.items()}, num_rounds)
    print(json.dumps({"samples": samples, "labels": labels}))


def classifier(batch_size: int, num_threads: int) -> Pass:
    """Ours."""
    from weights_registry import Classifier

    name = "EfficientNet_Lite0_Weights.ImageNet1K_V1"
    ours = Classifier(name, device="cpu", batch_size=batch_size, num_threads=num_threads)
    return lambda paths: [prediction.best.index for prediction in ours.predict(paths)]


def loop() -> Pass:
    """What people write."""
    import torch
    from PIL import Image
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms._presets import ImageClassification

    from weights_registry import get_weights, load

    weights = get_weights("EfficientNet_Lite0_Weights.ImageNet1K_V1")
    fed, categories, model = weights.preprocessing, weights.categories, load(weights).model
    preset: Any = ImageClassification(
        crop_size=fed.crop_size,
        resize_size=fed.resize_size,
        interpolation=InterpolationMode(fed.interpolation),
        mean=fed.mean,
        std=fed.std,
    )

    def run(paths: Sequence[Path]) -> list[int]:
        found = []
        for path in paths:
            with torch.inference_mode():
                image_NCHW = preset(Image.open(path).convert("RGB")).unsqueeze(0)
                best = model(image_NCHW).softmax(dim=1)[0].topk(5)
            ranked = [(categories[index], probability) for probability, index in zip(*_lists(best), strict=True)]
            assert len(ranked) == 5
            found.append(int(best.indices[0]))
        return found

    return run


def _lists(best: Any) -> tuple[list[float], list[int]]:
    return best.values.tolist(), best.indices.tolist()


def _sampler(run: Pass, paths: Sequence[Path]) -> Callable[[], Sample]:
    def sample() -> Sample:
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
        run(paths)
        wall_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
        return {"images_per_s": len(paths) / wall_s, "cpu_ms_per_image": 1000 * cpu_s / len(paths)}

    return sample


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
