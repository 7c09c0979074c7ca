"""One trained set of parameters and the facts about it, as data. Knows nothing of enums, files or torch."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Unpack
from urllib.parse import urlsplit

from weights_registry.categories import CategorySet, load_categories
from weights_registry.evaluation_sets import RankedAmong
from weights_registry.preprocessing import Preprocessing, PreprocessingFields

if TYPE_CHECKING:
    import torch
    from torch import nn

    from weights_registry.inference.transforms import ImageTransforms

URL_SCHEMES = ("https", "hf", "file", "package")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """One evaluation: which data, fed how, by whom, with what result.

    `acc1` and `acc5` are in percent; `num_images` is how many pictures were evaluated, None where the source does not
    say. `of` tells which bytes were evaluated: this very file, the file of an earlier training run under the same
    name, or a sibling file that should hold the same parameters without proof of it; `note` says which.
    `ranked_among` tells whether the true category had to come first among all that the checkpoint knows, or among
    those of the data set alone, which is easier.
    Raises ValueError if an accuracy is not between 0 and 100.
    """

    dataset: str
    split: str
    acc1: float
    acc5: float | None
    num_images: int | None
    preprocessing: Preprocessing
    measured_by: str
    kind: Literal["published", "measured"]
    source: str
    of: Literal["this-file", "earlier-run", "sibling-file"] = "this-file"
    ranked_among: RankedAmong = "all"
    note: str = ""

    def __post_init__(self) -> None:
        for field, value in (("acc1", self.acc1), ("acc5", self.acc5)):
            if value is not None and not 0 <= value <= 100:
                raise ValueError(f"`{field}` is in percent, between 0 and 100, not `{value}`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One trained set of parameters: where its bytes are, how to feed it, what it knows, what it scored, who made it.

    `id` is the name people type, `Family.Member` for members of a family. `architecture` is a builder's name:
    torchvision's as it stands (`resnet50`), others behind the owner's (`timm/tf_efficientnet_lite0`).
    `url` and each of `mirrors` start with https://, hf://, file:// or package://; all of them serve the same bytes.
    Plain http:// is taken from this machine itself only (127.0.0.1, localhost, [::1]).
    `sha256` holds 64 hexadecimal digits, or the first 8 or more where no more is published, or None where nothing is
    known. `num_bytes` is the file's size, right to within `num_bytes_tolerance`.
    `metrics` lists evaluations, the headline first. `gmacs` counts multiply-accumulates of one picture in 1e9.
    `min_size` is the smallest (height, width) the network accepts. `key_map` names the renaming of the file's keys to
    the architecture's, None if they are the same. Raises ValueError for a field that breaks these rules.
    """

    id: str
    description: str
    architecture: str
    url: str
    mirrors: tuple[str, ...] = ()
    sha256: str | None
    num_bytes: int | None
    num_bytes_tolerance: int = 0
    category_set: CategorySet | str
    preprocessing: Preprocessing
    metrics: tuple[Metrics, ...]
    recipe: str | None
    num_params: int
    gmacs: float | None
    min_size: tuple[int, int]
    code_licence: str
    weights_licence: str
    weights_licence_source: str = ""
    lineage: tuple[str, ...] = ()
    key_map: str | None = None

    def __post_init__(self) -> None:
        for url in (self.url, *self.mirrors):
            check_url(url)
        if self.sha256 is not None and not re.fullmatch(r"[0-9a-f]{8,64}", self.sha256):
            raise ValueError(f"`sha256` must be 8 to 64 lower-case hexadecimal digits or None, not `{self.sha256}`")
        if self.num_params < 1:
            raise ValueError(f"`num_params` must be above 0, not `{self.num_params}`")

    @property
    def checkpoint(self) -> Checkpoint:
        """Itself, so that whoever asks need not know whether it is a checkpoint or the member of a family."""
        return self

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in the order of the network's outputs."""
        return self.labels.names

    @property
    def labels(self) -> CategorySet:
        """The category set itself: names, and WordNet ids where there are any. Reads its file on first use."""
        if isinstance(self.category_set, CategorySet):
            return self.category_set
        return load_categories(self.category_set)

    @property
    def headline(self) -> Metrics | None:
        """The evaluation to quote: the first that is not of an earlier run, None if there is none."""
        return next((m for m in self.metrics if m.of != "earlier-run"), None)

    def metrics_on(self, dataset: str) -> Metrics | None:
        """The evaluation to quote on `dataset`, None if there is none. Letter case does not matter."""
        wanted = dataset.casefold()
        return next((m for m in self.metrics if m.dataset.casefold() == wanted and m.of != "earlier-run"), None)

    @property
    def meta(self) -> dict[str, Any]:
        """The facts under the keys torchvision's `weights.meta` uses, in a new dict: `categories`, `recipe`, ..."""
        by_dataset: dict[str, dict[str, float | None]] = {}
        for metric in self.metrics:
            if metric.of != "earlier-run":
                by_dataset.setdefault(metric.dataset, {"acc@1": metric.acc1, "acc@5": metric.acc5})
        return {
            "categories": list(self.categories),
            "recipe": self.recipe,
            "num_params": self.num_params,
            "min_size": self.min_size,
            "license": self.weights_licence,
            "_metrics": by_dataset,
            "_ops": self.gmacs,
            "_file_size": None if self.num_bytes is None else round(self.num_bytes / 2**20, 3),
            "_docs": self.description,
        }

    def transforms(self, **overrides: Unpack[PreprocessingFields]) -> ImageTransforms:
        """The callable that feeds this checkpoint; keywords override single fields, such as `resize_size=256`."""
        from weights_registry.inference.transforms import ImageTransforms

        return ImageTransforms(replace(self.preprocessing, **overrides))

    def load(
        self,
        *,
        device: str | torch.device = "cpu",
        dtype: torch.dtype | None = None,
        num_classes: int | None = None,
        progress: bool | None = None,
    ) -> nn.Module:
        """The network with these parameters, in eval mode. See `weights_registry.load` for the arguments and errors."""
        from weights_registry.inference.loading import load

        return load(self, device=device, dtype=dtype, num_classes=num_classes, progress=progress).model

    def get_state_dict(self, *, progress: bool | None = None) -> dict[str, torch.Tensor]:
        """The verified parameters by name, on the CPU, under the architecture's own keys."""
        from weights_registry.inference.loading import load_state_dict

        return load_state_dict(self, progress=progress)


def check_url(url: str) -> None:
    """Pass over an address that bytes may come from; raises ValueError for any other, saying what is allowed."""
    scheme = url.partition("://")[0]
    if scheme == "http" and urlsplit(url).hostname in LOOPBACK_HOSTS:
        return
    if scheme == "http":
        raise ValueError(f"`{url}` must start with https://; plain http is for {', '.join(LOOPBACK_HOSTS)} only")
    if "://" not in url or scheme not in URL_SCHEMES:
        raise ValueError(f"`{url}` must start with one of {', '.join(s + '://' for s in URL_SCHEMES)}")
