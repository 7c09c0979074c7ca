"""A stream of pictures: lazy, bounded, in order, and over when it is closed; bad pictures are outcomes."""

import itertools
import threading
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
import torch

from tests.small_checkpoints import COLOURS, SAMPLES, colours, write_picture
from weights_registry import Classifier
from weights_registry.inference.classifier import MAX_DEFAULT_THREADS, Picture


class Taken:
    """So many one-coloured pictures, red, green, blue, red, ...; counts how many were taken."""

    def __init__(self, num_pictures: int) -> None:
        self.num_pictures = num_pictures
        self.count = 0

    def __iter__(self) -> Iterator[torch.Tensor]:
        for index in range(self.num_pictures):
            self.count += 1
            levels_CHW = torch.zeros(3, 8, 8, dtype=torch.uint8)
            levels_CHW[index % 3] = 255
            yield levels_CHW


def decoders() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decode")]


@pytest.mark.parametrize(("batch_size", "num_threads"), [(1, 1), (4, 2), (7, 3)])
def test_it_takes_no_more_than_three_batches_and_a_picture_a_thread_ahead(batch_size: int, num_threads: int) -> None:
    pictures = Taken(10_000)
    classifier = Classifier(colours(), batch_size=batch_size, num_threads=num_threads)
    assert pictures.count == 0
    stream = classifier.stream(pictures)
    assert pictures.count == 0
    for given, _ in zip(range(1, 301), stream, strict=False):
        assert pictures.count - given < 3 * batch_size + num_threads
    stream.close()
    assert pictures.count < 310 + 3 * batch_size + num_threads


class Files:
    """Empty files without end. From the 50th on, reading waits until nobody will take another one."""

    def __init__(self) -> None:
        self.num_read = 0
        self.over = threading.Event()

    def __iter__(self) -> Iterator[BytesIO]:
        try:
            for number in itertools.count():
                yield EmptyFile(self, number)
        finally:
            self.over.set()


class EmptyFile(BytesIO):
    def __init__(self, files: Files, number: int) -> None:
        self.files, self.number = files, number

    def read(self, size: int | None = -1) -> bytes:
        self.files.num_read += 1
        if self.number >= 50:
            self.files.over.wait(timeout=20)
            self.files.over.set()  # nobody waits twice
        return b""


def test_closing_it_early_ends_its_threads_and_decodes_nothing_of_what_is_queued() -> None:
    files = Files()
    stream = Classifier(colours(), batch_size=50, num_threads=1).stream(files)
    assert next(stream).error is not None
    stream.close()
    assert files.num_read <= 51  # a batch, and the one that was being read; 100 more were queued
    assert not decoders()


def test_the_end_of_a_stream_ends_its_threads() -> None:
    assert len(list(Classifier(colours()).stream(Taken(5)))) == 5
    assert not decoders()


@pytest.mark.parametrize("num_pictures", [0, 1, 3, 4, 5, 8, 9])
def test_there_is_one_outcome_a_picture_in_order(num_pictures: int) -> None:
    outcomes = list(Classifier(colours(), batch_size=4, num_threads=3).stream(Taken(num_pictures)))
    assert [each.source for each in outcomes] == [f"picture {index}" for index in range(num_pictures)]
    assert all(each.error is None for each in outcomes)
    best = [int(each.probabilities_K.argmax()) for each in outcomes if each.probabilities_K is not None]
    assert best == [index % 3 for index in range(num_pictures)]


def test_probabilities_are_of_all_categories_and_sum_to_1() -> None:
    (outcome,) = Classifier(colours()).stream(Taken(1))
    assert outcome.probabilities_K is not None
    assert outcome.probabilities_K.shape == (len(COLOURS),)
    assert float(outcome.probabilities_K.sum()) == pytest.approx(1, abs=1e-6)


def test_bad_pictures_are_outcomes_between_the_good_ones(tmp_path: Path) -> None:
    good = write_picture(tmp_path / "red.png", "red")
    missing, broken = tmp_path / "none.png", tmp_path / "broken.jpg"
    broken.write_bytes((SAMPLES / "espresso.jpg").read_bytes()[:9000])
    pictures: list[Picture] = [missing, good, broken, b"", good]
    outcomes = list(Classifier(colours(), batch_size=2).stream(pictures))
    assert [each.error is None for each in outcomes] == [False, True, False, False, True]
    assert [each.probabilities_K is None for each in outcomes] == [True, False, True, True, False]
    assert [each.source for each in outcomes] == [str(missing), str(good), str(broken), "picture 3", str(good)]
    for outcome in outcomes:
        assert outcome.error is None or outcome.source in str(outcome.error)


def test_a_kept_error_keeps_no_bytes_of_its_file() -> None:
    broken = (SAMPLES / "espresso.jpg").read_bytes()[:9000]
    (outcome,) = Classifier(colours()).stream([broken])
    error = outcome.error
    assert error is not None
    # Frames and causes would hold the picture for as long as a command lists its bad ones at the end.
    assert (error.__traceback__, error.__cause__, error.__context__) == (None, None, None)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (torch.zeros(2, 3, 8, 8, dtype=torch.uint8), r"one picture \(C, H, W\), not \(2, 3, 8, 8\)"),
        (torch.zeros(8, 8, dtype=torch.uint8), r"one picture \(C, H, W\), not \(8, 8\)"),
        (torch.zeros(8, 8, 3, dtype=torch.uint8), "put the channels first"),
        (torch.zeros(3, 0, 8, dtype=torch.uint8), "no pixels"),
        (torch.full((3, 8, 8), 255.0), "divide it by 255"),
        (torch.full((3, 8, 8), float("nan")), "NaN"),
        (torch.zeros(3, 8, 8, dtype=torch.int64), "must be uint8"),
        (3.5, "a picture comes as a path"),
    ],
)
def test_what_is_no_picture_at_all_raises_and_is_named(bad: object, message: str) -> None:
    pictures = [*Taken(2), bad]
    with pytest.raises((TypeError, ValueError), match=f"^`picture 2` cannot be classified: .*{message}"):
        list(Classifier(colours()).stream(pictures))
    assert not decoders()


def test_an_error_of_the_iterable_itself_comes_through() -> None:
    def pictures() -> Iterator[Picture]:
        yield from Taken(2)
        raise OSError("the camera was unplugged")

    with pytest.raises(OSError, match="unplugged"):
        list(Classifier(colours()).stream(pictures()))
    assert not decoders()


@pytest.mark.parametrize("one", ["photo.jpg", Path("photo.jpg"), b"\xff\xd8\xff"])
def test_one_picture_in_place_of_several_is_refused_at_once(one: Picture) -> None:
    with pytest.raises(TypeError, match="for one picture call the classifier itself"):
        Classifier(colours()).stream(one)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="for one picture call the classifier itself"):
        Classifier(colours()).predict(one)  # type: ignore[arg-type]


def test_a_batch_tensor_is_an_iterable_of_pictures() -> None:
    images_NCHW = torch.stack(list(Taken(3)))
    assert [each.best.label for each in Classifier(colours()).predict(images_NCHW)] == list(COLOURS)


def test_by_default_there_is_a_thread_a_core_within_reason() -> None:
    assert 1 <= Classifier(colours()).num_threads <= MAX_DEFAULT_THREADS
