"""The base of every family: an enum whose members are checkpoints. Knows no architecture."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, Unpack

from weights_registry.categories import CategorySet
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.preprocessing import Preprocessing, PreprocessingFields

if TYPE_CHECKING:
    import torch
    from torch import nn

    from weights_registry.inference.transforms import ImageTransforms


class WeightsEnum(Enum):
    """The checkpoints of one architecture; each member's value is a `Checkpoint`, and `DEFAULT` aliases the best.

    Members are singletons: pickle, copy and deepcopy give back the identical member. Everything a `Checkpoint` knows
    can be asked of the member itself.
    """

    value: Checkpoint

    def __repr__(self) -> str:
        return self.id

    __str__ = __repr__

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint itself: all facts as one frozen record."""
        return self.value

    @property
    def id(self) -> str:
        """Full name, `ResNet50_Weights.ImageNet1K_V2`; `get_weights` takes it."""
        return self.value.id

    @property
    def description(self) -> str:
        """One sentence on what this checkpoint is."""
        return self.value.description

    @property
    def architecture(self) -> str:
        """Name of the network these parameters belong to."""
        return self.value.architecture

    @property
    def url(self) -> str:
        """Where the bytes are published."""
        return self.value.url

    @property
    def mirrors(self) -> tuple[str, ...]:
        """Other addresses of the same bytes."""
        return self.value.mirrors

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the file, or as many of its leading digits as are published."""
        return self.value.sha256

    @property
    def num_bytes(self) -> int | None:
        """Size of the file in bytes, right to within `checkpoint.num_bytes_tolerance`."""
        return self.value.num_bytes

    @property
    def preprocessing(self) -> Preprocessing:
        """How pictures are fed to it, as data."""
        return self.value.preprocessing

    @property
    def labels(self) -> CategorySet:
        """The category set: names and WordNet ids."""
        return self.value.labels

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in the order of the network's outputs."""
        return self.value.categories

    @property
    def metrics(self) -> tuple[Metrics, ...]:
        """Evaluations, the headline first; each names data, preprocessing and who measured."""
        return self.value.metrics

    @property
    def headline(self) -> Metrics | None:
        """The evaluation to quote, None if there is none."""
        return self.value.headline

    def metrics_on(self, dataset: str) -> Metrics | None:
        """The evaluation to quote on `dataset`, None if there is none. Letter case does not matter."""
        return self.value.metrics_on(dataset)

    @property
    def recipe(self) -> str | None:
        """Id of the recipe that trained it, None if it is not known as data."""
        return self.value.recipe

    @property
    def num_params(self) -> int:
        """Number of trainable parameters."""
        return self.value.num_params

    @property
    def gmacs(self) -> float | None:
        """Multiply-accumulates for one picture at the preprocessing's crop, in 1e9."""
        return self.value.gmacs

    @property
    def min_size(self) -> tuple[int, int]:
        """Smallest (height, width) in pixels that the network accepts."""
        return self.value.min_size

    @property
    def code_licence(self) -> str:
        """Licence of the network's code, an SPDX identifier."""
        return self.value.code_licence

    @property
    def weights_licence(self) -> str:
        """Licence of the parameters, an SPDX identifier; `checkpoint.weights_licence_source` says who states it."""
        return self.value.weights_licence

    @property
    def lineage(self) -> tuple[str, ...]:
        """Where the parameters come from, oldest first."""
        return self.value.lineage

    @property
    def meta(self) -> dict[str, Any]:
        """The facts under the keys of torchvision's `weights.meta`, in a new dict."""
        return self.value.meta

    def transforms(self, **overrides: Unpack[PreprocessingFields]) -> ImageTransforms:
        """The callable that feeds this checkpoint; keywords override single fields, such as `resize_size=256`."""
        return self.value.transforms(**overrides)

    def load(
        self,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype | None = None,
        num_classes: int | None = None,
        progress: bool | None = None,
    ) -> nn.Module:
        """The network with these parameters, in eval mode. See `weights_registry.load` for the arguments and errors."""
        return self.value.load(device=device, dtype=dtype, num_classes=num_classes, progress=progress)

    def get_state_dict(self, *, progress: bool | None = None) -> dict[str, torch.Tensor]:
        """The verified parameters by name, on the CPU, under the architecture's own keys."""
        return self.value.get_state_dict(progress=progress)
