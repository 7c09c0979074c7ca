"""Recipe -> the network to train, with random parameters. Knows neither data nor optimiser.

Whatever the recipe adds for training, the parameters are called as the registry's architecture of that name calls them.
"""

from typing import Any, Final

import torch
from torch import nn

from training.errors import RecipeError
from training.recipes.recipe import Recipe
from training.recipes.schedule import stochastic_depth_rates
from weights_registry.errors import UnknownWeights
from weights_registry.inference import cifar_resnet
from weights_registry.inference.architectures import TIMM_PREFIX, build

# The last norm of a residual block, by the class of the block: torchvision's, timm's and this project's.
_LAST_NORMS: Final = {"Bottleneck": "bn3", "BasicBlock": "bn2", "ResidualBlock": "bn2"}


def build_network(recipe: Recipe, num_classes: int, *, seed: int) -> nn.Module:
    """The network in train mode, float32 on the CPU; the same parameters for the same seed.

    Under `stochastic_depth` a bare name such as `resnet50` is built by timm, whose ResNets call their parameters as
    torchvision's do and can skip blocks. Raises RecipeError if the architecture is unknown, cannot do what the recipe
    asks for, or does not take pictures of as many channels as `inference` feeds.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        try:
            network = _build(recipe, num_classes)
        except UnknownWeights as error:
            raise RecipeError(str(error)) from error
    _check_channels(network, recipe)
    if recipe.zero_init_residual:
        zero_last_norms(network)
    return network


def zero_last_norms(network: nn.Module) -> None:
    """Set the weight of the last norm of every residual block to 0, so that each block begins as its shortcut.

    Raises RecipeError if no block is of a known kind. Source: https://arxiv.org/abs/1706.02677, section 5.1.
    """
    last = [
        module.get_submodule(_LAST_NORMS[type(module).__name__])
        for module in network.modules()
        if type(module).__name__ in _LAST_NORMS
    ]
    if not last:
        raise RecipeError(f"`zero_init_residual`: no residual block was found in `{type(network).__name__}`")
    for norm in last:
        weight = norm.weight
        assert isinstance(weight, nn.Parameter)
        nn.init.zeros_(weight)


def _check_channels(network: nn.Module, recipe: Recipe) -> None:
    """Raises RecipeError if the network does not take a picture of as many channels as `inference` feeds."""
    fed, side = recipe.inference.num_channels, recipe.inference.crop_size
    taken = next((each.in_channels for each in network.modules() if isinstance(each, nn.Conv2d)), fed)
    if taken == fed:
        return
    # The first layer may not be what it seems: there are networks that rearrange pictures before it.
    try:
        with torch.inference_mode():
            network.eval()(torch.zeros(1, fed, side, side))
    except RuntimeError as error:
        raise RecipeError(
            f"`{recipe.architecture}` takes pictures of {taken} channels, and the recipe feeds it {fed}: "
            f"`inference.mean` and `inference.std` have a number for each channel. Give {taken} numbers each, or take "
            f"another architecture ({error})"
        ) from error
    finally:
        network.train()


def _build(recipe: Recipe, num_classes: int) -> nn.Module:
    name, depth = recipe.architecture, recipe.stochastic_depth
    if not depth:
        return build(name, num_classes)
    if name.startswith(cifar_resnet.PREFIX):
        rates = stochastic_depth_rates(recipe, cifar_resnet.num_blocks(name))
        return cifar_resnet.build_named(name, num_classes, rates)
    return _build_timm(name, num_classes, depth)


def _build_timm(name: str, num_classes: int, stochastic_depth: float) -> nn.Module:
    import timm

    arguments: dict[str, Any] = {"num_classes": num_classes, "drop_path_rate": stochastic_depth}
    network: nn.Module
    if name.startswith(TIMM_PREFIX):
        network = timm.create_model(name.removeprefix(TIMM_PREFIX), **arguments)
        return network
    if not timm.is_model(name):
        raise RecipeError(f"`stochastic_depth` needs timm's builder, and timm has no architecture called `{name}`")
    try:
        network = timm.create_model(name, zero_init_last=False, **arguments)
    except TypeError as error:
        raise RecipeError(f"`stochastic_depth`: timm's `{name}` cannot skip blocks ({error})") from error
    if network.state_dict().keys() != build(name, num_classes).state_dict().keys():
        raise RecipeError(f"`stochastic_depth`: timm calls the parameters of `{name}` otherwise than the registry")
    return network
