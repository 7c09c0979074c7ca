"""What a run learns from and is measured on: opened by one word, checked before anything starts.

`DIR` is a folder with `train/` and `val/`, or `train.tar` and `val.tar`, each with a sub-folder a category;
`fashion-mnist` is Debian's package;
`torchvision:CIFAR10:DIR` one of torchvision's sets. Knows nothing of recipes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from training.data.idx import read_idx
from training.data.pictures import ArrayPictures, Pictures, SelectedPictures, TorchvisionPictures
from training.data.splits import open_split
from training.errors import DataSetError
from training.randomness import generator_of
from weights_registry.categories import CategorySet, load_categories
from weights_registry.wording import printable

FASHION_MNIST_FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")

_BY_FLAG: Final = ({"train": True}, {"train": False})
_BY_TEST: Final = ({"split": "train"}, {"split": "test"})
# The arguments of each of torchvision's sets for the pictures to train on and those to measure on.
_TORCHVISION: Final[Mapping[str, tuple[dict[str, Any], dict[str, Any]]]] = MappingProxyType(
    {
        **dict.fromkeys(("CIFAR10", "CIFAR100", "MNIST", "FashionMNIST", "KMNIST"), _BY_FLAG),
        **dict.fromkeys(("DTD", "FGVCAircraft", "Food101", "STL10", "SVHN"), _BY_TEST),
    }
)


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """Pictures to train on and to measure on, `eval_split` is what the latter are called, and what labels mean.

    `held_out` are training pictures that were set apart to choose the best epoch by, None if none were.
    """

    name: str
    train: Pictures
    eval: Pictures
    eval_split: str
    labels: CategorySet
    held_out: Pictures | None = None

    def fingerprint(self) -> dict[str, str]:
        """A digest of each split, by name; equal pictures and labels make equal fingerprints on any machine."""
        return {"train": self.train.fingerprint(), self.eval_split: self.eval.fingerprint()}


def open_data_set(spec: str, *, categories: str | None = None) -> DataSet:
    """The data set that `spec` names, see above. `categories` names a shipped set that it must match in full.

    Raises DataSetError that says what is missing and where it was looked for.
    """
    kind, _, rest = spec.partition(":")
    if kind == "fashion-mnist":
        return _matching(_fashion_mnist(Path(rest) if rest else FASHION_MNIST_FOLDER), categories)
    if kind == "torchvision":
        name, _, root = rest.partition(":")
        return _matching(_torchvision(name, root), categories)
    return _folder(Path(spec), categories)


def hold_out(data: DataSet, num_images: int, *, seed: int) -> DataSet:
    """The data set with `num_images` of its training pictures set apart, drawn by `seed`; as it is for 0.

    Raises DataSetError if no picture would be left to train on.
    """
    if not num_images:
        return data
    if not 0 < num_images < len(data.train):
        raise DataSetError(f"{num_images} pictures cannot be held out of the {len(data.train)} to train on")
    order = generator_of(seed, "hold out").permutation(len(data.train))
    apart, rest = (tuple(int(index) for index in np.sort(each)) for each in (order[:num_images], order[num_images:]))
    return replace(data, train=SelectedPictures(data.train, rest), held_out=SelectedPictures(data.train, apart))


def _folder(root: Path, categories: str | None) -> DataSet:
    if not root.is_dir():
        raise DataSetError(
            f"`{root}` is not a folder; give one with `train/` and `val/`, or fashion-mnist, or torchvision:NAME:DIR"
        )
    splits = [open_split(root, name) for name in ("train", "val")]
    names, others = (split.names for split in splits)
    labels = _labels(names, categories)
    if set(names) != set(others):
        strange = min(set(names) ^ set(others))
        raise DataSetError(
            f"`train/` of `{root}` has {len(names)} categories and `val/` has {len(others)}; they must be the same, "
            f"and `{strange}` is in one only"
        )
    if len(names) != len(labels):
        raise DataSetError(f"`{root}` has {len(names)} categories, and `{labels.name}` has {len(labels)}")
    try:
        train, val = (split.pictures(labels) for split in splits)
    except (ValueError, OSError) as error:
        raise DataSetError(str(error)) from error
    return DataSet(name=printable(root.resolve().name), train=train, eval=val, eval_split="val", labels=labels)


def _labels(names: tuple[str, ...], categories: str | None) -> CategorySet:
    """The named set, ImageNet's if the folders are called by all of its WordNet ids, else a set of the folders."""
    if categories is not None:
        return _shipped(categories)
    if strange := [name for name in names if name.encode(errors="replace").decode() != name]:
        raise DataSetError(f"the name of the category folder `{printable(strange[0])}` is not UTF-8: rename it")
    imagenet = load_categories("imagenet_1k")
    return imagenet if set(names) == set(imagenet.wordnet_ids) else CategorySet("folders", names)


def _shipped(categories: str) -> CategorySet:
    try:
        return load_categories(categories)
    except ValueError as error:
        raise DataSetError(str(error)) from error


def _matching(data: DataSet, categories: str | None) -> DataSet:
    """The data set, which brings its own categories. Raises DataSetError if they are not those of the named set."""
    if categories is not None and (named := _shipped(categories)).names != data.labels.names:
        raise DataSetError(
            f"{data.name} has the {len(data.labels)} categories of its own, `{data.labels.names[0]}` and others, and "
            f"not the {len(named)} of `{named.name}`: leave out `--categories`"
        )
    return data


def _fashion_mnist(folder: Path) -> DataSet:
    if not folder.is_dir():
        raise DataSetError(
            f"`{folder}` is not there. On Debian: `apt-get install dataset-fashion-mnist`; elsewhere give "
            "`fashion-mnist:DIR` with the four .gz files, or `torchvision:FashionMNIST:DIR`"
        )
    train, test = (
        ArrayPictures(
            read_idx(folder / f"{split}-images-idx3-ubyte.gz"),
            read_idx(folder / f"{split}-labels-idx1-ubyte.gz").astype(np.int64),
        )
        for split in ("train", "t10k")
    )
    labels = load_categories("fashion_mnist")
    for pictures in (train, test):
        if len(pictures.images_NHWC) != len(pictures.labels_N) or pictures.labels_N.max() >= len(labels):
            raise DataSetError(f"pictures and labels in `{folder}` do not belong together")
    return DataSet(name="Fashion-MNIST", train=train, eval=test, eval_split="test", labels=labels)


def _torchvision(name: str, root: str) -> DataSet:
    import torchvision

    if name not in _TORCHVISION or not root:
        raise DataSetError(f"write `torchvision:NAME:DIR`; the names are {', '.join(_TORCHVISION)}")
    try:
        train, test = (
            getattr(torchvision.datasets, name)(root, download=False, **arguments) for arguments in _TORCHVISION[name]
        )
    except (RuntimeError, OSError) as error:
        raise DataSetError(
            f"torchvision cannot open {name} in `{root}`: {error}. To download it: "
            f"`torchvision.datasets.{name}({root!r}, download=True)`"
        ) from error
    classes = getattr(train, "classes", None) or [str(label) for label in range(1 + max(map(int, train.labels)))]
    labels = CategorySet(name.lower(), tuple(map(str, classes)))
    return DataSet(
        name=name,
        train=TorchvisionPictures(train),
        eval=TorchvisionPictures(test),
        eval_split="test",
        labels=labels,
    )
