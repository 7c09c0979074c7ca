"""What a picture costs and how small it may be, against what is published of the families."""

import pytest

from weights_registry import EfficientNet_Lite0_Weights, Preprocessing, ResNet18_Weights, ResNet50_Weights, WeightsEnum
from weights_registry.inference.network_facts import count_gmacs, smallest_size


@pytest.mark.parametrize(
    "weights", [ResNet18_Weights.DEFAULT, ResNet50_Weights.DEFAULT, EfficientNet_Lite0_Weights.DEFAULT], ids=str
)
def test_the_cost_of_a_picture_is_that_which_is_published(weights: WeightsEnum) -> None:
    found = count_gmacs(weights.architecture, len(weights.labels), weights.preprocessing)
    assert found == pytest.approx(weights.gmacs, rel=0.005)
    assert smallest_size(weights.architecture, len(weights.labels), weights.preprocessing) == weights.min_size


def test_a_grey_network_counts_one_channel_and_twice_the_side_costs_four_times_as_much() -> None:
    def gmacs(side: int) -> float:
        grey = Preprocessing(resize_size=side, crop_size=side, mean=(0.5,), std=(0.5,))
        return count_gmacs("registry/resnet8-w4-grey", 10, grey)

    head = 16 * 10 / 1e9
    assert gmacs(56) - head == pytest.approx(4 * (gmacs(28) - head), rel=1e-6)


@pytest.mark.parametrize(("architecture", "side"), [("alexnet", 63), ("squeezenet1_1", 17), ("inception_v3", 75)])
def test_a_network_that_needs_a_larger_picture_says_so(architecture: str, side: int) -> None:
    # The sizes that torchvision states for its own weights.
    assert smallest_size(architecture, 5, Preprocessing(resize_size=299, crop_size=299)) == (side, side)
