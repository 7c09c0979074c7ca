"""Pictures in a tar file are those of the folder it was made of; whatever is wrong with the file is told at once."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tests.training.data_folders import COLOURS, write_data_folder
from training import DataSetError
from training.data.dataset import open_data_set
from training.data.tar_pictures import read_tar_index
from weights_registry import InvalidImage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_data_folder(tmp_path / "colours", num_train=3, num_val=2)
    (root / "train" / "red" / "notes.txt").write_text("no picture")
    (root / "train" / "red" / ".hidden.png").write_bytes(b"")
    return root


def as_plain(folder: Path, path: Path, *, inside: str = ".", mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        tar.add(folder, arcname=inside)
    return path


def as_imagenets(folder: Path, path: Path) -> Path:
    """A tar of one tar a category, whose members lie at its top."""
    with tarfile.open(path, "w") as outer:
        for category in sorted(folder.iterdir()):
            content = io.BytesIO()
            with tarfile.open(fileobj=content, mode="w") as inner:
                for file in category.iterdir():
                    inner.add(file, arcname=file.name)
            head = tarfile.TarInfo(f"{category.name}.tar")
            head.size = len(content.getvalue())
            outer.addfile(head, io.BytesIO(content.getvalue()))
    return path


@pytest.mark.parametrize("form", ["plain", "with its own name", "imagenet's"])
def test_a_tar_file_holds_what_its_folder_holds(folder: Path, tmp_path: Path, form: str) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    for split in ("train", "val"):
        path = packed / f"{split}.tar"
        if form == "imagenet's":
            as_imagenets(folder / split, path)
        else:
            as_plain(folder / split, path, inside=split if form == "with its own name" else ".")
    ours, plain = open_data_set(str(packed)), open_data_set(str(folder))
    assert ours.labels == plain.labels
    assert ours.fingerprint() == plain.fingerprint()
    assert ours.train.labels().tolist() == plain.train.labels().tolist()
    for index in range(len(plain.train)):
        mine, one = (data.train.read(index, num_channels=3) for data in (ours, plain))
        assert np.array_equal(np.asarray(mine[0]), np.asarray(one[0]))
        assert mine[1] == one[1]
    copied = pickle.loads(pickle.dumps(ours.train))
    assert copied.read(4, num_channels=1)[1] == 1


def test_a_folder_goes_before_a_tar_and_one_split_may_be_either(folder: Path) -> None:
    as_plain(folder / "val", folder / "val.tar")
    (folder / "train.tar").write_bytes(b"never read")
    for each in (folder / "val").rglob("*.png"):
        each.unlink()
    for each in (folder / "val").iterdir():
        each.rmdir()
    (folder / "val").rmdir()
    data = open_data_set(str(folder))
    assert (len(data.train), len(data.eval)) == (9, 6)
    assert type(data.eval).__name__ == "TarPictures"


def test_a_damaged_picture_in_it_is_named_from_its_category_on(folder: Path, tmp_path: Path) -> None:
    (folder / "train" / "blue" / "001.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    index = read_tar_index(as_plain(folder / "train", tmp_path / "train.tar"))
    pictures = index.pictures(open_data_set(str(folder)).labels)
    with pytest.raises(InvalidImage, match=r"`blue/001\.png` cannot be used"):
        pictures.read(1, num_channels=3)


def test_what_is_wrong_with_the_file_is_told(folder: Path, tmp_path: Path) -> None:
    whole = as_plain(folder / "train", tmp_path / "train.tar").read_bytes()
    path = tmp_path / "wrong.tar"
    for content, told in (
        (b"", "cannot be read"),
        (b"no tar file" * 100, "cannot be read"),
        (whole[: whole.index(b"\x89PNG") + 10], "was cut short|cannot be read"),
        (as_plain(folder / "train", tmp_path / "t.gz", mode="w:gz").read_bytes(), "must be a plain tar file"),
        (as_plain(folder / "train" / "red", tmp_path / "flat.tar").read_bytes(), "outside of any sub-folder"),
        (tarfile.TarInfo("nothing").tobuf() + bytes(1024), "holds no pictures in sub-folders"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataSetError, match=told):
            read_tar_index(path)
    nested = as_imagenets(folder / "train", tmp_path / "nested.tar").read_bytes()
    path.write_bytes(nested[: nested.rindex(b"\x89PNG")])
    with pytest.raises(DataSetError, match=r"was cut short|cannot be read"):
        read_tar_index(path)


def test_sub_folders_that_are_no_categories_are_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "train").rename(folder / "left out")
    as_plain(folder / "left out", folder / "train.tar")
    with pytest.raises(DataSetError, match="has 3 categories, and `fashion_mnist` has 10"):
        open_data_set(str(folder), categories="fashion_mnist")
    assert set(read_tar_index(folder / "train.tar").categories) == set(COLOURS)
