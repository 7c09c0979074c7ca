"""Accuracy and its interval, each against an independent reference of a few lines."""

import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.small_checkpoints import COLOURS, colours, measured, write_pictures
from weights_registry import CategorySet, Classifier, InvalidImage
from weights_registry.inference.answers import Answer
from weights_registry.inference.calibration import ReliabilityBins, expected_calibration_error
from weights_registry.inference.classifier import Picture
from weights_registry.inference.evaluation import (
    ClassCount,
    Evaluation,
    evaluate,
    wilson_interval,
    write_per_class,
)
from weights_registry.inference.labelled_folder import read_labelled_folder
from weights_registry.inference.verification import compare

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


def counted(by_class: dict[int, ClassCount]) -> Evaluation:
    """An evaluation of pictures with one true category each."""
    total = ClassCount(
        sum(each.num_images for each in by_class.values()),
        sum(each.num_correct1 for each in by_class.values()),
        sum(each.num_correct5 for each in by_class.values()),
    )
    return Evaluation(total, by_class, ReliabilityBins())


def samples(root: Path, labels: CategorySet) -> list[tuple[Picture, tuple[int, ...]]]:
    return [(path, (index,)) for path, index in read_labelled_folder(root, labels).samples]


@pytest.fixture
def classifier() -> Classifier:
    return Classifier(colours(), device="cpu", batch_size=4)


SHOWN = {"red": ["red"] * 3 + ["blue"], "green": ["red", "green"], "blue": ["blue"] * 5}


def test_an_evaluation_is_what_counting_by_hand_gives(classifier: Classifier, tmp_path: Path) -> None:
    data = samples(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    given_back: list[Answer] = []
    evaluation = evaluate(classifier, data, on_answer=given_back.append)
    assert evaluation.by_class == {0: ClassCount(4, 3, 4), 1: ClassCount(2, 1, 2), 2: ClassCount(5, 5, 5)}
    assert evaluation.num_images == len(given_back) == 11
    assert evaluation.acc1 == pytest.approx(900 / 11)
    assert evaluation.acc5 == 100
    assert evaluation.interval1 == wilson_interval(9, 11)
    assert evaluation.interval5 == wilson_interval(11, 11)


def test_confidence_and_calibration_error_are_those_of_the_predictions(classifier: Classifier, tmp_path: Path) -> None:
    data = samples(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    evaluation = evaluate(classifier, data)
    predictions = classifier.predict(path for path, _ in data)
    confidences = [each.best.probability for each in predictions]
    hits = [each.best.index in truths for each, (_, truths) in zip(predictions, data, strict=True)]
    assert evaluation.mean_confidence == pytest.approx(100 * sum(confidences) / 11, abs=1e-9)
    assert evaluation.calibration_error == pytest.approx(expected_calibration_error(confidences, hits), abs=1e-9)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 10, 11, 12])
def test_the_batch_size_changes_no_count(batch_size: int, tmp_path: Path) -> None:
    classifier = Classifier(colours(), device="cpu", batch_size=batch_size, num_threads=3)
    data = samples(write_pictures(tmp_path, SHOWN), classifier.checkpoint.labels)
    assert evaluate(classifier, data).by_class == {
        0: ClassCount(4, 3, 4),
        1: ClassCount(2, 1, 2),
        2: ClassCount(5, 5, 5),
    }


def test_any_of_several_true_categories_is_right_and_each_counts_the_picture(
    classifier: Classifier, tmp_path: Path
) -> None:
    write_pictures(tmp_path, {"all": ["red", "blue"]})
    red, blue = tmp_path / "all" / "0.png", tmp_path / "all" / "1.png"
    evaluation = evaluate(classifier, [(red, (0, 1)), (blue, (1, 0)), (blue, (2,))])
    assert evaluation.num_images == 3
    assert evaluation.acc1 == pytest.approx(200 / 3)
    assert evaluation.by_class == {0: ClassCount(2, 1, 2), 1: ClassCount(2, 1, 2), 2: ClassCount(1, 1, 1)}


def test_unreadable_pictures_are_in_no_figure(classifier: Classifier, tmp_path: Path) -> None:
    folder_path = write_pictures(tmp_path, SHOWN)
    (folder_path / "red" / "0.png").write_bytes(b"")
    evaluation = evaluate(classifier, samples(folder_path, classifier.checkpoint.labels))
    assert evaluation.by_class[0] == ClassCount(3, 2, 3)
    assert evaluation.num_images == evaluation.reliability.num_images == 10
    assert [error.source for error in evaluation.unreadable] == [str(folder_path / "red" / "0.png")]


def test_nothing_readable_is_an_error_and_not_a_figure(classifier: Classifier, tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "0.png").write_bytes(b"")
    with pytest.raises(InvalidImage, match=r"`photos` .*none of its 1 pictures could be read, such as `.*0\.png`"):
        evaluate(classifier, samples(tmp_path, classifier.checkpoint.labels), source="photos")
    with pytest.raises(InvalidImage, match=r"none of its 0 pictures could be read$"):
        evaluate(classifier, [])


def test_the_csv_leaves_empty_what_is_not_known() -> None:
    evaluation = counted({2: ClassCount(), 0: ClassCount(3, 1, 2)})
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
    evaluation = counted({0: ClassCount(num_images, num_correct, num_correct)})
    for published_on in (num_images, num_images + 1, None):
        assert compare(evaluation, measured(evaluation.acc1, published_on), tolerance=tolerance).holds


@given(COUNTS, st.floats(0, 100), st.floats(0, 5))
def test_a_wider_tolerance_never_turns_agreement_into_disagreement(
    count: tuple[int, int], published: float, tolerance: float
) -> None:
    num_correct, num_images = count
    evaluation = counted({0: ClassCount(num_images, num_correct, num_correct)})
    for published_on in (num_images, num_images + 1):
        metrics = measured(published, published_on)
        narrow, wide = (compare(evaluation, metrics, tolerance=each).holds for each in (tolerance, tolerance + 1))
        assert wide or not narrow
    # Chance is granted to other pictures only.
    same, other = (compare(evaluation, measured(published, n), tolerance=tolerance).holds for n in (num_images, None))
    assert other or not same
