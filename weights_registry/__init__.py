"""Image-classification checkpoints with everything that belongs to them; this page names all that is public.

Importing it costs milliseconds: what needs torch is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from weights_registry.adding import add_weights, remove_weights
from weights_registry.catalog import get_weights, list_weights
from weights_registry.categories import CategorySet, load_categories
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import (
    DigestMismatch,
    FetchError,
    ImageTooLarge,
    InvalidImage,
    LoadError,
    NotFoundError,
    OfflineError,
    RecordError,
    RegistrationError,
    RegistryError,
    UnknownWeights,
    UnsafeFile,
)
from weights_registry.families import (
    EfficientNet_Lite0_Weights,
    EfficientNet_Lite1_Weights,
    EfficientNet_Lite2_Weights,
    ResNet18_Weights,
    ResNet20_Grey_Weights,
    ResNet34_Weights,
    ResNet50_Weights,
    ResNet101_Weights,
    ResNet152_Weights,
    ResNeXt50_32X4D_Weights,
    ResNeXt101_32X8D_Weights,
    ResNeXt101_64X4D_Weights,
    Wide_ResNet50_2_Weights,
    Wide_ResNet101_2_Weights,
)
from weights_registry.preprocessing import Preprocessing
from weights_registry.registration import RegisteredWeights, register, unregister
from weights_registry.weights_enum import WeightsEnum

if TYPE_CHECKING:
    from weights_registry.inference.classifier import Classifier, Prediction, RankedCategory
    from weights_registry.inference.images import ImageLimits, open_image
    from weights_registry.inference.loading import LoadedCheckpoint, load
    from weights_registry.inference.saving import save
    from weights_registry.inference.transforms import ImageTransforms

Weights = ResNet50_Weights

_NEEDS_TORCH = {
    "Classifier": "classifier",
    "ImageLimits": "images",
    "ImageTransforms": "transforms",
    "LoadedCheckpoint": "loading",
    "Prediction": "classifier",
    "RankedCategory": "classifier",
    "load": "loading",
    "open_image": "images",
    "save": "saving",
}

__all__ = [
    "CategorySet",
    "Checkpoint",
    "Classifier",
    "DigestMismatch",
    "EfficientNet_Lite0_Weights",
    "EfficientNet_Lite1_Weights",
    "EfficientNet_Lite2_Weights",
    "FetchError",
    "ImageLimits",
    "ImageTooLarge",
    "ImageTransforms",
    "InvalidImage",
    "LoadError",
    "LoadedCheckpoint",
    "Metrics",
    "NotFoundError",
    "OfflineError",
    "Prediction",
    "Preprocessing",
    "RankedCategory",
    "RecordError",
    "RegisteredWeights",
    "RegistrationError",
    "RegistryError",
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "ResNet18_Weights",
    "ResNet20_Grey_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "UnknownWeights",
    "UnsafeFile",
    "Weights",
    "WeightsEnum",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
    "add_weights",
    "get_weights",
    "list_weights",
    "load",
    "load_categories",
    "open_image",
    "register",
    "remove_weights",
    "save",
    "unregister",
]


def __getattr__(name: str) -> Any:
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(f"weights_registry.inference.{_NEEDS_TORCH[name]}"), name)


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
