"""Published sets, in miniature but in their true layouts: each picture gets the category its publishers meant."""

import json
from pathlib import Path

import pytest

from tests.planted import IMAGENET, wordnet_id
from weights_registry import CategorySet, load_categories
from weights_registry.evaluation_sets import (
    EVALUATION_SETS,
    IMAGENET_1K,
    IMAGENET_A,
    IMAGENET_R,
    IMAGENET_REAL,
    IMAGENET_SKETCH,
    IMAGENET_V2,
    EvaluationSet,
    find_evaluation_set,
)
from weights_registry.inference.labelled_set import LabelledSet, read_labelled_set
from weights_registry.inference.real_labels import read_real_labels

BACKWARDS = CategorySet("backwards", IMAGENET.names[::-1], IMAGENET.wordnet_ids[::-1])


def make(root: Path, *paths: str) -> Path:
    """Files that are called like pictures; only their names are looked at here."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def truths(data: LabelledSet) -> dict[str, tuple[int, ...]]:
    return {path.relative_to(data.root).as_posix(): truth for path, truth in data.samples}


@pytest.mark.parametrize(("dataset", "info"), [(IMAGENET_A, "imagenet-a"), (IMAGENET_R, "imagenet-r")])
def test_the_200_categories_are_timms(dataset: EvaluationSet, info: str) -> None:
    import timm.data

    folder = Path(timm.data.__file__).parent / "_info"
    theirs = (folder / f"{info.replace('-', '_')}_synsets.txt").read_text(encoding="utf-8").split()
    assert list(dataset.labels.wordnet_ids) == theirs
    assert len(theirs) == 200
    for wordnet, name in zip(dataset.labels.wordnet_ids, dataset.labels.names, strict=True):
        assert name == IMAGENET.names[IMAGENET.wordnet_ids.index(wordnet)]


def test_real_leaves_3163_pictures_without_a_label() -> None:
    labels = read_real_labels()
    assert len(labels) == 50_000
    assert sum(map(bool, labels)) == IMAGENET_REAL.num_images == 46_837
    assert labels[:3] == ((), (970, 795), (230, 231))  # as published


def test_names_are_found_whatever_their_letter_case() -> None:
    assert [find_evaluation_set(each.name.upper()) for each in EVALUATION_SETS] == list(EVALUATION_SETS)
    assert find_evaluation_set("Fashion-MNIST") is None


def test_v2_counts_its_folders_in_numbers_and_not_as_strings(tmp_path: Path) -> None:
    # torchvision's ImageFolder sorts 0, 1, 10, 100, 101, ..., 11, ... and so takes folder 10 for category 2.
    root = make(tmp_path / "imagenetv2-matched-frequency-format-val", "0/a.jpeg", "2/b.jpeg", "10/c.jpeg", "999/d.jpeg")
    data = read_labelled_set(root, IMAGENET, dataset=IMAGENET_V2)
    assert truths(data) == {"0/a.jpeg": (0,), "2/b.jpeg": (2,), "10/c.jpeg": (10,), "999/d.jpeg": (999,)}
    assert data.known_as == IMAGENET_V2
    assert len(data.categories) == 1000


def test_v2s_numbers_are_imagenets_also_for_a_checkpoint_with_another_order(tmp_path: Path) -> None:
    data = read_labelled_set(make(tmp_path, "2/b.jpeg"), BACKWARDS, dataset=IMAGENET_V2)
    assert truths(data) == {"2/b.jpeg": (997,)}


@pytest.mark.parametrize("name", ["imagenetv2-threshold0.7-format-val", "imagenetv2-top-images-format-val"])
def test_the_other_samples_of_v2_are_not_taken_for_it(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="another sample of ImageNet-V2 than matched-frequency"):
        read_labelled_set(make(tmp_path / name, "0/a.jpeg"), IMAGENET, dataset=IMAGENET_V2)


def test_v2_is_recognised_by_its_folders_in_full_unless_it_is_called_otherwise(tmp_path: Path) -> None:
    root = make(tmp_path / "v2", *(f"{folder}/{number}.jpeg" for folder in range(1000) for number in range(10)))
    recognised = read_labelled_set(root, IMAGENET)
    assert recognised.known_as == IMAGENET_V2
    assert recognised.recognised_by == "its sub-folders 0 to 999 of 10 pictures each"
    (root / "0" / "0.jpeg").unlink()
    assert read_labelled_set(root, IMAGENET).known_as is None
    (root / "0" / "0.jpeg").touch()
    other = root.rename(tmp_path / "imagenetv2-threshold0.7-format-val")
    assert read_labelled_set(other, IMAGENET).known_as is None


@pytest.mark.parametrize("dataset", [IMAGENET_A, IMAGENET_R])
def test_a_and_r_are_recognised_by_just_their_200_folders(dataset: EvaluationSet, tmp_path: Path) -> None:
    ids = dataset.labels.wordnet_ids
    root = make(tmp_path, "README.txt", *(f"{each}/art_0.jpg" for each in ids))
    data = read_labelled_set(root, IMAGENET)
    assert data.known_as == dataset
    assert data.recognised_by == "its 200 sub-folders"
    assert len(data.samples) == 200
    assert data.categories == tuple(IMAGENET.wordnet_ids.index(each) for each in ids)
    assert all(IMAGENET.wordnet_ids[index] == path.parent.name for path, (index,) in data.samples)
    (root / ids[0] / "art_0.jpg").unlink()
    (root / ids[0]).rmdir()
    assert read_labelled_set(root, IMAGENET).known_as is None


def test_a_part_of_a_set_is_still_ranked_among_all_of_its_categories(tmp_path: Path) -> None:
    first = IMAGENET_A.labels.wordnet_ids[0]
    root = make(tmp_path / "imagenet-a", f"{first}/0.000348_digital clock _ digital clock_0.865662.jpg")
    data = read_labelled_set(root, IMAGENET, dataset=IMAGENET_A)
    assert len(data.samples) == 1
    assert len(data.categories) == 200


def test_a_folder_that_is_none_of_the_sets_categories_is_refused(tmp_path: Path) -> None:
    stranger = next(each for each in IMAGENET.wordnet_ids if each not in IMAGENET_A.labels.wordnet_ids)
    with pytest.raises(ValueError, match=f"no categories of `imagenet_a`, such as `{stranger}`"):
        read_labelled_set(make(tmp_path, f"{stranger}/a.jpg"), IMAGENET, dataset=IMAGENET_A)


def test_numbers_that_may_count_200_or_1000_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="may count the 200 categories of ImageNet-R or the 1000"):
        read_labelled_set(make(tmp_path, "7/a.jpg"), IMAGENET, dataset=IMAGENET_R)


def test_val_and_sketch_are_recognised_by_the_names_of_their_pictures(tmp_path: Path) -> None:
    val = make(tmp_path / "val", f"{wordnet_id(3)}/ILSVRC2012_val_00000293.JPEG")
    assert read_labelled_set(val, IMAGENET).known_as == IMAGENET_1K
    sketch = make(tmp_path / "sketch", f"{wordnet_id(3)}/sketch_0.JPEG", f"{wordnet_id(9)}/sketch_41.JPEG")
    assert read_labelled_set(sketch, IMAGENET).known_as == IMAGENET_SKETCH
    sketched = make(tmp_path / "r", f"{wordnet_id(3)}/sketch_0.jpg")  # ImageNet-R has such
    assert read_labelled_set(sketched, IMAGENET).known_as is None
    other = make(tmp_path / "other", f"{wordnet_id(3)}/ILSVRC2012_val_00000293.JPEG", f"{wordnet_id(3)}/me.jpg")
    assert read_labelled_set(other, IMAGENET).known_as is None


def test_what_is_recognised_can_be_taken_as_any_folder(tmp_path: Path) -> None:
    root = make(tmp_path, *(f"{each}/art_0.jpg" for each in IMAGENET_R.labels.wordnet_ids))
    plain = read_labelled_set(root, IMAGENET, dataset=None)
    assert (plain.known_as, plain.recognised_by) == (None, "")
    assert plain.samples == read_labelled_set(root, IMAGENET).samples


def test_any_folder_has_the_categories_that_are_in_it(tmp_path: Path) -> None:
    data = read_labelled_set(make(tmp_path, "tench/a.jpg", "tabby/b.jpg"), IMAGENET)
    assert (data.known_as, data.categories) == (None, (0, 281))


REAL = {1: (), 2: (970, 795), 3: (230, 231)}  # how ReaL begins


def val_name(number: int) -> str:
    return f"ILSVRC2012_val_{number:08d}.JPEG"


@pytest.mark.parametrize("layout", ["{name}", "n01440764/{name}", "deep/er/{name}"])
def test_real_labels_pictures_by_the_number_in_their_name_wherever_they_lie(layout: str, tmp_path: Path) -> None:
    root = make(tmp_path, *(layout.format(name=val_name(number)) for number in REAL))
    data = read_labelled_set(root, IMAGENET, dataset=IMAGENET_REAL)
    assert truths(data) == {layout.format(name=val_name(number)): REAL[number] for number in (2, 3)}
    assert data.num_unlabelled == 1
    other = read_labelled_set(root, BACKWARDS, dataset=IMAGENET_REAL)
    assert [truth for _, truth in other.samples] == [(29, 204), (769, 768)]


def test_reals_own_file_goes_before_the_copy_that_timm_brings(tmp_path: Path) -> None:
    own = tmp_path / "real.json"
    own.write_text(json.dumps([[5], [], [6, 7], *[[]] * 49_997]), encoding="utf-8")
    root = make(tmp_path / "val", *map(val_name, REAL))
    data = read_labelled_set(root, IMAGENET, dataset=IMAGENET_REAL, real_labels=own)
    assert truths(data) == {val_name(1): (5,), val_name(3): (6, 7)}


@pytest.mark.parametrize(
    "text", ["[[1]]", "{}", "no json", json.dumps([[1000]] * 50_000), json.dumps([[True]] * 50_000)]
)
def test_what_is_not_reals_file_is_refused(text: str, tmp_path: Path) -> None:
    own = tmp_path / "real.json"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not ReaL's `real.json`|is no JSON"):
        read_real_labels(own)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("n01440764/a.jpg",), "not called like a validation picture"),
        ((val_name(50_001),), "not called like a validation picture"),
        ((val_name(0),), "not called like a validation picture"),
        ((val_name(1),), "holds no picture that ReaL has a label for"),
        ((), "holds no picture that ReaL has a label for"),
        ((f"a/{val_name(2)}", f"b/{val_name(2)}"), "are one picture; remove one of them"),
    ],
)
def test_pictures_that_real_cannot_label_are_refused(paths: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read_labelled_set(make(tmp_path, *paths), IMAGENET, dataset=IMAGENET_REAL)


@pytest.mark.parametrize("dataset", EVALUATION_SETS)
def test_a_checkpoint_that_lacks_a_category_of_the_set_is_refused(dataset: EvaluationSet, tmp_path: Path) -> None:
    make(tmp_path, "0/a.jpg")
    few = CategorySet("few", IMAGENET.names[:6], IMAGENET.wordnet_ids[:6])
    for labels in (few, CategorySet("colours", ("red", "green"))):
        with pytest.raises(ValueError, match=f"`{labels.name}` has no category for .* of {dataset.dataset}"):
            read_labelled_set(tmp_path, labels, dataset=dataset)


def test_a_checkpoint_of_other_categories_takes_a_folder_as_what_it_is(tmp_path: Path) -> None:
    few = CategorySet("few", IMAGENET.names[:6], IMAGENET.wordnet_ids[:6])
    root = make(tmp_path, f"{wordnet_id(3)}/ILSVRC2012_val_00000293.JPEG")
    assert read_labelled_set(root, few).known_as is None


def test_the_shipped_sets_are_category_sets_like_any_other() -> None:
    assert load_categories("imagenet_r").names[0] == "goldfish"
