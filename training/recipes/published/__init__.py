"""The recipes that were published, one family a file, as readable data. `recipes.catalog` finds them by name."""

from typing import Final

from training.recipes.published.fashion_mnist import FASHION_MNIST
from training.recipes.published.timm_a import TIMM_A
from training.recipes.published.torchvision_v1 import TORCHVISION_V1
from training.recipes.published.torchvision_v2 import TORCHVISION_V2
from training.recipes.recipe import Recipe

PUBLISHED: Final[tuple[Recipe, ...]] = (*TORCHVISION_V1, *TORCHVISION_V2, *TIMM_A, *FASHION_MNIST)
