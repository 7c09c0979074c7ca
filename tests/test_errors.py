"""The error tree: what a caller may rely on when catching."""

import inspect
import pickle

import pytest

from weights_registry import ImageLimits, ImageTooLarge, InvalidImage, RegistryError, UnknownWeights, errors, open_image

ALL = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, Exception)]


def test_the_tree_drawn_in_the_docstring_names_every_error() -> None:
    assert errors.__doc__ is not None
    drawn = {word for line in errors.__doc__.splitlines() for word in line.split() if word.isidentifier()}
    assert {each.__name__ for each in ALL} <= drawn


def test_one_class_catches_all_of_them() -> None:
    assert all(issubclass(each, RegistryError) for each in ALL)
    assert issubclass(UnknownWeights, LookupError)
    assert issubclass(InvalidImage, ValueError)


@pytest.mark.parametrize("kind", [InvalidImage, ImageTooLarge])
def test_a_bad_picture_survives_the_way_home_from_another_process(kind: type[InvalidImage]) -> None:
    error = pickle.loads(pickle.dumps(kind("it is empty", source="cat.jpg")))
    assert type(error) is kind
    assert (error.source, error.reason) == ("cat.jpg", "it is empty")
    assert str(error) == "`cat.jpg` cannot be used: it is empty"


@pytest.mark.parametrize("limits", [ImageLimits(max_bytes=10), ImageLimits(max_pixels=99)])
def test_too_large_is_told_from_damaged(limits: ImageLimits) -> None:
    bitmap = b"BM" + (54 + 300).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
    bitmap += (40).to_bytes(4, "little") + (10).to_bytes(4, "little") * 2 + (1).to_bytes(2, "little")
    bitmap += (24).to_bytes(2, "little") + bytes(24) + bytes(10 * 32)
    assert open_image(bitmap).size == (10, 10)
    with pytest.raises(ImageTooLarge):
        open_image(bitmap, limits=limits)
    with pytest.raises(InvalidImage) as caught:
        open_image(b"BM nothing more")
    assert not isinstance(caught.value, ImageTooLarge)
