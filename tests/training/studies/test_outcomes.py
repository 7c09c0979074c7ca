"""Measuring: each picture decoded once, the same figures as elsewhere, and a killed measurement goes on."""

import os
import signal
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.training.studies.planted import CROP, FED, PlantedPictures, WidthJudge, share_at
from tests.training.tiny_runs import TINY
from training import DataSetError, RunError
from training.data.feeding import EvaluationSet, evaluation_loader
from training.learning.scores import score
from training.studies import outcomes as module
from training.studies.outcomes import Outcomes, measure
from training.studies.parts import Parts, open_parts
from weights_registry import Preprocessing

CPU = torch.device("cpu")
WAYS = [replace(FED, resize_size=size) for size in (16, 20, 24)]


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    return open_parts(tmp_path / "study", {})


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NUM_IN_PART", 16)
    monkeypatch.setattr(module, "BATCH_SIZE", 8)


def same(one: Outcomes, other: Outcomes) -> bool:
    return np.array_equal(one.labels_N, other.labels_N) and np.array_equal(one.codes_WN, other.codes_WN)


def test_each_picture_is_decoded_once_for_all_ways_to_feed_it(parts: Parts) -> None:
    pictures = PlantedPictures()
    found = measure(WidthJudge(share_at(20)), WAYS, pictures, parts, device=CPU)
    assert sorted(pictures.decoded) == list(range(len(pictures)))
    assert found.codes_WN.shape == (3, len(pictures))
    assert measure(WidthJudge(share_at(20)), WAYS, pictures, parts, device=CPU).codes_WN.shape == (3, 40)
    assert len(pictures.decoded) == len(pictures), "what is done was done again"


def test_accuracies_are_those_of_the_training_codes_own_evaluation(parts: Parts) -> None:
    network, pictures = WidthJudge(share_at(20)).eval(), PlantedPictures()
    found = measure(network, WAYS, pictures, parts, device=CPU)
    for way, fed in enumerate(WAYS):
        shown = EvaluationSet(pictures, replace(TINY, inference=fed))
        batches = evaluation_loader(shown, batch_size=7, num_workers=0)
        theirs = score(network, batches, fed, device=CPU)
        assert 100 * found.hits(way).mean() == theirs.acc1
        assert 100 * found.hits(way, among=5).mean() == theirs.acc5 == 100


def test_the_first_five_are_told_from_the_first(parts: Parts) -> None:
    class Ranks(nn.Module):
        def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
            scores_N = images_NCHW.mean(dim=(1, 2, 3))
            return torch.arange(7.0).repeat(len(scores_N), 1)  # 6 comes first, 0 and 1 are not among five

    class Seven(PlantedPictures):
        def read(self, index: int, *, num_channels: int) -> Any:
            return super().read(index, num_channels=num_channels)[0], index % 7

    found = measure(Ranks(), WAYS[:1], Seven(num_images=14), parts, device=CPU)
    assert found.hits(0).tolist() == [label == 6 for label in found.labels_N]
    assert found.hits(0, among=5).tolist() == [label >= 2 for label in found.labels_N]


def test_a_killed_measurement_goes_on_and_ends_with_the_same_figures(
    parts: Parts, tmp_path: Path, small_parts: None
) -> None:
    whole = measure(WidthJudge(share_at(20)), WAYS, PlantedPictures(), open_parts(tmp_path / "whole", {}), device=CPU)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 fears for the threads, and the child has none
        child = os.fork()
    if child == 0:
        torch.set_num_threads(1)
        deadly = PlantedPictures(at={35: lambda: os.kill(os.getpid(), signal.SIGKILL)})
        measure(WidthJudge(share_at(20)), WAYS, deadly, parts, device=CPU)
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    pictures = PlantedPictures()
    told: list[int] = []
    resumed = measure(WidthJudge(share_at(20)), WAYS, pictures, parts, device=CPU, on_progress=told.append)
    assert sorted(pictures.decoded) == list(range(32, 40)), "parts that were done are taken as they are"
    assert told == [32, 8]
    assert same(whole, resumed)


def test_workers_change_nothing(parts: Parts, tmp_path: Path, small_parts: None) -> None:
    alone = measure(WidthJudge(share_at(20)), WAYS, PlantedPictures(), parts, device=CPU)
    two = open_parts(tmp_path / "two", {})
    with_workers = measure(WidthJudge(share_at(20)), WAYS, PlantedPictures(), two, device=CPU, num_workers=2)
    assert same(alone, with_workers)


def test_pictures_that_cannot_be_read_are_told_and_not_counted(parts: Parts) -> None:
    found = measure(WidthJudge(share_at(20)), WAYS, PlantedPictures(unreadable=(3, 8)), parts, device=CPU)
    assert len(found.labels_N) == 38
    assert found.codes_WN.shape == (3, 38)
    assert [told.split("`")[1] for told in found.unreadable] == ["picture 3", "picture 8"]
    none, others = PlantedPictures(3, unreadable=(0, 1, 2)), open_parts(parts.folder / "none", {})
    with pytest.raises(DataSetError, match="no picture to measure on can be read: `picture 0`"):
        measure(WidthJudge(1.0), WAYS, none, others, device=CPU)


def test_a_network_that_answers_with_nan_is_refused(parts: Parts) -> None:
    class Lost(nn.Module):
        def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
            return torch.full((len(images_NCHW), 2), float("nan"))

    with pytest.raises(RunError, match="NaN or infinity to pictures fed so: Convert to RGB, resize"):
        measure(Lost(), WAYS, PlantedPictures(), parts, device=CPU)


def test_ways_for_other_channels_are_refused(parts: Parts) -> None:
    grey = Preprocessing(resize_size=CROP, crop_size=CROP, mean=(0.0,), std=(1.0,))
    with pytest.raises(ValueError, match="as many channels"):
        measure(WidthJudge(1.0), [FED, grey], PlantedPictures(), parts, device=CPU)
