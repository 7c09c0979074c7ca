"""What the torchvision families share: two preprocessings, and where their licence and sizes are stated."""

from typing import Final

from weights_registry.preprocessing import Preprocessing

RESIZE_256: Final = Preprocessing(resize_size=256, crop_size=224)
RESIZE_232: Final = Preprocessing(resize_size=232, crop_size=224)
# timm also evaluates the V2 files at the size most of them were trained with: 176 / 0.875.
RESIZE_201_CROP_176: Final = Preprocessing(resize_size=201, crop_size=176)

# torchvision publishes sizes in MiB with three decimals: right to within half of the last one.
PUBLISHED_MIB_TOLERANCE: Final = 525

FROM_SCRATCH: Final = ("trained from scratch on ImageNet-1K train",)
LICENCE_SOURCE: Final = "timm lists this file under it; torchvision itself states none"
