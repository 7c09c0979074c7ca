"""Which parameters decay, and how much, as parameter groups for an optimiser. Knows no optimiser."""

from dataclasses import dataclass
from typing import Any, Final

from torch import nn

from training.recipes.recipe import Recipe

NORM_LAYERS: Final[tuple[type[nn.Module], ...]] = (
    nn.modules.batchnorm._NormBase,  # batch norm of every kind, synchronised too, and instance norm
    nn.LayerNorm,
    nn.GroupNorm,
    nn.LocalResponseNorm,
    nn.RMSNorm,
)


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Trainable parameters that share one weight decay, in the order of the network."""

    weight_decay: float
    names: tuple[str, ...]
    parameters: tuple[nn.Parameter, ...]

    def for_optimizer(self) -> dict[str, Any]:
        """The group as torch's optimisers take it."""
        return {"params": list(self.parameters), "weight_decay": self.weight_decay}


def parameter_groups(model: nn.Module, recipe: Recipe) -> tuple[ParameterGroup, ...]:
    """Every trainable parameter once, grouped by its weight decay; the groups in the order of their first parameter.

    A bias has `bias_weight_decay`, that of a norm layer too; else a norm layer's parameter has `norm_weight_decay`;
    else, and where one of those is none, it is `weight_decay`.
    Source: `set_weight_decay` of torchvision's references/classification/utils.py.
    """
    found: dict[float, dict[str, nn.Parameter]] = {}
    seen: set[int] = set()
    for prefix, module in model.named_modules():
        for name, parameter in module.named_parameters(prefix=prefix, recurse=False):
            if parameter.requires_grad and id(parameter) not in seen:
                seen.add(id(parameter))
                found.setdefault(_weight_decay(recipe, module, name), {})[name] = parameter
    return tuple(ParameterGroup(decay, tuple(group), tuple(group.values())) for decay, group in found.items())


def _weight_decay(recipe: Recipe, module: nn.Module, name: str) -> float:
    if recipe.bias_weight_decay is not None and name.rpartition(".")[2] == "bias":
        return recipe.bias_weight_decay
    if recipe.norm_weight_decay is not None and isinstance(module, NORM_LAYERS):
        return recipe.norm_weight_decay
    return recipe.weight_decay
