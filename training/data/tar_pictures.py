"""Labelled pictures in a tar file, read where they lie: nothing is unpacked. Knows nothing of training or of splits.

The file is a tar of a folder with a sub-folder a category, or as ImageNet's own a tar of one tar a category,
`n01440764.tar`. Its headers are read once; then any picture is one read at its place, in any process.
"""

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.data.pictures import names_and_sizes
from training.errors import DataSetError
from weights_registry.categories import CategorySet
from weights_registry.errors import InvalidImage
from weights_registry.inference.images import open_image
from weights_registry.inference.labelled_folder import is_called_like_a_picture, match_categories
from weights_registry.wording import printable


@dataclass(frozen=True, slots=True)
class Member:
    """One file in the tar: its name from its category on, and where its bytes are."""

    name: str
    offset: int
    num_bytes: int


@dataclass(frozen=True, slots=True)
class TarIndex:
    """The pictures of a tar file by category, sorted."""

    path: Path
    categories: dict[str, tuple[Member, ...]]

    def pictures(self, labels: CategorySet) -> "TarPictures":
        """The pictures with their labels. Raises ValueError if the categories are not those of `labels`."""
        index_of = match_categories(list(self.categories), labels, self.path)
        samples = [(member, index_of[name]) for name, members in self.categories.items() for member in members]
        return TarPictures(self.path, tuple(samples))


@dataclass(frozen=True)
class TarPictures:
    """Pictures in the tar file at `path`, each with its label."""

    path: Path
    samples: tuple[tuple[Member, int], ...]

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index: int, *, num_channels: int) -> tuple[Image.Image, int]:
        """See `Pictures`."""
        member, label = self.samples[index]
        return open_image(self.content(index), num_channels=num_channels, name=printable(member.name)), label

    def content(self, index: int) -> bytes:
        """The file of a picture as it stands. Raises InvalidImage that names it."""
        member, _ = self.samples[index]
        try:
            return os.pread(_descriptor(self.path), member.num_bytes, member.offset)
        except OSError as error:
            raise InvalidImage(
                f"it cannot be read ({error.strerror or error})", source=printable(member.name)
            ) from error

    def labels(self) -> npt.NDArray[np.int64]:
        """See `Pictures`."""
        return np.array([label for _, label in self.samples], dtype=np.int64)

    def fingerprint(self) -> str:
        """See `Pictures`; the same as that of the folder which the tar was made of."""
        return names_and_sizes((member.name, member.num_bytes, label) for member, label in self.samples)


def read_tar_index(path: Path) -> TarIndex:
    """What is in the tar file. Reads all of its headers, about a minute for a million pictures, and no picture.

    Raises DataSetError if it is compressed, cut short or no tar file, or holds a picture outside of any category.
    """
    found: dict[str, list[Member]] = {}
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for member in _files(tar):
                _check_end(member, path.stat().st_size, path)
                for each in _members(member, tar, path):
                    found.setdefault(each.name.partition("/")[0], []).append(each)
    except tarfile.TarError as error:
        raise DataSetError(
            f"`{path}` cannot be read: {error}. It must be a plain tar file, as `tar -cf` makes it: in a compressed "
            "one no picture can be found without unpacking those before it"
        ) from error
    if not found:
        raise DataSetError(f"`{path}` holds no pictures in sub-folders")
    in_order = {name: tuple(sorted(found[name], key=lambda each: PurePosixPath(each.name))) for name in sorted(found)}
    return TarIndex(path, in_order)


def _members(member: tarfile.TarInfo, tar: tarfile.TarFile, path: Path) -> Iterator[Member]:
    """The pictures that one file in the tar is: itself, or those in it if it is the tar of a category."""
    name = PurePosixPath(member.name)
    if name.suffix == ".tar":
        assert tar.fileobj is not None
        place = tar.fileobj.tell()
        tar.fileobj.seek(member.offset_data)  # where the reader of the inner tar begins: its offsets are the file's
        with tarfile.open(fileobj=tar.fileobj, mode="r:") as inner:
            for each in _files(inner):
                _check_end(each, member.offset_data + member.size, path)
                if is_called_like_a_picture(PurePosixPath(each.name).name):
                    yield Member(f"{name.stem}/{PurePosixPath(each.name)}", each.offset_data, each.size)
        tar.fileobj.seek(place)
    elif is_called_like_a_picture(name.name):
        parts = name.parts[1:] if name.parts[0] == path.stem else name.parts  # `tar -cf train.tar train`
        if len(parts) < 2:
            raise DataSetError(f"`{path}` holds `{name}` outside of any sub-folder: each category needs one")
        yield Member("/".join(parts), member.offset_data, member.size)


def _files(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # or a million of them stay in memory
        if member.isreg():
            yield member


def _check_end(member: tarfile.TarInfo, end: int, path: Path) -> None:
    if member.offset_data + member.size > end:
        raise DataSetError(f"`{path}` was cut short: `{member.name}` reaches over its end")


@lru_cache(maxsize=16)
def _descriptor(path: Path) -> int:
    """The file, opened once a process. Workers share it with their parent: each read says where it is to begin."""
    return os.open(path, os.O_RDONLY)
