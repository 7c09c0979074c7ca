"""Residual networks for small pictures, of the CIFAR kind: no early pooling, three stages. Knows no weights.

They are called `registry/resnet20`: 20 layers, 16 channels in the first stage, RGB. `-w32` doubles the channels and
`-grey` takes one channel: `registry/resnet20-w32-grey`.
Source: section 4.2 of https://arxiv.org/abs/1512.03385, with projections (its option B) where the shape changes.
Shapes: N pictures, C channels, H x W pixels, K categories.
"""

import re
from collections.abc import Sequence
from typing import Final

import torch
from torch import nn
from torch.nn.functional import relu

from weights_registry.errors import UnknownWeights

PREFIX: Final = "registry/"
_NAME: Final = re.compile(r"resnet(?P<depth>[1-9]\d{0,3})(-w(?P<width>[1-9]\d{0,3}))?(?P<grey>-grey)?")


class CifarResNet(nn.Module):
    """A residual network of `depth` = 6 n + 2 layers, with `width`, 2 and 4 times `width` channels in its stages.

    `skip_rates` holds the chance to skip each of the 3 n blocks in training, first to last; empty: none is skipped.
    Raises ValueError if the depth is not 6 n + 2 or the rates are not one a block.
    """

    def __init__(
        self, *, depth: int, width: int, num_channels: int, num_classes: int, skip_rates: Sequence[float] = ()
    ) -> None:
        super().__init__()
        per_stage, rest = divmod(depth - 2, 6)
        if rest or per_stage < 1:
            raise ValueError(f"a network of this kind has 6 n + 2 layers, such as 8, 14, 20 or 32, not `{depth}`")
        rates = list(skip_rates) or [0.0] * (3 * per_stage)
        if len(rates) != 3 * per_stage:
            raise ValueError(f"{depth} layers have {3 * per_stage} blocks, not {len(rates)}")
        self.conv1 = nn.Conv2d(num_channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, rates[:per_stage], stride=1)
        self.layer2 = _stage(width, 2 * width, rates[per_stage : 2 * per_stage], stride=2)
        self.layer3 = _stage(2 * width, 4 * width, rates[2 * per_stage :], stride=2)
        self.fc = nn.Linear(4 * width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Logits (N, K)."""
        features: torch.Tensor = relu(self.bn1(self.conv1(images_NCHW)))
        features = self.layer3(self.layer2(self.layer1(features)))
        logits_NK: torch.Tensor = self.fc(features.mean((2, 3)))
        return logits_NK


class ResidualBlock(nn.Module):
    """Two convolutions beside a shortcut. In training a picture skips them with the chance `skip_rate`."""

    def __init__(self, num_in: int, num_out: int, *, stride: int, skip_rate: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(num_in, num_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(num_out)
        self.conv2 = nn.Conv2d(num_out, num_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(num_out)
        self.skip_rate = skip_rate
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or num_in != num_out:
            self.downsample = nn.Sequential(nn.Conv2d(num_in, num_out, 1, stride, bias=False), nn.BatchNorm2d(num_out))

    def forward(self, features_NCHW: torch.Tensor) -> torch.Tensor:
        """Features with `num_out` channels, their sides divided by the stride."""
        residual: torch.Tensor = self.bn2(self.conv2(relu(self.bn1(self.conv1(features_NCHW)))))
        if self.training and self.skip_rate > 0:
            # Those that are kept are scaled up, so that the mean is what it will be at evaluation.
            kept = 1.0 - self.skip_rate
            mask = torch.rand(len(residual), 1, 1, 1, device=residual.device, dtype=residual.dtype) < kept
            residual = residual * (mask / kept if kept > 0 else mask)
        return relu(residual + self.downsample(features_NCHW))


def build_named(name: str, num_classes: int, skip_rates: Sequence[float] = ()) -> CifarResNet:
    """The network called `name`, such as `registry/resnet20-w32-grey`, with random parameters, in train mode.

    Raises UnknownWeights for any other name and ValueError as `CifarResNet` does for the rates.
    """
    depth, width, num_channels = parse(name)
    return CifarResNet(
        depth=depth, width=width, num_channels=num_channels, num_classes=num_classes, skip_rates=skip_rates
    )


def num_blocks(name: str) -> int:
    """Residual blocks of the network called `name`. Raises UnknownWeights if none is called so."""
    return (parse(name)[0] - 2) // 2


def parse(name: str) -> tuple[int, int, int]:
    """Depth, width and channels of a picture from a name. Raises UnknownWeights if no network is called so."""
    found = _NAME.fullmatch(name.removeprefix(PREFIX))
    if found is None or int(found["depth"]) < 8 or (int(found["depth"]) - 2) % 6:
        raise UnknownWeights(
            f"no architecture is called `{name}`: those of this project are called like `{PREFIX}resnet20`, "
            f"`{PREFIX}resnet20-w32` or `{PREFIX}resnet20-w32-grey`, with 6 n + 2 layers"
        )
    return int(found["depth"]), int(found["width"] or 16), 1 if found["grey"] else 3


def _stage(num_in: int, num_out: int, skip_rates: Sequence[float], *, stride: int) -> nn.Sequential:
    first, *others = skip_rates
    blocks = [ResidualBlock(num_in, num_out, stride=stride, skip_rate=first)]
    blocks += [ResidualBlock(num_out, num_out, stride=1, skip_rate=rate) for rate in others]
    return nn.Sequential(*blocks)
