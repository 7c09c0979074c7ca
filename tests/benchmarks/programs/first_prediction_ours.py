"""From nothing to the first prediction with weights-registry.

    python first_prediction_ours.py WEIGHTS PICTURE FIELDS

FIELDS is JSON that replaces fields of the registered checkpoint, such as its address.
"""

import json
import sys

from tests.benchmarks.programs.stamps import Stamp, report


def main(weights: str, picture: str, fields: str) -> None:
    """Import, load, predict."""
    from dataclasses import replace

    import torchvision  # noqa: F401  `load` imports it, and timm, when it builds: here, so that it counts as importing

    if weights.startswith("EfficientNet"):
        import timm  # noqa: F401
    from weights_registry import Classifier, get_weights

    imported = Stamp.now()
    checkpoint = replace(get_weights(weights).checkpoint, **json.loads(fields))
    classifier = Classifier(checkpoint, device="cpu")
    loaded = Stamp.now()
    best = classifier(picture).best
    predicted = Stamp.now()
    report(
        imported=imported,
        loaded=loaded,
        predicted=predicted,
        index=best.index,
        probability=best.probability,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
