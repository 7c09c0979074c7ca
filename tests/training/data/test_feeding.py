"""Batches do not depend on workers or on where one begins, and a damaged picture neither stops a run nor hides."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.training.data_folders import write_data_folder
from training import Recipe, TooManyUnreadable, get_recipe
from training.data.dataset import open_data_set
from training.data.feeding import Batch, EvaluationSet, TrainingSet, Unreadable, evaluation_loader, training_loader
from training.data.pictures import Pictures
from training.data.sampler import BatchSampler, Deal, Position, View
from weights_registry import Preprocessing

RECIPE = replace(
    get_recipe("resnet50/v2"),
    train_crop_size=8,
    random_erasing=0.5,
    inference=Preprocessing(resize_size=8, crop_size=8),
)
TIMMS = replace(RECIPE, auto_augment="rand-m7-mstd0.5-inc1")
DAMAGED = b"\x89PNG\r\n\x1a\n cut short"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "colours")


def batches(
    pictures: Pictures, recipe: Recipe, *, num_workers: int = 0, start: int = 0, epoch: int = 2, seed: int = 7
) -> list[Batch]:
    sampler = BatchSampler(Deal(num_images=len(pictures), batch_size=4, num_lanes=2, num_views=2))
    sampler.position = Position(epoch=epoch, num_steps=start)
    return list(training_loader(pictures, recipe, sampler, seed=seed, num_workers=num_workers))


def same(one: list[Batch], other: list[Batch]) -> bool:
    return all(
        torch.equal(a.images_NCHW, b.images_NCHW)
        and torch.equal(a.boxes_N4, b.boxes_N4)
        and torch.equal(a.labels_N, b.labels_N)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize("recipe", [RECIPE, TIMMS], ids=["torchvision's", "timm's"])
def test_batches_are_the_same_for_any_number_of_workers_and_from_any_step_on(root: Path, recipe: Recipe) -> None:
    pictures = open_data_set(str(root)).train
    torch.manual_seed(1)
    whole = batches(pictures, recipe)
    torch.manual_seed(2)
    assert same(batches(pictures, recipe, num_workers=2), whole)
    assert same(batches(pictures, recipe, num_workers=1, start=1), whole[2:])
    assert not same(batches(pictures, recipe, seed=8), whole)
    assert not same(batches(pictures, recipe, epoch=3), whole)


def test_reading_batches_takes_no_random_number_of_the_run(root: Path) -> None:
    pictures = open_data_set(str(root)).train
    torch.manual_seed(1)
    before = torch.get_rng_state()
    batches(pictures, RECIPE, num_workers=1)
    assert torch.equal(torch.get_rng_state(), before)


def test_persistent_workers_serve_one_epoch_after_another(root: Path) -> None:
    pictures = open_data_set(str(root)).train
    sampler = BatchSampler(Deal(num_images=len(pictures), batch_size=4, num_lanes=2, num_views=2))
    loader = training_loader(pictures, RECIPE, sampler, seed=7, num_workers=1)
    for epoch in (0, 1):
        sampler.position = Position(epoch=epoch)
        assert same(list(loader), batches(pictures, RECIPE, epoch=epoch))


def test_views_of_a_picture_differ_and_are_of_the_same_label(root: Path) -> None:
    views = TrainingSet(open_data_set(str(root)).train, RECIPE, seed=0)
    one, other, again = (views[View(0, 9, view)] for view in (0, 1, 0))
    assert one.label == other.label == 1
    assert not torch.equal(one.image_CHW, other.image_CHW)
    assert torch.equal(one.image_CHW, again.image_CHW)


def test_for_a_damaged_picture_the_next_stands_in_and_it_is_named(root: Path) -> None:
    (root / "train" / "blue" / "007.png").write_bytes(DAMAGED)
    (root / "train" / "green" / "000.png").write_bytes(DAMAGED)
    sample = TrainingSet(open_data_set(str(root)).train, RECIPE, seed=0)[View(0, 7, 0)]
    assert sample.label == 1
    assert [told.split("`")[1] for told in sample.unreadable] == ["blue/007.png", "green/000.png"]


def test_a_set_of_nothing_but_damaged_pictures_is_refused(root: Path) -> None:
    for path in (root / "train").rglob("*.png"):
        path.write_bytes(DAMAGED)
    with pytest.raises(TooManyUnreadable, match="none of the 24 training pictures"):
        TrainingSet(open_data_set(str(root)).train, RECIPE, seed=0)[View(0, 7, 0)]


def test_damaged_pictures_are_counted_once_each_up_to_the_limit() -> None:
    found = Unreadable(limit=2, names={})
    assert found.add(("a", "b", "a")) == ["a", "b"]
    assert found.add(("b",)) == []
    with pytest.raises(TooManyUnreadable, match=r"3 pictures cannot be read, and the limit is 2: .*c"):
        found.add(("c",))


@pytest.mark.parametrize("num_processes", [1, 2, 4, 10])
def test_at_evaluation_every_picture_comes_once_for_any_number_of_processes(root: Path, num_processes: int) -> None:
    pictures = open_data_set(str(root)).eval
    labels: list[int] = []
    for process in range(num_processes):
        part = EvaluationSet(pictures, RECIPE, process=process, num_processes=num_processes)
        labels += [
            int(label) for batch in evaluation_loader(part, batch_size=4, num_workers=0) for label in batch.labels_N
        ]
    assert sorted(labels) == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_at_evaluation_a_damaged_picture_is_named_and_has_no_label(root: Path) -> None:
    (root / "val" / "green" / "001.png").write_bytes(DAMAGED)
    part = EvaluationSet(open_data_set(str(root)).eval, RECIPE)
    (batch,) = evaluation_loader(part, batch_size=16, num_workers=0)
    assert batch.labels_N.tolist() == [0, 0, 0, 1, -1, 1, 2, 2, 2]
    assert len(batch.unreadable) == 1
    assert "`green/001.png`" in batch.unreadable[0]
