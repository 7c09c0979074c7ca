"""A labelled folder: each picture once, with the index its sub-folder means, in whichever way that is called."""

from pathlib import Path

import pytest

from tests.small_checkpoints import write_picture
from weights_registry import load_categories
from weights_registry.categories import CategorySet
from weights_registry.inference.labelled_folder import find_pictures, read_labelled_folder

IMAGENET = load_categories("imagenet_1k")


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        write_picture(root / path, "red")
    return root


def labels(root: Path, categories: CategorySet = IMAGENET) -> dict[str, int]:
    """Path from the root -> index."""
    folder = read_labelled_folder(root, categories)
    assert folder.root == root
    return {path.relative_to(root).as_posix(): index for path, index in folder.samples}


def test_sub_folders_may_be_called_by_wordnet_id(tmp_path: Path) -> None:
    make(tmp_path, "n02123045/a.jpg", "n01440764/b.jpg")
    assert labels(tmp_path) == {"n01440764/b.jpg": 0, "n02123045/a.jpg": 281}


def test_sub_folders_may_be_called_by_name(tmp_path: Path) -> None:
    make(tmp_path, "tabby/a.jpg", "tench/b.jpg", "great white shark/c.jpg")
    assert labels(tmp_path) == {"great white shark/c.jpg": 2, "tabby/a.jpg": 281, "tench/b.jpg": 0}


def test_numbers_mean_the_index_they_are_and_not_their_place_when_sorted(tmp_path: Path) -> None:
    # Sorted as strings 10 comes before 2, which torchvision's ImageFolder makes class 1.
    make(tmp_path, *(f"{number}/a.jpg" for number in range(12)))
    assert labels(tmp_path) == {f"{number}/a.jpg": number for number in range(12)}


def test_numbers_may_have_leading_zeros_and_gaps(tmp_path: Path) -> None:
    make(tmp_path, "007/a.jpg", "0999/a.jpg")
    assert labels(tmp_path) == {"007/a.jpg": 7, "0999/a.jpg": 999}


def test_a_name_goes_before_a_number(tmp_path: Path) -> None:
    make(tmp_path, "1/a.jpg", "2/a.jpg")
    assert labels(tmp_path, CategorySet("backwards", ("3", "2", "1"))) == {"1/a.jpg": 2, "2/a.jpg": 1}


def test_pictures_are_found_at_any_depth_and_others_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "0/a.jpg", "0/deep/er/b.PNG", "0/.hidden.png", "0/.thumbnails/c.png", ".git/d.png", "stray.png")
    (tmp_path / "0" / "notes.txt").write_text("no picture")
    assert labels(tmp_path) == {"0/a.jpg": 0, "0/deep/er/b.PNG": 0}


def test_a_link_to_a_category_is_followed(tmp_path: Path) -> None:
    make(tmp_path / "elsewhere", "a.jpg")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "0").symlink_to(tmp_path / "elsewhere")
    assert labels(tmp_path / "data") == {"0/a.jpg": 0}


def test_a_link_that_leads_back_ends(tmp_path: Path) -> None:
    make(tmp_path, "0/a.jpg")
    (tmp_path / "0" / "again").symlink_to(tmp_path)
    assert labels(tmp_path) == {"0/a.jpg": 0}


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ((), "has no sub-folders"),
        (("stray.png",), "has no sub-folders"),
        (("n01440764/a.jpg", "n99999999/a.jpg"), "1 of the 2 sub-folders .* such as `n99999999`"),
        (("n01440764/a.jpg", "tabby/a.jpg", "n01443537/a.jpg"), "such as `tabby`; call them all by WordNet id"),
        (("0/a.jpg", "1000/a.jpg"), "such as `1000`"),
        (("-1/a.jpg",), "such as `-1`"),
        (("²/a.jpg",), "such as `²`"),
    ],
)
def test_what_cannot_be_understood_is_refused(paths: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        labels(make(tmp_path, *paths))


def test_an_empty_category_is_refused_as_its_accuracy_would_be_missing_in_silence(tmp_path: Path) -> None:
    make(tmp_path, "0/a.jpg")
    (tmp_path / "1").mkdir()
    with pytest.raises(ValueError, match=r"the category folder `.*1` holds no pictures"):
        labels(tmp_path)


def test_a_folder_that_cannot_be_read_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_pictures(tmp_path / "none")
    with pytest.raises(NotADirectoryError):
        find_pictures(write_picture(tmp_path / "a.png", "red"))
    with pytest.raises(ValueError, match="is not a folder"):
        labels(tmp_path / "none")
