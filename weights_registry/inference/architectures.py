"""Architecture name -> nn.Module, and where its head is. Knows nothing of checkpoints or files.

A bare name is a builder of torchvision (`resnet50`), `timm/NAME` one of timm, `registry/NAME` one of this project's
(`registry/resnet20`), and any other name must have been given to `register_architecture` first.
"""

import difflib
from collections.abc import Callable
from typing import Final

import torch
from torch import nn

from weights_registry.errors import LoadError, UnknownWeights
from weights_registry.inference import cifar_resnet

Builder = Callable[[int], nn.Module]

TIMM_PREFIX: Final = "timm/"

_own_builders: dict[str, Builder] = {}


def register_architecture(name: str, builder: Builder) -> None:
    """Make `name` an architecture: `builder(num_classes)` gives the network with random parameters.

    Raises ValueError if the name is already registered with another builder.
    """
    if _own_builders.setdefault(name, builder) is not builder:
        raise ValueError(f"the architecture `{name}` is already registered with another builder")


def build(architecture: str, num_classes: int) -> nn.Module:
    """The network with random parameters and `num_classes` outputs, in train mode, on torch's default device.

    Raises UnknownWeights if neither torchvision, timm, this project nor `register_architecture` knows the name.
    """
    if architecture in _own_builders:
        return _own_builders[architecture](num_classes)
    if architecture.startswith(TIMM_PREFIX):
        return _build_timm(architecture.removeprefix(TIMM_PREFIX), num_classes)
    if architecture.startswith(cifar_resnet.PREFIX):
        return cifar_resnet.build_named(architecture, num_classes)
    return _build_torchvision(architecture, num_classes)


def build_without_parameters(architecture: str, num_classes: int) -> nn.Module:
    """The network on the meta device: shapes and names, no memory and no time spent on random numbers.

    A few builders (torchvision's RegNets) compute with tensors while they build, which that device cannot; theirs is
    built for real first.
    """
    try:
        with torch.device("meta"):
            return build(architecture, num_classes)
    except NotImplementedError:
        return build(architecture, num_classes).to("meta")


def find_head(model: nn.Module) -> str:
    """Dotted name of the classifier, the last fully connected layer, such as `fc` or `classifier.1`.

    Raises LoadError if the network has none.
    """
    linear: list[str] = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    if not linear:
        raise LoadError(f"`{type(model).__name__}` has no fully connected layer that could be its head")
    return linear[-1]


def replace_head(model: nn.Module, num_classes: int) -> str:
    """Put a new, randomly initialised classifier of `num_classes` outputs in place of the old; gives its name."""
    name = find_head(model)
    parent_name, _, attribute = name.rpartition(".")
    old = model.get_submodule(name)
    assert isinstance(old, nn.Linear)  # find_head looks for nothing else
    new = nn.Linear(
        old.in_features, num_classes, bias=old.bias is not None, device=old.weight.device, dtype=old.weight.dtype
    )
    setattr(model.get_submodule(parent_name), attribute, new)
    return name


def _build_torchvision(name: str, num_classes: int) -> nn.Module:
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"torchvision has {', '.join(f'`{each}`' for each in close)}; " if close else ""
        raise UnknownWeights(
            f"no architecture is called `{name}`: {hint}write `timm/{name}` for one of timm's, "
            "or register your own with `register_architecture`"
        )
    # GoogLeNet and Inception warn unless told how to initialise, and carry training-only heads.
    extra = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model: nn.Module = torchvision.models.get_model(name, weights=None, num_classes=num_classes, **extra)
    return model


def _build_timm(name: str, num_classes: int) -> nn.Module:
    import timm

    if not timm.is_model(name):
        close = difflib.get_close_matches(name, timm.list_models(), n=3)
        hint = f"; the closest are {', '.join(f'`timm/{each}`' for each in close)}" if close else ""
        raise UnknownWeights(f"timm has no architecture called `{name}`{hint}")
    return timm.create_model(name, pretrained=False, num_classes=num_classes)
