"""Finds a ladder by name. Knows nothing of what its rungs set."""

from typing import Final

from training.errors import UnknownRecipe
from training.recipes.published.fashion_ladder import FASHION_LADDER
from training.recipes.published.ladder import LADDER, Rung

LADDERS: Final[dict[str, tuple[Rung, ...]]] = {"imagenet": LADDER, "fashion-mnist": FASHION_LADDER}


def get_ladder(name: str) -> tuple[Rung, ...]:
    """The rungs of the ladder called `name`, whatever its letter case. Raises UnknownRecipe, naming those there are."""
    found = LADDERS.get(name.strip().casefold())
    if found is None:
        raise UnknownRecipe(f"no ladder is called `{name}`; there are {', '.join(f'`{each}`' for each in LADDERS)}")
    return found
