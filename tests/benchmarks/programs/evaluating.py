"""Goes through pictures with `evaluate`, with the Classifier and with the engine, in turn. Prints samples as JSON.

    python evaluating.py SETTINGS

SETTINGS is the JSON that `evaluate_throughput.py` gives.
"""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.benchmarks.rounds import Sample, interleave, say
from weights_registry import CategorySet, Checkpoint, Classifier, LoadedCheckpoint, Preprocessing
from weights_registry.inference.answers import Labelled
from weights_registry.inference.architectures import build
from weights_registry.inference.evaluation import evaluate
from weights_registry.inference.labelled_set import read_labelled_set

Pass = Callable[[], int]
"""Goes through all pictures and gives how many there were."""


def main(
    folder: str, num_pictures: int, num_rounds: int, num_threads: int, batch_size: int, small_network: str
) -> None:
    """Measure, print."""
    torch.set_num_threads(num_threads)
    kinds = {
        "JPEGs in a folder": photos(Path(folder), batch_size, num_threads),
        "28 x 28 in memory": small(small_network, num_pictures, batch_size, num_threads),
    }
    samples = {}
    for kind, passes in kinds.items():
        say(kind)
        samples[kind] = interleave({name: _sampler(run, num_pictures) for name, run in passes.items()}, num_rounds)
    print(json.dumps(samples))


def photos(root: Path, batch_size: int, num_threads: int) -> dict[str, Pass]:
    """The contenders on the labelled folder."""
    classifier = Classifier(device="cpu", batch_size=batch_size, num_threads=num_threads)
    paths = sorted(root.rglob("*.jpg"))
    ready_NCHW = torch.stack([classifier.transforms.to_uint8(Image.open(path)) for path in paths[:batch_size]])

    def run_evaluate() -> int:
        data = read_labelled_set(root, classifier.checkpoint.labels)
        return evaluate(classifier, data.samples).num_images

    return contenders(classifier, paths, ready_NCHW, run_evaluate)


def small(architecture: str, num_pictures: int, batch_size: int, num_threads: int) -> dict[str, Pass]:
    """The contenders on grey pictures of 28 x 28 in memory."""
    classifier = Classifier(untrained(architecture), device="cpu", batch_size=batch_size, num_threads=num_threads)
    levels_NHW = np.random.default_rng(0).integers(0, 256, (num_pictures, 28, 28), dtype=np.uint8)
    pictures = [Image.fromarray(each) for each in levels_NHW]
    labelled: list[Labelled] = [(picture, (number % 10,)) for number, picture in enumerate(pictures)]
    ready_NCHW = torch.from_numpy(levels_NHW[:batch_size, None].copy())
    return contenders(classifier, pictures, ready_NCHW, lambda: evaluate(classifier, labelled).num_images)


def contenders(
    classifier: Classifier, pictures: Sequence[Any], ready_NCHW: torch.Tensor, run_evaluate: Pass
) -> dict[str, Pass]:
    """The engine takes one batch as often as there are batches: what is in a picture does not change its speed."""

    def run_engine() -> int:
        num_done = 0
        while num_done < len(pictures):
            num_done += len(classifier.engine.probabilities(ready_NCHW[: len(pictures) - num_done]))
        return num_done

    def run_classifier() -> int:
        return sum(outcome.error is None for outcome in classifier.stream(pictures))

    classifier.predict(pictures[: 4 * classifier.batch_size])  # what is made on first use
    return {"engine alone": run_engine, "Classifier": run_classifier, "evaluate": run_evaluate}


def untrained(architecture: str) -> LoadedCheckpoint:
    """A network for ten categories of grey pictures of 28 x 28, such as Fashion-MNIST's."""
    torch.manual_seed(0)
    model = build(architecture, 10).eval()
    checkpoint = Checkpoint(
        id="Benchmark.Random",
        description="Random parameters.",
        architecture=architecture,
        url="file:///nowhere",
        sha256=None,
        num_bytes=None,
        category_set=CategorySet("ten", tuple("0123456789")),
        preprocessing=Preprocessing(resize_size=28, crop_size=28, mean=(0.5,), std=(0.5,)),
        metrics=(),
        recipe=None,
        num_params=sum(each.numel() for each in model.parameters()),
        gmacs=None,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="CC0-1.0",
    )
    return LoadedCheckpoint(model, checkpoint)


def _sampler(run: Pass, num_pictures: int) -> Callable[[], Sample]:
    def sample() -> Sample:
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
        if run() != num_pictures:
            raise RuntimeError("a contender left out pictures")
        wall_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
        return {"images_per_s": num_pictures / wall_s, "cpu_ms_per_image": 1000 * cpu_s / num_pictures}

    return sample


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
