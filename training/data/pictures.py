"""Labelled pictures: those of a folder, of an array or of torchvision. Knows nothing of training or of splits."""

import errno
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from weights_registry.inference.images import open_image
from weights_registry.wording import printable


class Pictures(Protocol):
    """Pictures with the index of their category, to be read in any order."""

    def __len__(self) -> int: ...

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """A picture, in mode RGB (3 channels) or L (1), and its label. Raises InvalidImage that names it."""
        ...

    def labels(self) -> npt.NDArray[np.int64]:
        """The label of every picture, (N,), without reading one."""
        ...

    def fingerprint(self) -> str:
        """A digest of what is in here, behind a word that says of what: of the contents, or of names and sizes."""
        ...


def names_and_sizes(samples: Iterable[tuple[str, int | None, int]]) -> str:
    """The fingerprint of files by name, size in bytes (None: there is none) and label, in this order."""
    digest = hashlib.sha256()
    for name, num_bytes, label in samples:
        # A file's name may be any bytes; Python has those that are no UTF-8 as lone surrogates.
        digest.update(f"{name}\t{num_bytes}\t{label}\n".encode(errors="surrogateescape"))
    return f"names-and-sizes:{digest.hexdigest()}"


@dataclass(frozen=True)
class FilePictures:
    """Picture files below `root`, each with its label."""

    root: Path
    samples: tuple[tuple[Path, int], ...]

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """See `Pictures`."""
        path, label = self.samples[index]
        name = printable(path.relative_to(self.root).as_posix())
        return open_image(path, num_channels=num_channels, name=name), label

    def labels(self) -> npt.NDArray[np.int64]:
        """See `Pictures`."""
        return np.array([label for _, label in self.samples], dtype=np.int64)

    def fingerprint(self) -> str:
        """See `Pictures`; of names, sizes and labels: reading all of ImageNet would take longer than an epoch."""
        named = ((path.relative_to(self.root).as_posix(), _size(path), label) for path, label in self.samples)
        return names_and_sizes(named)


@dataclass(frozen=True, eq=False)
class ArrayPictures:
    """uint8 pictures (N, H, W) or (N, H, W, 3) that are in memory as a whole, each with its label."""

    images_NHWC: npt.NDArray[np.uint8]
    labels_N: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.images_NHWC)

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """See `Pictures`."""
        picture = Image.fromarray(self.images_NHWC[index])
        return open_image(picture, num_channels=num_channels, name=f"picture {index}"), int(self.labels_N[index])

    def labels(self) -> npt.NDArray[np.int64]:
        """See `Pictures`."""
        return self.labels_N

    def fingerprint(self) -> str:
        """See `Pictures`; of the contents."""
        digest = hashlib.sha256(str(self.images_NHWC.shape).encode())
        digest.update(np.ascontiguousarray(self.images_NHWC).data)
        digest.update(np.ascontiguousarray(self.labels_N, dtype="<i8").data)
        return f"contents:{digest.hexdigest()}"


@dataclass(frozen=True, eq=False)
class TorchvisionPictures:
    """One of torchvision's data sets of pictures with a number each."""

    dataset: Any

    def __len__(self) -> int:
        return len(self.dataset)

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """See `Pictures`."""
        picture, label = self.dataset[index]
        return open_image(picture, num_channels=num_channels, name=f"picture {index}"), int(label)

    def labels(self) -> npt.NDArray[np.int64]:
        """See `Pictures`."""
        # torchvision has no one name for them.
        names = ("targets", "labels", "_labels")
        found = next(each for name in names if (each := getattr(self.dataset, name, None)) is not None)
        return np.asarray(found, dtype=np.int64)

    def fingerprint(self) -> str:
        """See `Pictures`; of the contents where they are in memory, else of what torchvision calls the set."""
        images, labels = (getattr(self.dataset, name, None) for name in ("data", "targets"))
        if images is None or labels is None:
            return f"description:{hashlib.sha256(self._description().encode()).hexdigest()}"
        return ArrayPictures(np.asarray(images), np.asarray(labels)).fingerprint()

    def _description(self) -> str:
        return f"{type(self.dataset).__name__} {getattr(self.dataset, 'split', '')} {len(self)}"


@dataclass(frozen=True, eq=False)
class SelectedPictures:
    """Those of other pictures that are listed in `indices`, in that order."""

    pictures: Pictures
    indices: Sequence[int]

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """See `Pictures`."""
        return self.pictures.read(self.indices[index], num_channels=num_channels)

    def labels(self) -> npt.NDArray[np.int64]:
        """See `Pictures`."""
        return self.pictures.labels()[np.asarray(self.indices, dtype=np.int64)]

    def fingerprint(self) -> str:
        """See `Pictures`; of those that were chosen from, and of the choice."""
        choice = hashlib.sha256(np.asarray(self.indices, dtype="<i8").tobytes()).hexdigest()
        return f"{self.pictures.fingerprint()}+choice:{choice}"


def _size(path: Path) -> int | None:
    """In bytes; None for a link that leads nowhere, which is told and counted once the picture is read."""
    try:
        return path.stat().st_size
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ELOOP):
            return None
        raise
