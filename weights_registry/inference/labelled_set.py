"""A folder in the layout of a published set, or any other -> labelled pictures. Knows nothing of networks.

ImageNet-V2 has sub-folders 0 to 999, the index of a category; -A, -R and -Sketch have sub-folders by WordNet id; ReaL
labels the validation pictures of ImageNet-1K anew, by the number in their names, wherever they lie.
"""

import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from weights_registry.categories import CategorySet
from weights_registry.evaluation_sets import (
    IMAGENET_1K,
    IMAGENET_A,
    IMAGENET_R,
    IMAGENET_REAL,
    IMAGENET_SKETCH,
    IMAGENET_V2,
    EvaluationSet,
)
from weights_registry.inference.labelled_folder import LabelledFolder, find_pictures, read_labelled_folder
from weights_registry.inference.real_labels import NUM_PICTURES, read_real_labels

_VAL_NAME: Final = re.compile(r"ILSVRC2012_val_(\d{8})\.jpe?g", re.IGNORECASE)
# ImageNet-R has pictures called `sketch_7.jpg`; those of ImageNet-Sketch end in capitals.
_SKETCH_NAME: Final = re.compile(r"sketch_\d+\.JPEG")
# The folders of the other two samples of ImageNet-V2 are called so; figures on them are some points higher.
_OTHER_V2: Final = ("threshold", "top-images", "topimages")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """Pictures below `root`, each with the indices of the categories on it, and which published set they are.

    `categories` are the indices, ascending, of all categories of the set, also of those without a picture here.
    `known_as` is None for a folder that is no published set; `recognised_by` says by what it was taken for one, and
    is empty where it was named. `num_unlabelled` pictures were left out, for nobody knows what is on them.
    """

    root: Path
    samples: tuple[tuple[Path, tuple[int, ...]], ...]
    categories: tuple[int, ...]
    known_as: EvaluationSet | None = None
    recognised_by: str = ""
    num_unlabelled: int = 0


def read_labelled_set(
    root: str | os.PathLike[str],
    labels: CategorySet,
    *,
    dataset: EvaluationSet | Literal["auto"] | None = "auto",
    real_labels: Path | None = None,
) -> LabelledSet:
    """The pictures below `root` with their indices in `labels`, sorted by path; those of ReaL by number.

    `dataset` says which published set they are, None that they are none; "auto" recognises ImageNet-1K val, V2, A, R
    and Sketch where their layout cannot be mistaken. A part of a set will do. `real_labels` is ReaL's `real.json`.
    Raises ValueError if the folder is laid out otherwise, or `labels` lack a category of the set.
    """
    if dataset == IMAGENET_REAL:
        return _read_real(Path(root), labels, real_labels)
    if dataset == "auto":
        folder = read_labelled_folder(root, labels)
        found = recognise(folder)
        if found is None or not set(found[0].labels.wordnet_ids) <= set(labels.wordnet_ids):
            return _plain(folder)
        return _read(folder.root, labels, found[0], recognised_by=found[1])
    if dataset is None:
        return _plain(read_labelled_folder(root, labels))
    return _read(Path(root), labels, dataset)


def recognise(folder: LabelledFolder) -> tuple[EvaluationSet, str] | None:
    """The published set that a folder of labelled pictures is, and what shows it; None if it may be any other.

    ReaL is never recognised: its pictures are ImageNet-1K's.
    """
    names = set(folder.classes)
    pictures = [path.name for path, _ in folder.samples]
    if all(map(_VAL_NAME.fullmatch, pictures)):
        return IMAGENET_1K, "the names of its pictures, ILSVRC2012_val_*.JPEG"
    if all(map(_SKETCH_NAME.fullmatch, pictures)):
        return IMAGENET_SKETCH, "the names of its pictures, sketch_*.JPEG"
    for dataset in (IMAGENET_A, IMAGENET_R):
        if names == set(dataset.labels.wordnet_ids):
            return dataset, f"its {len(names)} sub-folders"
    sizes = set(Counter(index for _, index in folder.samples).values())
    if names == set(map(str, range(1000))) and sizes == {10} and not _is_other_v2(folder.root):
        return IMAGENET_V2, "its sub-folders 0 to 999 of 10 pictures each"
    return None


def _plain(folder: LabelledFolder) -> LabelledSet:
    return LabelledSet(
        root=folder.root,
        samples=tuple((path, (index,)) for path, index in folder.samples),
        categories=tuple(sorted(set(folder.classes.values()))),
    )


def _read(root: Path, labels: CategorySet, dataset: EvaluationSet, *, recognised_by: str = "") -> LabelledSet:
    """A set with a sub-folder a category, whose indices are those of its own categories before they are `labels`'."""
    places = _places(dataset, labels)
    folder = read_labelled_folder(root, dataset.labels)
    if dataset == IMAGENET_V2 and _is_other_v2(folder.root):
        raise ValueError(
            f"`{root}` is called like another sample of ImageNet-V2 than {dataset.split}, whose figures are not to be "
            "compared; take it as a folder of no published set"
        )
    if len(dataset.labels) < 1000 and any(name.isdecimal() for name in folder.classes):
        raise ValueError(
            f"the sub-folders of `{root}` are called by numbers, which may count the {len(dataset.labels)} categories "
            f"of {dataset.dataset} or the 1000 of ImageNet-1K; call them by WordNet id"
        )
    return LabelledSet(
        root=folder.root,
        samples=tuple((path, (places[index],)) for path, index in folder.samples),
        categories=tuple(sorted(places)),
        known_as=dataset,
        recognised_by=recognised_by,
    )


def _read_real(root: Path, labels: CategorySet, real_labels: Path | None) -> LabelledSet:
    places = _places(IMAGENET_REAL, labels)
    if not root.is_dir():
        raise ValueError(f"`{root}` is not a folder; expected one with the validation pictures of ImageNet-1K")
    by_number: dict[int, Path] = {}
    for path in find_pictures(root):
        number = _number(path)
        if number in by_number:
            raise ValueError(f"`{path}` and `{by_number[number]}` are one picture; remove one of them")
        by_number[number] = path
    on_picture = read_real_labels(real_labels)
    labelled = {number: path for number, path in sorted(by_number.items()) if on_picture[number - 1]}
    if not labelled:
        raise ValueError(f"`{root}` holds no picture that ReaL has a label for")
    return LabelledSet(
        root=root,
        samples=tuple((path, tuple(places[each] for each in on_picture[n - 1])) for n, path in labelled.items()),
        categories=tuple(sorted(places)),
        known_as=IMAGENET_REAL,
        num_unlabelled=len(by_number) - len(labelled),
    )


def _number(path: Path) -> int:
    """The number of a validation picture, counted from 1."""
    match = _VAL_NAME.fullmatch(path.name)
    if match is None or not 1 <= int(match[1]) <= NUM_PICTURES:
        raise ValueError(
            f"`{path}` is not called like a validation picture of ImageNet-1K, such as `ILSVRC2012_val_00000001.JPEG`, "
            "by which ReaL's labels are found"
        )
    return int(match[1])


def _places(dataset: EvaluationSet, labels: CategorySet) -> tuple[int, ...]:
    """Where each category of the set stands in `labels`, by WordNet id."""
    index_of = {wordnet_id: index for index, wordnet_id in enumerate(labels.wordnet_ids)}
    missing = [each for each in dataset.labels.wordnet_ids if each not in index_of]
    if missing:
        raise ValueError(
            f"`{labels.name}` has no category for {len(missing)} of the {len(dataset.labels)} of {dataset.dataset}, "
            f"such as `{missing[0]}`; take a checkpoint that knows them all by WordNet id"
        )
    return tuple(index_of[each] for each in dataset.labels.wordnet_ids)


def _is_other_v2(root: Path) -> bool:
    return any(each in root.resolve().name.casefold() for each in _OTHER_V2)
