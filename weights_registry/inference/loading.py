"""Checkpoint -> network in eval mode, strictly. Fetches and reads through other modules; unpickles no code."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, replace
from typing import Unpack

import torch
from torch import nn

from weights_registry.categories import numbered_categories
from weights_registry.checkpoint import Checkpoint, Metrics
from weights_registry.errors import LoadError
from weights_registry.finding import find_checkpoint
from weights_registry.inference.architectures import build, build_without_parameters, find_head, replace_head
from weights_registry.inference.foreign import Categories, draft, settle
from weights_registry.inference.parameters import Tensors, read_parameters
from weights_registry.inference.transforms import ImageTransforms
from weights_registry.preprocessing import Preprocessing, PreprocessingFields
from weights_registry.registration import RegisteredWeights
from weights_registry.sources import fetch_verified

_log = logging.getLogger("weights_registry")


@dataclass(frozen=True, slots=True)
class LoadedCheckpoint:
    """A network in eval mode with everything that belongs to it."""

    model: nn.Module
    checkpoint: Checkpoint

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in the order of the model's outputs."""
        return self.checkpoint.categories

    @property
    def metrics(self) -> tuple[Metrics, ...]:
        """Evaluations of these very parameters; empty once the head was replaced."""
        return self.checkpoint.metrics

    def transforms(self, **overrides: Unpack[PreprocessingFields]) -> ImageTransforms:
        """The callable that feeds the model; keywords override single fields, such as `resize_size=256`."""
        return self.checkpoint.transforms(**overrides)


def load(
    weights: str | os.PathLike[str] | RegisteredWeights,
    *,
    url: str | None = None,
    sha256: str | None = None,
    preprocessing: Preprocessing | None = None,
    categories: Categories | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    num_classes: int | None = None,
    progress: bool | None = None,
) -> LoadedCheckpoint:
    """A network with its trained parameters, in eval mode, and what belongs to it.

    `weights` is registered weights or their name, or the path of a safetensors file that describes itself. With
    `url`, `weights` names an architecture and the parameters come from that address, which is in no registry: give
    its `sha256` to have it checked from the first download on, and its `preprocessing` and `categories` if you have
    them. `dtype` is float32 unless given. `num_classes` puts a new, untrained head of that many outputs in place.
    `progress` shows a bar on stderr; by default if that is a terminal.
    Raises UnknownWeights, FetchError, DigestMismatch, UnsafeFile, and LoadError unless every parameter fits.
    """
    if url is not None:
        unsettled = draft(str(weights), url, sha256=sha256, preprocessing=preprocessing)
        tensors = _tensors(unsettled, progress=progress)
        checkpoint = settle(unsettled, tensors, categories=categories)
    elif sha256 is not None or preprocessing is not None or categories is not None:
        raise ValueError("`sha256`, `preprocessing` and `categories` belong to `url`; registered weights bring theirs")
    else:
        checkpoint = find_checkpoint(weights)
        tensors = _tensors(checkpoint, progress=progress)
    model = fill(checkpoint, tensors, dtype=dtype or torch.float32)
    if num_classes is not None and num_classes != len(checkpoint.labels):
        checkpoint = _with_new_head(model, checkpoint, num_classes)
    return LoadedCheckpoint(model.to(device), checkpoint)


def load_state_dict(checkpoint: Checkpoint, *, progress: bool | None = None) -> Tensors:
    """The verified parameters by name, on the CPU; LoadError unless they fit the checkpoint's architecture."""
    tensors = _tensors(checkpoint, progress=progress)
    fill(checkpoint, tensors, dtype=None)
    return tensors


def fill(checkpoint: Checkpoint, tensors: Tensors, *, dtype: torch.dtype | None) -> nn.Module:
    """The checkpoint's architecture holding `tensors` (not copies of them), in eval mode, in `dtype` if given.

    Raises LoadError that names missing, unexpected and misshapen parameters, or a wrong number of categories.
    """
    num_classes = len(checkpoint.labels)
    model = build_without_parameters(checkpoint.architecture, num_classes)
    _check_fit(model.state_dict(), tensors, checkpoint)
    if dtype is not None:
        tensors = {key: each.to(dtype) if each.is_floating_point() else each for key, each in tensors.items()}
    model.load_state_dict(tensors, strict=True, assign=True)
    if any(each.is_meta for each in (*model.parameters(), *model.buffers())):
        # Buffers that no file holds (Swin's index tables, say) are computed while building for real.
        model = build(checkpoint.architecture, num_classes).to(dtype)
        model.load_state_dict(tensors, strict=True)
    return model.eval()


def _tensors(checkpoint: Checkpoint, *, progress: bool | None) -> Tensors:
    file = fetch_verified(checkpoint, progress=progress)
    return read_parameters(file.path, checkpoint, sha256=file.sha256)


def _check_fit(expected: Tensors, found: Tensors, checkpoint: Checkpoint) -> None:
    missing = sorted(expected.keys() - found.keys())
    unexpected = sorted(found.keys() - expected.keys())
    misshapen = [
        f"`{key}` is {tuple(found[key].shape)}, needed {tuple(expected[key].shape)}"
        for key in sorted(expected.keys() & found.keys())
        if expected[key].shape != found[key].shape
    ]
    if missing or unexpected or misshapen:
        raise LoadError(
            f"the file of `{checkpoint.id}` does not fit the architecture `{checkpoint.architecture}` with "
            f"{len(checkpoint.labels)} categories: "
            + "; ".join(
                f"{len(keys)} {kind} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
                for kind, keys in (("missing", missing), ("unexpected", unexpected), ("of another shape", misshapen))
                if keys
            )
        )


def _with_new_head(model: nn.Module, checkpoint: Checkpoint, num_classes: int) -> Checkpoint:
    """Replace the head in place; the checkpoint without what held for the old one alone."""
    if num_classes < 1:
        raise ValueError(f"`num_classes` must be 1 or more, not `{num_classes}`")
    head = find_head(model)
    replace_head(model, num_classes)
    _log.warning(
        "the head `%s` of %s was replaced: %d outputs instead of %d, with random parameters that need training",
        head,
        checkpoint.id,
        num_classes,
        len(checkpoint.labels),
    )
    return replace(
        checkpoint,
        id=f"{checkpoint.id}+head{num_classes}",
        description=f"{checkpoint.id} with an untrained head of {num_classes} outputs.",
        category_set=numbered_categories(num_classes),
        metrics=(),
        recipe=None,
        num_params=sum(parameter.numel() for parameter in model.parameters()),
        lineage=(*checkpoint.lineage, f"parameters of {checkpoint.id}, head replaced"),
    )
