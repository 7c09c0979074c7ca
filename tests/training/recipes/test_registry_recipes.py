"""What the registry says of its recipes, against the recipes themselves: a border that data may cross."""

import pytest

from training import get_recipe
from weights_registry import WeightsEnum, list_weights
from weights_registry.checkpoint import Checkpoint

WITH_RECIPE = [weights for weights in list_weights() if weights.recipe is not None]
# Those that this project trained have no published figure; tests/test_bundled.py holds theirs to the run's log.
OF_OTHERS = [weights for weights in WITH_RECIPE if not weights.url.startswith("package://weights-registry/")]


def test_the_registry_names_recipes() -> None:
    assert len(WITH_RECIPE) >= 17


@pytest.mark.parametrize("weights", WITH_RECIPE, ids=lambda weights: weights.id)
def test_a_checkpoint_is_fed_as_its_recipe_was_evaluated(weights: WeightsEnum | Checkpoint) -> None:
    assert weights.recipe is not None
    recipe = get_recipe(weights.recipe)
    assert recipe.id == weights.recipe
    assert recipe.architecture == weights.architecture
    assert recipe.inference == weights.preprocessing


@pytest.mark.parametrize("weights", OF_OTHERS, ids=lambda weights: weights.id)
def test_a_recipe_and_its_checkpoint_quote_the_same_accuracy(weights: WeightsEnum | Checkpoint) -> None:
    assert weights.recipe is not None
    published, headline = get_recipe(weights.recipe).headline, weights.headline
    assert published is not None
    assert headline is not None
    assert (published.acc1, published.acc5) == (headline.acc1, headline.acc5)
