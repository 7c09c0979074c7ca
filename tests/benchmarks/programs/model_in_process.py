"""The Classifier in process, at several batch sizes: pictures per second, from encoded bytes to ranked categories.

python model_in_process.py WEIGHTS FOLDER SECONDS BATCH_SIZES
"""

import json
import sys
import time
from itertools import cycle
from pathlib import Path

from weights_registry import Classifier, load


def main(weights: str, folder: str, seconds: float, batch_sizes: list[int]) -> None:
    """Measure, print."""
    pictures = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))]
    loaded = load(weights)
    found = {}
    for batch_size in batch_sizes:
        classifier = Classifier(loaded, device="cpu", batch_size=batch_size)
        num_done, begun = -batch_size, time.perf_counter()
        for outcome in classifier.stream(cycle(pictures)):
            assert classifier.rank(outcome).best.label
            num_done += 1
            if num_done == 0:  # the first batch warms up
                begun = time.perf_counter()
            if num_done > 0 and num_done % batch_size == 0 and time.perf_counter() - begun > seconds:
                break
        found[f"images_per_s at {batch_size}"] = num_done / (time.perf_counter() - begun)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4]))
