"""A data set is opened by one word, and whatever is wrong with it is told before anything starts."""

import gzip
import hashlib
import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torchvision
from PIL import Image

from tests.training.data_folders import write_data_folder
from training import DataSetError
from training.data.dataset import FASHION_MNIST_FOLDER, hold_out, open_data_set
from training.data.idx import read_idx
from training.data.tar_pictures import read_tar_index
from weights_registry import InvalidImage, load_categories
from weights_registry.categories import CategorySet


def write_idx(path: Path, array: np.ndarray) -> None:
    head = bytes([0, 0, 8, array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
    content = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.fixture
def mnist_like(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for split, number in (("train", 20), ("t10k", 6)):
        write_idx(tmp_path / f"{split}-images-idx3-ubyte.gz", generator.integers(0, 256, (number, 28, 28)))
        write_idx(tmp_path / f"{split}-labels-idx1-ubyte.gz", np.arange(number) % 10)
    return tmp_path


def test_the_folders_of_train_are_the_categories(tmp_path: Path) -> None:
    data = open_data_set(str(write_data_folder(tmp_path / "colours")))
    assert (data.name, data.eval_split, data.labels.names) == ("colours", "val", ("blue", "green", "red"))
    assert (len(data.train), len(data.eval)) == (24, 9)
    picture, label = data.train.read(23, num_channels=3)
    assert (picture.mode, picture.size, label) == ("RGB", (12, 12), 2)
    assert data.train.read(0, num_channels=1)[0].mode == "L"


def test_all_of_imagenets_wordnet_ids_mean_its_categories(tmp_path: Path) -> None:
    imagenet = load_categories("imagenet_1k")
    for split in ("train", "val"):
        for wordnet_id in imagenet.wordnet_ids:
            (tmp_path / split / wordnet_id).mkdir(parents=True)
            Image.new("L", (1, 1)).save(tmp_path / split / wordnet_id / "0.png")
    data = open_data_set(str(tmp_path))
    assert data.labels == imagenet
    assert data.eval.read(7, num_channels=3)[1] == 7


def test_a_set_of_categories_is_heeded_by_a_data_set_that_brings_its_own(mnist_like: Path) -> None:
    spec = f"fashion-mnist:{mnist_like}"
    assert open_data_set(spec, categories="fashion_mnist").labels == open_data_set(spec).labels
    with pytest.raises(DataSetError, match="and not the 1000 of `imagenet_1k`: leave out `--categories`"):
        open_data_set(spec, categories="imagenet_1k")
    with pytest.raises(DataSetError, match="nothing"):
        open_data_set(spec, categories="nothing")


def test_a_file_name_is_any_bytes_and_is_told_so_that_it_can_be_written_anywhere(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "colours", num_train=1)
    strange = root / "train" / "blue" / os.fsdecode(b"caf\xe9.png")
    strange.write_bytes(b"no picture")
    pictures = open_data_set(str(root)).train
    with pytest.raises(InvalidImage, match=r"`blue/caf\\udce9\.png` cannot be used"):
        pictures.read(1, num_channels=3)
    expected = hashlib.sha256()
    for number, name in enumerate((b"blue/000.png", b"blue/caf\xe9.png", b"green/000.png", b"red/000.png")):
        size = os.stat(os.path.join(os.fsencode(root), b"train", name)).st_size
        expected.update(b"%b\t%d\t%d\n" % (name, size, max(0, number - 1)))
    assert pictures.fingerprint() == f"names-and-sizes:{expected.hexdigest()}"
    with tarfile.open(tmp_path / "train.tar", "w") as tar:
        tar.add(root / "train", arcname=".")
    packed = read_tar_index(tmp_path / "train.tar").pictures(CategorySet("folders", ("blue", "green", "red")))
    assert packed.fingerprint() == pictures.fingerprint()
    with pytest.raises(InvalidImage, match=r"`blue/caf\\udce9\.png` cannot be used"):
        packed.read(1, num_channels=3)


def test_a_category_whose_name_could_not_be_written_is_refused(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "colours")
    for split in ("train", "val"):
        (root / split / "blue").rename(root / split / os.fsdecode(b"bl\xfc"))
    with pytest.raises(DataSetError, match=r"category folder `bl\\udcfc` is not UTF-8: rename it"):
        open_data_set(str(root))


def test_links_that_lead_nowhere_are_pictures_that_cannot_be_read(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "colours")
    before = open_data_set(str(root)).train.fingerprint()
    for name, target in (("nowhere.png", "gone.png"), ("round.png", "round.png")):
        (root / "train" / "blue" / name).symlink_to(target)
    pictures = open_data_set(str(root)).train
    assert len(pictures) == 26
    assert pictures.fingerprint() not in ("", before)
    for index, name in ((8, "nowhere"), (9, "round")):
        with pytest.raises(InvalidImage, match=rf"`blue/{name}\.png` cannot be used"):
            pictures.read(index, num_channels=3)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda root: shutil.rmtree(root / "val"), "has no folder `val`"),
        (lambda root: (root / "train" / "empty").mkdir(), "has 4 categories and `val/` has 3.*`empty` is in one only"),
        (lambda root: shutil.rmtree(root / "val" / "red"), "has 3 categories and `val/` has 2.*`red` is in one only"),
        (lambda root: [path.unlink() for path in (root / "train" / "red").iterdir()], "red` holds no pictures"),
        (lambda root: shutil.rmtree(root), "is not a folder; give one with `train/` and `val/`"),
    ],
)
def test_what_is_wrong_with_a_folder_is_told(tmp_path: Path, damage: object, told: str) -> None:
    root = write_data_folder(tmp_path / "colours")
    assert callable(damage)
    damage(root)
    with pytest.raises(DataSetError, match=told):
        open_data_set(str(root))


def test_a_named_set_of_categories_must_be_met_in_full(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "colours")
    with pytest.raises(DataSetError, match="has 3 categories, and `imagenet_1k` has 1000"):
        open_data_set(str(root), categories="imagenet_1k")
    with pytest.raises(DataSetError, match="no category set `colours` is shipped"):
        open_data_set(str(root), categories="colours")


def test_a_damaged_picture_is_named_from_its_folder_on(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "colours")
    (root / "train" / "blue" / "000.png").write_bytes(b"\x89PNG\r\n\x1a\n cut short")
    with pytest.raises(InvalidImage, match=r"`blue/000\.png` cannot be used"):
        open_data_set(str(root)).train.read(0, num_channels=3)


def test_a_fingerprint_is_that_of_names_sizes_and_labels_wherever_the_folder_is(tmp_path: Path) -> None:
    root = write_data_folder(tmp_path / "here")
    shutil.copytree(root, tmp_path / "there")
    here, there = (open_data_set(str(tmp_path / name)).fingerprint() for name in ("here", "there"))
    assert here == there
    assert set(here) == {"train", "val"}
    assert here["train"].startswith("names-and-sizes:")
    (root / "val" / "blue" / "000.png").rename(root / "val" / "red" / "new.png")
    changed = open_data_set(str(root)).fingerprint()
    assert changed["train"] == here["train"]
    assert changed["val"] != here["val"]


def test_fashion_mnist_is_read_from_its_four_files_and_is_what_torchvision_reads(mnist_like: Path) -> None:
    raw = mnist_like / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for file in mnist_like.glob("*.gz"):
        (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    ours, theirs = open_data_set(f"fashion-mnist:{mnist_like}"), open_data_set(f"torchvision:FashionMNIST:{mnist_like}")
    assert ours.labels.names == theirs.labels.names == tuple(torchvision.datasets.FashionMNIST.classes)
    assert (len(ours.train), len(ours.eval), ours.eval_split) == (20, 6, "test")
    for index in range(6):
        mine, one = (data.eval.read(index, num_channels=1) for data in (ours, theirs))
        assert np.array_equal(np.asarray(mine[0]), np.asarray(one[0]))
        assert mine[1] == one[1] == index
    assert ours.fingerprint() == theirs.fingerprint()


@pytest.mark.skipif(not FASHION_MNIST_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_debians_package_is_the_whole_of_fashion_mnist() -> None:
    data = open_data_set("fashion-mnist")
    assert (len(data.train), len(data.eval), data.labels) == (60_000, 10_000, load_categories("fashion_mnist"))
    assert data.eval.read(0, num_channels=1)[1] == data.labels.names.index("Ankle boot")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("fashion-mnist:nowhere", "apt-get install dataset-fashion-mnist"),
        ("torchvision:MNIST:nowhere", "To download it"),
        ("torchvision:COCO:nowhere", "the names are CIFAR10"),
        ("torchvision:CIFAR10", "write `torchvision:NAME:DIR`"),
    ],
)
def test_what_is_not_there_is_told_with_how_to_get_it(spec: str, told: str) -> None:
    with pytest.raises(DataSetError, match=told):
        open_data_set(spec)


def test_labels_are_told_without_reading_a_picture(mnist_like: Path, tmp_path: Path) -> None:
    write_data_folder(tmp_path / "colours")
    for spec in (f"fashion-mnist:{mnist_like}", f"torchvision:FashionMNIST:{mnist_like}", str(tmp_path / "colours")):
        if spec.startswith("torchvision"):
            raw = mnist_like / "FashionMNIST" / "raw"
            raw.mkdir(parents=True)
            for file in mnist_like.glob("*.gz"):
                (raw / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
        train = hold_out(open_data_set(spec), 3, seed=1).train
        read = [train.read(index, num_channels=1)[1] for index in range(len(train))]
        assert train.labels().tolist() == read


def test_a_damaged_idx_file_is_told(mnist_like: Path) -> None:
    images = mnist_like / "train-images-idx3-ubyte.gz"
    whole = images.read_bytes()
    for content, told in (
        (whole[: len(whole) // 2], "cannot be read"),
        (gzip.compress(gzip.decompress(whole)[:-9]), r"its header says \(20, 28, 28\), and 15671 bytes follow"),
        (gzip.compress(b"<html>"), "is no IDX file"),
    ):
        images.write_bytes(content)
        with pytest.raises(DataSetError, match=told):
            read_idx(images)
    images.unlink()
    with pytest.raises(DataSetError, match="is missing"):
        open_data_set(f"fashion-mnist:{mnist_like}")


def test_pictures_without_their_labels_are_refused(mnist_like: Path) -> None:
    write_idx(mnist_like / "t10k-labels-idx1-ubyte.gz", np.arange(5))
    with pytest.raises(DataSetError, match="do not belong together"):
        open_data_set(f"fashion-mnist:{mnist_like}")


def test_held_out_pictures_are_not_trained_on_and_are_the_same_for_the_same_seed(mnist_like: Path) -> None:
    data = open_data_set(f"fashion-mnist:{mnist_like}")
    split = hold_out(data, 5, seed=1)
    assert split.held_out is not None
    assert (len(split.train), len(split.held_out)) == (15, 5)
    seen = [
        np.asarray(part.read(i, num_channels=1)[0]).tobytes()
        for part in (split.train, split.held_out)
        for i in range(len(part))
    ]
    assert len(set(seen)) == 20
    assert hold_out(data, 5, seed=1).fingerprint() == split.fingerprint()
    assert hold_out(data, 5, seed=2).fingerprint() != split.fingerprint()
    assert hold_out(data, 0, seed=1) is data
    with pytest.raises(DataSetError, match="20 pictures cannot be held out of the 20"):
        hold_out(data, 20, seed=1)
