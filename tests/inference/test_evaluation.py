"""Accuracy, interval and calibration error, each against an independent reference of a few lines."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.small_checkpoints import COLOURS, colours, measured, write_pictures
from weights_registry import Classifier, InvalidImage
from weights_registry.inference.evaluation import (
    NUM_BINS,
    ClassCount,
    Evaluation,
    evaluate,
    expected_calibration_error,
    wilson_interval,
    write_per_class,
)
from weights_registry.inference.labelled_folder import read_labelled_folder
from weights_registry.inference.verification import compare

ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=200)
COUNTS = st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS)
def test_the_interval_holds_the_share_and_stays_within_0_and_100(count: tuple[int, int]) -> None:
    num_correct, num_images = count
    low, high = wilson_interval(num_correct, num_images)
    assert 0 <= low <= 100 * num_correct / num_images <= high <= 100
    assert low < high


@given(COUNTS, st.integers(2, 100))
def test_the_interval_shrinks_with_more_pictures_of_the_same_share(count: tuple[int, int], times: int) -> None:
    num_correct, num_images = count
    few, many = wilson_interval(num_correct, num_images), wilson_interval(times * num_correct, times * num_images)
    assert many[1] - many[0] < few[1] - few[0]


@given(COUNTS)
def test_the_interval_ends_where_the_share_is_196_standard_errors_away(count: tuple[int, int]) -> None:
    # Wilson's definition: an end p solves |share - p| = z sqrt(p (1 - p) / n).
    num_correct, num_images = count
    share = num_correct / num_images
    for end in wilson_interval(num_correct, num_images):
        p = end / 100
        if 0 < p < 1:
            assert abs(share - p) == pytest.approx(1.959964 * math.sqrt(p * (1 - p) / num_images), rel=1e-5)


def test_the_interval_is_that_of_the_literature() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    assert wilson_interval(81, 263) == pytest.approx((25.53, 36.62), abs=0.005)
    assert wilson_interval(0, 20) == pytest.approx((0, 16.11), abs=0.005)


@pytest.mark.parametrize("count", [(1, 0), (0, 0), (-1, 5), (6, 5)])
def test_what_is_no_share_has_no_interval(count: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must be a share"):
        wilson_interval(*count)


@given(ANSWERS)
def test_calibration_error_is_the_textbooks(answers: list[tuple[float, bool]]) -> None:
    confidence, hit = (np.array(each, dtype=np.float64) for each in zip(*answers, strict=True))
    which = np.minimum(np.floor(confidence * NUM_BINS), NUM_BINS - 1)
    error = 0.0
    for each in np.unique(which):
        inside = which == each
        error += inside.mean() * abs(confidence[inside].mean() - hit[inside].mean())
    assert expected_calibration_error(*zip(*answers, strict=True)) == pytest.approx(100 * error, abs=1e-9)


@given(ANSWERS)
def test_calibration_error_is_at_least_the_gap_of_the_means_and_at_most_100(
    answers: list[tuple[float, bool]],
) -> None:
    confidences, hits = zip(*answers, strict=True)
    gap = 100 * abs(sum(confidences) - sum(hits)) / len(answers)
    assert gap - 1e-9 <= expected_calibration_error(confidences, hits) <= 100


def test_a_network_that_knows_how_sure_it_is_has_no_calibration_error() -> None:
    assert expected_calibration_error([0.75] * 4, [True, True, True, False]) == 0
    assert expected_calibration_error([1.0, 1.0], [False, False]) == 100


@pytest.fixture
def classifier() -> Classifier:
    return Classifier(colours(), device="cpu", batch_size=4)


SHOWN = {"red": ["red"] * 3 + ["blue"], "green": ["red", "green"], "blue": ["blue"] * 5}


def test_an_evaluation_is_what_counting_by_hand_gives(classifier: Classifier, tmp_path: Path) -> None:
    folder = read_labelled_folder(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    called = []
    evaluation = evaluate(classifier, folder, on_progress=lambda: called.append(1))
    assert evaluation.by_class == {0: ClassCount(4, 3, 4), 1: ClassCount(2, 1, 2), 2: ClassCount(5, 5, 5)}
    assert evaluation.num_images == len(called) == 11
    assert evaluation.acc1 == pytest.approx(900 / 11)
    assert evaluation.acc5 == 100
    assert evaluation.interval1 == wilson_interval(9, 11)
    assert evaluation.interval5 == wilson_interval(11, 11)


def test_confidence_and_calibration_error_are_those_of_the_predictions(classifier: Classifier, tmp_path: Path) -> None:
    folder = read_labelled_folder(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    evaluation = evaluate(classifier, folder)
    predictions = classifier.predict(path for path, _ in folder.samples)
    confidences = [each.best.probability for each in predictions]
    hits = [each.best.index == truth for each, (_, truth) in zip(predictions, folder.samples, strict=True)]
    assert evaluation.mean_confidence == pytest.approx(100 * sum(confidences) / 11, abs=1e-9)
    assert evaluation.calibration_error == pytest.approx(expected_calibration_error(confidences, hits), abs=1e-9)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10, 11, 12])
def test_the_batch_size_changes_no_count(batch_size: int, tmp_path: Path) -> None:
    classifier = Classifier(colours(), device="cpu", batch_size=batch_size, num_threads=3)
    folder = read_labelled_folder(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    assert evaluate(classifier, folder).by_class == {
        0: ClassCount(4, 3, 4),
        1: ClassCount(2, 1, 2),
        2: ClassCount(5, 5, 5),
    }


def test_unreadable_pictures_are_in_no_figure(classifier: Classifier, tmp_path: Path) -> None:
    folder_path = write_pictures(tmp_path, SHOWN)
    (folder_path / "red" / "0.png").write_bytes(b"")
    folder = read_labelled_folder(folder_path, classifier.checkpoint.labels)
    evaluation = evaluate(classifier, folder)
    assert evaluation.by_class[0] == ClassCount(3, 2, 3)
    assert [error.source for error in evaluation.unreadable] == [str(folder_path / "red" / "0.png")]


def test_nothing_readable_is_an_error_and_not_a_figure(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "0.png").write_bytes(b"")
    with pytest.raises(InvalidImage, match=r"none of its 1 pictures could be read, such as `.*0\.png`"):
        evaluate(classifier, read_labelled_folder(tmp_path, classifier.checkpoint.labels))


def test_the_csv_leaves_empty_what_is_not_known() -> None:
    evaluation = Evaluation({2: ClassCount(), 0: ClassCount(3, 1, 2)}, 0.0, 0.0)
    file = io.StringIO()
    write_per_class(evaluation, COLOURS, file)
    assert file.getvalue().splitlines() == [
        "index,category,num_images,num_correct1,num_correct5,acc1,acc5",
        "0,red,3,1,2,33.333,66.667",
        "2,blue,0,0,0,,",
    ]


@given(COUNTS, st.floats(0, 5))
def test_a_figure_agrees_with_itself_whoever_published_it(count: tuple[int, int], tolerance: float) -> None:
    num_correct, num_images = count
    evaluation = Evaluation({0: ClassCount(num_images, num_correct, num_correct)}, 0.0, 0.0)
    for published_on in (num_images, num_images + 1, None):
        assert compare(evaluation, measured(evaluation.acc1, published_on), tolerance=tolerance).holds


@given(COUNTS, st.floats(0, 100), st.floats(0, 5))
def test_a_wider_tolerance_never_turns_agreement_into_disagreement(
    count: tuple[int, int], published: float, tolerance: float
) -> None:
    num_correct, num_images = count
    evaluation = Evaluation({0: ClassCount(num_images, num_correct, num_correct)}, 0.0, 0.0)
    for published_on in (num_images, num_images + 1):
        metrics = measured(published, published_on)
        narrow, wide = (compare(evaluation, metrics, tolerance=each).holds for each in (tolerance, tolerance + 1))
        assert wide or not narrow
    # Chance is granted to other pictures only.
    same, other = (compare(evaluation, measured(published, n), tolerance=tolerance).holds for n in (num_images, None))
    assert other or not same
