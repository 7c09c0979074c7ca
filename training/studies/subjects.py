"""What a study measures: a checkpoint's network, and labelled pictures; opened, and told apart from all others.

Knows no study.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from training.data.dataset import open_data_set
from training.data.pictures import Pictures
from training.data.splits import open_split
from training.errors import DataSetError
from training.runs.environment import hardware, versions
from weights_registry.categories import CategorySet
from weights_registry.checkpoint import Checkpoint
from weights_registry.inference.loading import load
from weights_registry.sources import fetch_verified
from weights_registry.wording import printable

_SPLITS: Final = ("val", "test")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A network in eval mode on its device, its record, and the SHA-256 of the file that it came from."""

    network: nn.Module
    checkpoint: Checkpoint
    sha256: str
    device: torch.device

    def identity(self) -> dict[str, Any]:
        """What tells its answers from those of others, but for how it is fed."""
        return {"checkpoint": self.checkpoint.id, "sha256": self.sha256, "device": self.device.type}


@dataclass(frozen=True, kw_only=True)
class MeasuredPictures:
    """Labelled pictures, the data set they are of, and what of it they are."""

    name: str
    split: str
    pictures: Pictures

    def identity(self) -> dict[str, Any]:
        """What tells them from other pictures."""
        return {"data": self.name, "split": self.split, "pictures": self.pictures.fingerprint()}


def open_subject(weights: str | os.PathLike[str], device: torch.device) -> Subject:
    """The checkpoint called `weights`, a name or a file that describes itself. Raises as `weights_registry.load`."""
    loaded = load(weights)
    return Subject(
        network=loaded.model.to(device).to(memory_format=torch.channels_last),
        checkpoint=loaded.checkpoint,
        sha256=fetch_verified(loaded.checkpoint).sha256,
        device=device,
    )


def open_pictures(spec: str, labels: CategorySet) -> MeasuredPictures:
    """The pictures that `spec` names, labelled as the checkpoint's outputs are.

    As for training (`dataset`), where the split to measure on is taken; a folder needs no `train/`, and may be the
    split itself, a sub-folder a category. Raises DataSetError if there are none, or their categories are others.
    """
    if spec.partition(":")[0] in ("fashion-mnist", "torchvision"):
        data = open_data_set(spec)
        if data.labels.names != labels.names:
            raise DataSetError(
                f"`{spec}` has the categories {_some(data.labels)}, and the checkpoint knows {_some(labels)}"
            )
        return MeasuredPictures(name=data.name, split=data.eval_split, pictures=data.eval)
    root = Path(spec).resolve()
    name = next((each for each in _SPLITS if (root / each).is_dir() or (root / f"{each}.tar").is_file()), None)
    parent, split = (root, name) if name else (root.parent, root.name)
    try:
        pictures = open_split(parent, split).pictures(labels)
    except (ValueError, OSError) as error:
        raise DataSetError(str(error)) from error
    return MeasuredPictures(name=printable(parent.name), split=printable(split), pictures=pictures)


def papers(device: torch.device) -> dict[str, Any]:
    """Under what circumstances it is measured here."""
    return {
        "measured_by": "reproduce-weights study",
        "versions": versions(),
        "hardware": hardware(device, num_processes=1),
    }


def _some(labels: CategorySet) -> str:
    return f"{', '.join(labels.names[:3])}, ... ({len(labels)} of `{labels.name}`)"
