"""Scores count every picture once, and are those of a sum over the whole set."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from training import DataSetError, LossDiverged
from training.data.feeding import Batch
from training.learning.scores import Scores, score
from weights_registry import Preprocessing

CPU = torch.device("cpu")
FED = Preprocessing(resize_size=1, crop_size=1, mean=(0.5,), std=(0.5,))


class Sharp(nn.Module):
    """The logits of a picture depend on its only pixel; in train mode it is always wrong."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.register_buffer("table", torch.randn(256, num_classes, generator=torch.Generator().manual_seed(0)))

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        levels = ((images_NCHW[:, 0, 0, 0] + 1) * 127.5).round().long()
        logits: torch.Tensor = self.get_buffer("table")[levels]
        return -logits if self.training else logits


def in_batches(levels: torch.Tensor, labels: torch.Tensor, size: int) -> list[Batch]:
    images = levels.to(torch.uint8)[:, None, None, None]
    boxes = torch.zeros(len(levels), 4, dtype=torch.int64)
    starts = range(0, len(levels), size)
    return [Batch(images[at : at + size], boxes[at : at + size], labels[at : at + size], ()) for at in starts]


@given(num_images=st.integers(1, 40), num_classes=st.integers(1, 9), size=st.integers(1, 11), seed=st.integers(0, 99))
def test_whatever_the_batches_the_scores_are_those_of_the_whole(
    num_images: int, num_classes: int, size: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    levels = torch.randint(256, (num_images,), generator=generator)
    labels = torch.randint(num_classes, (num_images,), generator=generator)
    network = Sharp(num_classes)
    found = score(network, in_batches(levels, labels, size), FED, device=CPU)
    ranks = (network.get_buffer("table")[levels] > network.get_buffer("table")[levels, labels][:, None]).sum(1)
    assert found.num_images == num_images
    assert found.num_correct1 == int((ranks < 1).sum())
    assert found.num_correct5 == int((ranks < 5).sum())
    assert network.training


def test_pictures_without_a_label_are_in_no_figure() -> None:
    labels = torch.tensor([0, -1, 2, -1])
    found = score(Sharp(3), in_batches(torch.arange(4), labels, 3), FED, device=CPU)
    assert found.num_images == 2


def test_without_a_picture_there_are_no_scores() -> None:
    with pytest.raises(DataSetError, match="no picture to measure on can be read"):
        score(Sharp(3), in_batches(torch.arange(1), torch.tensor([-1]), 1), FED, device=CPU)


@pytest.mark.parametrize("answer", [float("nan"), float("inf"), -float("inf")])
def test_a_network_that_answers_with_no_numbers_has_no_scores(answer: float) -> None:
    network = Sharp(3)
    network.get_buffer("table")[2, 0] = answer
    with pytest.raises(LossDiverged, match="the network answers 1 of 4 pictures with NaN or infinity: "):
        score(network, in_batches(torch.arange(4), torch.zeros(4, dtype=torch.int64), 3), FED, device=CPU)
    assert network.training
    unreadable = torch.tensor([0, 0, -1, 0])
    assert score(network, in_batches(torch.arange(4), unreadable, 3), FED, device=CPU).num_images == 3


def test_pictures_that_could_not_be_read_are_in_the_record_where_there_are_any() -> None:
    found = Scores(num_images=2, num_correct1=1, num_correct5=2, unreadable=("a", "b", "c"))
    assert found.record()["num_unreadable"] == 3
    assert "num_unreadable" not in Scores(num_images=2, num_correct1=1, num_correct5=2).record()


def test_accuracies_are_in_percent_with_their_interval() -> None:
    found = Scores(num_images=200, num_correct1=150, num_correct5=200)
    assert (found.acc1, found.acc5) == (75.0, 100.0)
    assert found.interval1 == pytest.approx((68.6, 80.5), abs=0.1)
    assert found.interval5 == pytest.approx((98.1, 100.0), abs=0.1)
    assert found.record()["num_correct1"] == 150
