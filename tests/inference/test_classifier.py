"""Classifier: whatever form a picture comes in, the answer is that of the network fed as its checkpoint says."""

import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional

from tests.small_checkpoints import SAMPLES, colours, record, write_picture
from weights_registry import Classifier, ImageLimits, InvalidImage, LoadedCheckpoint, Prediction, UnknownWeights
from weights_registry.inference.classifier import Picture

TABBY = SAMPLES / "tabby_cat.jpg"


def pixels(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        levels_CHW: torch.Tensor = functional.pil_to_tensor(image.convert("RGB"))
    return levels_CHW


def open_and_load(path: Path) -> Image.Image:
    with Image.open(path) as image:
        image.load()
    return image


def probabilities(prediction: Prediction) -> torch.Tensor:
    """Of all categories, by index; asked for with as many as there are."""
    by_index = {each.index: each.probability for each in prediction.categories}
    return torch.tensor([by_index[index] for index in range(len(by_index))])


FORMS: dict[str, Callable[[Path], Picture]] = {
    "path": lambda path: path,
    "string": str,
    "bytes": Path.read_bytes,
    "file": lambda path: BytesIO(path.read_bytes()),
    "PIL": open_and_load,
    "uint8 tensor": pixels,
    "float tensor": lambda path: pixels(path) / 255,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_picture_gets_the_same_answer(form: str, classifier: Classifier) -> None:
    wanted, found = classifier(TABBY, top_k=1000), classifier(FORMS[form](TABBY), top_k=1000)
    assert found.best.label == "tiger cat"
    # Floats are resized in floats: up to a level of 255 from what the uint8 kernel rounds to.
    tolerance = 0.02 if form == "float tensor" else 1e-6
    torch.testing.assert_close(probabilities(found), probabilities(wanted), rtol=0, atol=tolerance)


@pytest.mark.parametrize("sample", ["tabby_cat", "espresso", "tripod"])
def test_exact_is_the_network_fed_by_the_transforms(sample: str, classifier: Classifier) -> None:
    loaded = LoadedCheckpoint(classifier.engine.model, classifier.checkpoint)
    exact = Classifier(loaded, device="cpu", preprocess="exact")
    path = SAMPLES / f"{sample}.jpg"
    with torch.inference_mode():
        logits_NK = loaded.model(loaded.transforms()(open_and_load(path))[None])
    found = probabilities(exact(path, top_k=1000))
    torch.testing.assert_close(found, logits_NK.softmax(dim=1)[0], rtol=0, atol=1e-6)


def test_fast_is_close_to_exact(classifier: Classifier) -> None:
    exact = Classifier(
        LoadedCheckpoint(classifier.engine.model, classifier.checkpoint), device="cpu", preprocess="exact"
    )
    for path in sorted(SAMPLES.glob("*.jpg")):
        fast, slow = classifier(path, top_k=1000), exact(path, top_k=1000)
        assert fast.best.label == slow.best.label
        torch.testing.assert_close(probabilities(fast), probabilities(slow), rtol=0, atol=0.02)


def test_the_batch_a_picture_is_in_does_not_change_its_answer(classifier: Classifier) -> None:
    paths = [SAMPLES / f"{name}.jpg" for name in ("tabby_cat", "espresso", "tripod", "tabby_cat", "espresso")]
    alone = [classifier(path, top_k=1000) for path in paths]
    together = classifier.predict(paths, top_k=1000)
    assert [each.source for each in together] == [str(path) for path in paths]
    for one, other in zip(alone, together, strict=True):
        torch.testing.assert_close(probabilities(one), probabilities(other), rtol=1e-4, atol=1e-6)


def test_all_forms_may_stand_in_one_batch(classifier: Classifier) -> None:
    found = classifier.predict([form(TABBY) for form in FORMS.values()])
    assert [each.best.label for each in found] == ["tiger cat"] * len(FORMS)


def test_a_picture_is_called_by_its_path_or_by_its_place(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "red.png", "red")
    with path.open("rb") as file, Image.open(path) as image:
        found = Classifier(colours()).predict([path, str(path), file, image, path.read_bytes(), pixels(path)])
    assert [each.source for each in found] == [*[str(path)] * 4, "picture 4", "picture 5"]


def test_a_category_has_label_index_id_and_probability(classifier: Classifier) -> None:
    best = classifier(SAMPLES / "tripod.jpg").best
    assert (best.label, best.index, best.wordnet_id) == ("tripod", 872, "n04485082")
    assert 0.5 < best.probability <= 1


@pytest.mark.parametrize("top_k", [1, 2, 3, 4, 10**9])
def test_the_best_come_first_and_are_at_most_all(top_k: int, tmp_path: Path) -> None:
    found = Classifier(colours())(write_picture(tmp_path / "green.png", "green"), top_k=top_k).categories
    assert len(found) == min(top_k, 3)
    assert found[0].label == "green"
    values = [each.probability for each in found]
    assert values == sorted(values, reverse=True)


def test_numbers_below_1_are_refused_before_any_work(tmp_path: Path) -> None:
    for number in (0, -1):
        for option in ("batch_size", "num_threads"):
            with pytest.raises(ValueError, match=f"`{option}` must be 1 or more, not `{number}`"):
                Classifier(colours(), **{option: number})  # type: ignore[arg-type]  # a number, for either
        with pytest.raises(ValueError, match="`top_k` must be 1 or more"):
            Classifier(colours())(tmp_path / "not looked at.png", top_k=number)
        with pytest.raises(ValueError, match="`top_k` must be 1 or more"):
            Classifier(colours()).predict([tmp_path / "not looked at.png"], top_k=number)


def test_other_arguments_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="`fast` or `exact`"):
        Classifier(colours(), preprocess="quick")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the device `cuda:99` cannot be used here"):
        Classifier(colours(), device="cuda:99")
    with pytest.raises(UnknownWeights):
        Classifier("no-such-net")


def test_a_bad_picture_is_an_invalid_image_that_names_it(tmp_path: Path) -> None:
    classifier = Classifier(colours(), limits=ImageLimits(max_bytes=100))
    (tmp_path / "empty.png").touch()
    with pytest.raises(InvalidImage, match="empty"):
        classifier(tmp_path / "empty.png")
    with pytest.raises(InvalidImage, match="more than the 100 bytes"):
        classifier.predict([TABBY])


def test_a_network_that_answers_with_nan_is_an_error_and_no_answer(tmp_path: Path) -> None:
    loaded = colours()
    loaded.model.load_state_dict({"2.weight": torch.full((3, 3), float("nan")), "2.bias": torch.zeros(3)})
    with pytest.raises(ArithmeticError, match="NaN"):
        Classifier(loaded)(write_picture(tmp_path / "red.png", "red"))


def test_a_grey_network_gets_grey_pictures(tmp_path: Path) -> None:
    fed = record().preprocessing
    model = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(1, 3))
    grey = record(
        num_params=6,
        preprocessing=type(fed)(resize_size=32, crop_size=32, mean=(0.0,), std=(1.0,)),
        architecture="grey",
    )
    classifier = Classifier(LoadedCheckpoint(model, grey))
    for preprocess in ("fast", "exact"):
        classifier.preprocess = preprocess
        assert len(classifier(write_picture(tmp_path / "red.png", "red")).categories) == 3


def test_one_classifier_may_be_used_from_several_threads(classifier: Classifier) -> None:
    paths = sorted(SAMPLES.glob("*.jpg")) * 3
    wanted = classifier.predict(paths, top_k=1000)
    found: dict[int, list[Prediction]] = {}
    together = threading.Barrier(3)

    def work(number: int) -> None:
        together.wait()
        found[number] = classifier.predict(paths, top_k=1000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 1, 2]
    for predictions in found.values():
        for one, other in zip(predictions, wanted, strict=True):
            assert one.source == other.source
            torch.testing.assert_close(probabilities(one), probabilities(other), rtol=0, atol=1e-6)
