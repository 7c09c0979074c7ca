"""Checkpoint -> the front matter of a Hugging Face model card: `ModelCardData` with a model-index. Knows no Markdown.

The Hub's accuracies are shares between 0 and 1; a checkpoint's are in percent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from weights_registry.card.metrics import SUBJECTS
from weights_registry.checkpoint import Checkpoint, Metrics

if TYPE_CHECKING:
    from huggingface_hub import EvalResult, ModelCardData

TASK: Final = "image-classification"

# Licences that the Hub knows, by SPDX's names in small letters: https://huggingface.co/docs/hub/repositories-licenses
_LICENCES: Final = """
    afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd-2-clause bsd-3-clause bsl-1.0 cc0-1.0 cc-by-2.0 cc-by-3.0 cc-by-4.0
    cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-4.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0
    ecl-2.0 epl-2.0 eupl-1.1 eupl-1.2 gpl-2.0 gpl-3.0 isc lgpl-2.1 lgpl-3.0 mit mpl-2.0 ms-pl ncsa odbl ofl-1.1
    osl-3.0 postgresql unlicense wtfpl zlib
"""
HUB_LICENCES: Final = frozenset(_LICENCES.split())

# Data sets under the names that the Hub has them by.
HUB_DATASETS: Final = {
    "ImageNet-1K": "ILSVRC/imagenet-1k",
    "Fashion-MNIST": "zalando-datasets/fashion_mnist",
}


def front_matter(checkpoint: Checkpoint, *, measured: Sequence[Metrics] = ()) -> ModelCardData:
    """What the Hub reads of a card: task, licence, data sets, and every evaluation, `measured` after the record's."""
    from huggingface_hub import ModelCardData

    results = list(_eval_results([*checkpoint.metrics, *measured]))
    return ModelCardData(
        model_name=checkpoint.id,
        pipeline_tag=TASK,
        library_name="weights-registry",
        tags=[TASK, checkpoint.architecture],
        datasets=[hub for name, hub in HUB_DATASETS.items() if any(name in told for told in checkpoint.lineage)]
        or None,
        metrics=["accuracy"] if results else None,
        eval_results=results or None,
        **_licence(checkpoint),
    )


def read_front_matter(card: str) -> dict[str, Any]:
    """The front matter of a card as the Hub's own library reads it, as JSON types."""
    from huggingface_hub import ModelCard

    read: dict[str, Any] = ModelCard(card).data.to_dict()  # type: ignore[no-untyped-call]
    return read


def without_front_matter(card: str) -> str:
    """The card as one reads it, from its title on."""
    return re.sub(r"\A---\n.*?\n---\n+", "", card, count=1, flags=re.DOTALL)


def _licence(checkpoint: Checkpoint) -> dict[str, Any]:
    name = checkpoint.weights_licence.strip().casefold()
    if name in HUB_LICENCES:
        return {"license": name}
    if name in ("", "not stated", "unknown"):
        return {"license": "unknown"}
    return {"license": "other", "license_name": checkpoint.weights_licence}


def _eval_results(evaluations: Sequence[Metrics]) -> Iterator[EvalResult]:
    """One result an accuracy, of all evaluations but those of an earlier run, which is not this file's."""
    taken: set[tuple[str, str, str]] = set()
    for metrics in evaluations:
        if metrics.of != "earlier-run":
            config = _free((metrics.dataset, metrics.split), _config(metrics), taken)
            yield _result(metrics, config, "acc@1", "accuracy", metrics.acc1)
            if metrics.acc5 is not None:
                yield _result(metrics, config, "acc@5", "top_5_accuracy", metrics.acc5)


def _result(metrics: Metrics, config: str, name: str, kind: str, percent: float) -> EvalResult:
    from huggingface_hub import EvalResult

    is_address = metrics.source.startswith("https://")
    return EvalResult(
        task_type=TASK,
        task_name="Image classification",
        dataset_name=metrics.dataset,
        dataset_type=HUB_DATASETS.get(metrics.dataset) or re.sub(r"[^a-z0-9]+", "-", metrics.dataset.casefold()),
        dataset_split=metrics.split or None,
        dataset_config=config,
        dataset_args=_facts(metrics),
        metric_name=name,
        metric_type=kind,
        metric_value=round(percent / 100, 8),
        source_name=metrics.measured_by if is_address else None,
        source_url=metrics.source if is_address else None,
    )


def _config(metrics: Metrics) -> str:
    """What tells evaluations on one split apart: the Hub's format makes one of all that agree in it, source and all."""
    fed = metrics.preprocessing
    return f"resize {fed.resize_size}, crop {fed.crop_size}, {metrics.kind} by {metrics.measured_by}"


def _free(split: tuple[str, str], config: str, taken: set[tuple[str, str, str]]) -> str:
    """`config`, numbered if an evaluation on the same split has it already."""
    name, number = config, 1
    while (*split, name) in taken:
        number += 1
        name = f"{config}, {number}"
    taken.add((*split, name))
    return name


def _facts(metrics: Metrics) -> dict[str, Any]:
    fed = metrics.preprocessing
    facts = {
        "num_images": metrics.num_images,
        "resize_size": fed.resize_size,
        "crop_size": fed.crop_size,
        "interpolation": fed.interpolation,
        "measured_by": metrics.measured_by,
        "kind": metrics.kind,
        "of": SUBJECTS[metrics.of],
        "note": metrics.note or None,
    }
    return {name: value for name, value in facts.items() if value is not None}
