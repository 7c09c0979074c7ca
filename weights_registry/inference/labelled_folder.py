"""A folder with one sub-folder a category (torchvision's ImageFolder layout) -> labelled picture files.

Knows nothing of networks. The sub-folders are called by WordNet id (`n01440764`), by name, or by index (`0`, `1`).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from weights_registry.categories import CategorySet

PICTURE_SUFFIXES: Final = frozenset(
    (".avif", ".bmp", ".gif", ".jfif", ".jpe", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
)


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """`samples` lists each picture once with the index of its category; `classes` maps sub-folder to index."""

    root: Path
    classes: dict[str, int]
    samples: tuple[tuple[Path, int], ...]


def read_labelled_folder(root: str | os.PathLike[str], labels: CategorySet) -> LabelledFolder:
    """The pictures below `root`, labelled by the sub-folder they are in, sorted by path.

    Raises ValueError if `root` is no folder, has no sub-folders or an empty one, or if the sub-folders are not all
    called by WordNet id, all by name, or all by index of `labels`.
    """
    root = Path(root)
    if not root.is_dir():
        raise ValueError(f"`{root}` is not a folder; expected one with a sub-folder for each category")
    names = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and not entry.name.startswith("."))
    if not names:
        raise ValueError(f"`{root}` has no sub-folders; expected one for each category, such as `{labels.names[0]}`")
    classes = match_categories(names, labels, root)
    samples: list[tuple[Path, int]] = []
    for name in names:
        pictures = find_pictures(root / name)
        if not pictures:
            raise ValueError(f"the category folder `{root / name}` holds no pictures; fill it or remove it")
        samples.extend((picture, classes[name]) for picture in pictures)
    return LabelledFolder(root, classes, tuple(samples))


def find_pictures(folder: Path) -> list[Path]:
    """All files below `folder`, at any depth, that are called like pictures; sorted. Hidden ones are left out.

    Links to folders are not followed. Raises OSError if a folder cannot be read: none is passed over in silence.
    """
    pictures: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [each for each in folders if not each.startswith(".")]
        pictures += [Path(parent, name) for name in names if is_called_like_a_picture(name)]
    return sorted(pictures)


def _raise(error: OSError) -> None:
    raise error


def is_called_like_a_picture(name: str) -> bool:
    """Whether a file of that name, without its folders, is taken for a picture; hidden ones are not."""
    return not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES


def match_categories(names: list[str], labels: CategorySet, root: Path) -> dict[str, int]:
    """Sub-folder name -> index, by the first of the three ways of calling them that fits all names.

    Raises ValueError, naming `root`, if none does.
    """
    by_wordnet_id = {wordnet_id: index for index, wordnet_id in enumerate(labels.wordnet_ids)}
    by_name = {name: index for index, name in enumerate(labels.names)}
    by_index = {name: int(name) for name in names if name.isdecimal() and int(name) < len(labels)}
    ways = (by_wordnet_id, by_name, by_index)
    for way in ways:
        if all(name in way for name in names):
            return {name: way[name] for name in names}
    best = max(ways, key=lambda way: sum(name in way for name in names))
    strangers = [name for name in names if name not in best]
    raise ValueError(
        f"{len(strangers)} of the {len(names)} sub-folders of `{root}` are no categories of `{labels.name}`, such as "
        f"`{strangers[0]}`; call them all by WordNet id, all by name, or all by index"
    )
