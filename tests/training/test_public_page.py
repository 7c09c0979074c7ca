"""The public page of `training`."""

import training
from training import errors


def test_the_page_is_sorted_and_everything_on_it_exists() -> None:
    # ruff's order: constants, then classes, then functions.
    def rank(name: str) -> tuple[int, str]:
        return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)

    assert training.__all__ == sorted(training.__all__, key=rank)
    for name in training.__all__:
        assert getattr(training, name).__doc__ or name == "LADDER"


def test_every_error_is_drawn_in_the_tree_and_is_public() -> None:
    tree = errors.__doc__ or ""
    ours = [value for value in vars(errors).values() if isinstance(value, type)]
    assert ours
    for error in ours:
        assert issubclass(error, errors.TrainingError)
        assert error.__name__ in tree
        assert error.__name__ in training.__all__
