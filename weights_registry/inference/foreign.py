"""A file that is in no registry, given by architecture and URL, as a Checkpoint. Assumes nothing without saying so."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch

from weights_registry.catalog import list_weights
from weights_registry.categories import CategorySet, load_categories, numbered_categories
from weights_registry.checkpoint import Checkpoint
from weights_registry.errors import LoadError
from weights_registry.inference.architectures import build_without_parameters, find_head
from weights_registry.preprocessing import Preprocessing

Categories = str | Sequence[str] | CategorySet

_log = logging.getLogger("weights_registry")


def draft(architecture: str, url: str, *, sha256: str | None, preprocessing: Preprocessing | None) -> Checkpoint:
    """What can be said of the file at `url` before it is read: enough to fetch and verify it.

    Without `preprocessing`, that of the architecture's registered weights is taken and a warning logged.
    Raises UnknownWeights for an unknown architecture, ValueError if there is no preprocessing to take.
    """
    build_without_parameters(architecture, num_classes=1)
    return Checkpoint(
        id=url,
        description=f"Parameters for `{architecture}` from an address that is in no registry.",
        architecture=architecture,
        url=url,
        sha256=None if sha256 is None else sha256.lower(),
        num_bytes=None,
        category_set=numbered_categories(1),
        preprocessing=preprocessing or _assumed_preprocessing(architecture),
        metrics=(),
        recipe=None,
        num_params=1,
        gmacs=None,
        min_size=(1, 1),
        code_licence="unknown",
        weights_licence="unknown",
    )


def settle(unsettled: Checkpoint, tensors: Mapping[str, torch.Tensor], *, categories: Categories | None) -> Checkpoint:
    """The draft, completed by what the file shows: the number of categories is the number of rows of its head.

    Without `categories` they are called by their numbers. Raises LoadError if the file has no head for this
    architecture, ValueError if `categories` are not as many as it has.
    """
    head = find_head(build_without_parameters(unsettled.architecture, num_classes=1))
    if f"{head}.weight" not in tensors:
        raise LoadError(
            f"`{unsettled.url}` has no parameter `{head}.weight`, the head of `{unsettled.architecture}`: "
            "is it the file of another architecture?"
        )
    num_classes = len(tensors[f"{head}.weight"])
    labels = _as_set(categories, num_classes)
    if len(labels) != num_classes:
        raise ValueError(f"`categories` has {len(labels)} names, but `{unsettled.url}` tells {num_classes} apart")
    model = build_without_parameters(unsettled.architecture, num_classes)
    num_params = sum(parameter.numel() for parameter in model.parameters())
    return replace(unsettled, category_set=labels, num_params=num_params)


def _as_set(categories: Categories | None, num_classes: int) -> CategorySet:
    if categories is None:
        return numbered_categories(num_classes)
    if isinstance(categories, str):
        return load_categories(categories)
    return categories if isinstance(categories, CategorySet) else CategorySet("given", tuple(categories))


def _assumed_preprocessing(architecture: str) -> Preprocessing:
    known = [weights for weights in list_weights() if weights.architecture == architecture]
    if not known:
        raise ValueError(
            f"nothing is known of how `{architecture}` is fed: pass `preprocessing=Preprocessing(resize_size=..., ...)`"
        )
    _log.warning(
        "assuming that the file is fed as %s is; pass `preprocessing=` if it is not: %s",
        known[-1].id,
        known[-1].preprocessing.describe(),
    )
    return known[-1].preprocessing
