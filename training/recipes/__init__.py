"""The recipes that were published, one family a file, as readable data. `training.catalog` finds them by name."""

from typing import Final

from training.recipe import Recipe
from training.recipes.fashion_mnist import FASHION_MNIST
from training.recipes.timm_a import TIMM_A
from training.recipes.torchvision_v1 import TORCHVISION_V1
from training.recipes.torchvision_v2 import TORCHVISION_V2

PUBLISHED: Final[tuple[Recipe, ...]] = (*TORCHVISION_V1, *TORCHVISION_V2, *TIMM_A, *FASHION_MNIST)
