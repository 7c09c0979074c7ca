"""The first text of a card's blocks, from facts of the record: people go on from there. Knows no file.

What holds figures of the record is no part of a block: it would grow stale there unnoticed.
"""

from collections.abc import Iterable
from typing import Final

from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.families._evidence import AMONG_200

_OTHER_PICTURES: Final = {
    "ImageNet-V2": "new photos, collected as ImageNet's were",
    "ImageNet-R": "art, cartoons and other renditions",
    "ImageNet-Sketch": "sketches",
    "ImageNet-A": "photos chosen because networks fail on them",
}

_PHOTOS: Final = "Naming what a photo shows, among the 1,000 categories of ImageNet-1K; a start to fine-tune from."
_OFFLINE: Final = "Machines without internet: the file comes with a Python package."
_NONE_OF_THESE: Final = (
    "Pictures of anything else: it names one of its 1,000 categories whatever is shown; none of them stands for “none "
    "of these”."
)
_UNDER_CONFIDENT: Final = (
    "Its probabilities as they stand: the V2 weights are under-confident. Users report 58.4 % where other weights give "
    "99.8 %, and 86 % against 98.8 % ([pytorch/vision#7570](https://github.com/pytorch/vision/issues/7570), "
    "[#7958](https://github.com/pytorch/vision/issues/7958)). The order of the categories is not touched by it. Fit a "
    "temperature on pictures of your own before you set a threshold."
)
_FAR_FEATURES: Final = (
    "Finding near-duplicates by the distance of its features: a user found cosines below 0.7 where V1 gives above 0.95 "
    "([pytorch/vision#8382](https://github.com/pytorch/vision/issues/8382))."
)
_IMAGENET_TERMS: Final = (
    "The pictures it was trained on are another matter than the file: [ImageNet's "
    "terms](https://www.image-net.org/download.php) allow them for non-commercial research and education. Whether that "
    "reaches weights trained on them is not settled; nothing here is legal advice."
)


def first_words(checkpoint: Checkpoint) -> dict[str, str]:
    """Markdown by the block's name; only what the record supports, so nothing for many a checkpoint."""
    is_imagenet = checkpoint.labels.name == "imagenet_1k"
    is_torchvision_v2 = checkpoint.url.startswith("https://download.pytorch.org/") and checkpoint.id.endswith("1K_V2")
    said = {
        "good-for": (
            _PHOTOS if is_imagenet else "",
            _OFFLINE if checkpoint.url.startswith("package://") else "",
        ),
        "not-good-for": (
            _NONE_OF_THESE if is_imagenet else "",
            _UNDER_CONFIDENT if is_torchvision_v2 else "",
            _FAR_FEATURES if is_torchvision_v2 else "",
        ),
        "licence": (_IMAGENET_TERMS if is_imagenet else "",),
    }
    return {name: listed for name, sentences in said.items() if (listed := _listed(sentences))}


def told_by_figures(checkpoint: Checkpoint) -> dict[str, str]:
    """Markdown to stand before a block, by its name: what the record's figures say, made anew with each card."""
    said = {"good-for": (_small(checkpoint),), "not-good-for": (_falls(checkpoint),)}
    return {name: listed for name, sentences in said.items() if (listed := _listed(sentences))}


def _listed(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences if sentence)


def _small(checkpoint: Checkpoint) -> str:
    if checkpoint.gmacs is None or checkpoint.gmacs >= 1:
        return ""
    return (
        f"Processors without a GPU: {checkpoint.gmacs:g} GMACs a picture and {checkpoint.num_params / 1e6:.1f} million "
        "parameters."
    )


def _falls(checkpoint: Checkpoint) -> str:
    """How far acc@1 falls on other pictures than ImageNet's: figures of one evaluator, fed one way."""
    quotable = [each for each in checkpoint.metrics if each.of != "earlier-run"]
    for base in quotable:
        like = {
            each.dataset: each
            for each in quotable
            if (each.measured_by, each.preprocessing) == (base.measured_by, base.preprocessing)
            and each.acc1 < base.acc1
        }
        found = [_on(like[dataset], what) for dataset, what in _OTHER_PICTURES.items() if dataset in like]
        if base.dataset == "ImageNet-1K" and found:
            listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
            return f"Other pictures than ImageNet's: acc@1 falls from {base.acc1:.1f} % on ImageNet-1K to {listed}."
    return ""


def _on(metrics: Metrics, what: str) -> str:
    among = ", ranked among its 200 categories alone" if AMONG_200 in metrics.note else ""
    return f"{metrics.acc1:.1f} % on {what} ({metrics.dataset}{among})"
