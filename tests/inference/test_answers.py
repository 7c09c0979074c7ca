"""Answers: in order, beside their truths, ranked among all categories or among some."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.planted import planted, write_shown
from weights_registry import Classifier
from weights_registry.inference.answers import Labelled, answers


@pytest.fixture(scope="module")
def all_of_imagenet() -> Classifier:
    return Classifier(planted(), device="cpu", batch_size=4)


def test_answers_are_the_classifiers_own_predictions(all_of_imagenet: Classifier, tmp_path: Path) -> None:
    pictures = [write_shown(tmp_path / f"{index}.jpg", index) for index in (0, 7, 281, 999, 500, 123)]
    found = list(answers(all_of_imagenet, [(path, (7,)) for path in pictures]))
    for answer, prediction in zip(found, all_of_imagenet.predict(pictures), strict=True):
        assert answer.source == prediction.source
        assert answer.indices == tuple(each.index for each in prediction.categories)
        assert answer.probabilities == tuple(each.probability for each in prediction.categories)
    assert [answer.hit1 for answer in found] == [False, True, False, False, False, False]


def test_among_some_categories_the_best_of_these_comes_first_and_they_share_all_probability(
    all_of_imagenet: Classifier, tmp_path: Path
) -> None:
    sample: Labelled = (write_shown(tmp_path / "a.jpg", 120, towards=121), (120,))
    (free,), (held,) = (list(answers(all_of_imagenet, [sample], among=each)) for each in (None, (5, 120, 800)))
    assert (free.indices[:2], free.hit1, free.hit5) == ((121, 120), False, True)
    assert (held.indices[0], held.hit1) == (120, True)
    assert sorted(held.indices) == [5, 120, 800]
    assert sum(held.probabilities) == pytest.approx(1)
    # What the network gives to 120 alone, had it the choice of these three.
    assert held.probabilities[0] == pytest.approx(1, abs=1e-6)


def test_the_order_among_some_is_their_order_among_all(all_of_imagenet: Classifier, tmp_path: Path) -> None:
    sample: Labelled = (write_shown(tmp_path / "a.jpg", 555, towards=556), (555,))
    (free,) = answers(all_of_imagenet, [sample])
    (held,) = answers(all_of_imagenet, [sample], among=sorted(free.indices))
    assert held.indices == free.indices
    total = sum(free.probabilities)
    assert held.probabilities == pytest.approx([each / total for each in free.probabilities], rel=1e-5)


def test_categories_without_any_probability_are_equally_likely(all_of_imagenet: Classifier, tmp_path: Path) -> None:
    sample: Labelled = (write_shown(tmp_path / "a.jpg", 0), (999,))
    (held,) = answers(all_of_imagenet, [sample], among=(998, 999))
    assert held.probabilities == (0.5, 0.5)


def test_all_categories_are_the_same_as_no_choice(all_of_imagenet: Classifier, tmp_path: Path) -> None:
    sample: Labelled = (write_shown(tmp_path / "a.jpg", 42), (42,))
    assert list(answers(all_of_imagenet, [sample])) == list(answers(all_of_imagenet, [sample], among=range(1000)))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5, 8])
def test_truths_stay_with_their_pictures_around_one_that_cannot_be_read(batch_size: int) -> None:
    classifier = Classifier(planted(), device="cpu", batch_size=batch_size, num_threads=2)
    colours = [(12, 12, 12), None, (37, 12, 12), None, None, (62, 12, 12)]

    def samples() -> Iterator[Labelled]:
        for number, each in enumerate(colours):
            yield b"no picture" if each is None else Image.new("RGB", (40, 40), each), (number,)

    found = list(answers(classifier, samples()))
    assert [answer.truths for answer in found] == [(number,) for number in range(6)]
    assert [answer.indices[:1] for answer in found] == [(0,), (), (1,), (), (), (2,)]
    assert [answer.error is None for answer in found] == [each is not None for each in colours]
    assert not any(answer.hit1 or answer.hit5 for answer in found if answer.error)
