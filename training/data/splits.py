"""One split of a data set on disk: a folder, or a tar file, with a sub-folder a category. Knows nothing of labels."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.data.pictures import FilePictures, Pictures
from training.data.tar_pictures import read_tar_index
from training.errors import DataSetError
from weights_registry.categories import CategorySet
from weights_registry.inference.labelled_folder import read_labelled_folder


@dataclass(frozen=True, slots=True)
class Split:
    """Where it is, what its sub-folders are called, and its pictures once it is known what they mean.

    `pictures` raises ValueError if the sub-folders are not those of the categories, or one is empty.
    """

    place: Path
    names: tuple[str, ...]
    pictures: Callable[[CategorySet], Pictures]


def open_split(root: Path, name: str) -> Split:
    """The folder `root/name`, or the file `root/name.tar`. Raises DataSetError if there is neither."""
    folder, tar = root / name, root / f"{name}.tar"
    if folder.is_dir():
        return Split(folder, _sub_folders(folder), lambda labels: _in_folder(folder, labels))
    if tar.is_file():
        index = read_tar_index(tar)
        return Split(tar, tuple(index.categories), index.pictures)
    raise DataSetError(
        f"`{root}` has no folder `{name}` and no file `{name}.tar`; it needs `train/` and `val/`, with a sub-folder a "
        "category"
    )


def _in_folder(folder: Path, labels: CategorySet) -> FilePictures:
    return FilePictures(folder, read_labelled_folder(folder, labels).samples)


def _sub_folders(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(each.name for each in folder.iterdir() if each.is_dir() and not each.name.startswith(".")))
