"""A small centre-point network: depthwise backbone, feature pyramid, heat map and four distances at stride 4.

After Zhou et al., Objects as Points (2019) and Tian et al., FCOS (2019).
"""

import torch
from torch import Tensor, nn

STRIDE = 4
DISTANCE_SCALE_PX = 16.0


def _conv(inputs: int, outputs: int, *, size: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Block(nn.Module):
    """Depthwise and pointwise convolution with a way around."""

    def __init__(self, channels: int, *, size: int = 3) -> None:
        super().__init__()
        self.mix = nn.Sequential(
            _conv(channels, channels, size=size, groups=channels),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.mix(x))


class _DeepBlock(nn.Module):
    """Two whole convolutions with a way around; changes nothing at first, so that it can be put into a trained net."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        normal = nn.BatchNorm2d(channels)
        nn.init.zeros_(normal.weight)
        self.mix = nn.Sequential(
            _conv(channels, channels), nn.Conv2d(channels, channels, 3, padding=1, bias=False), normal
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.mix(x))


def _stage(inputs: int, outputs: int, blocks: int, *, size: int) -> nn.Sequential:
    down = [_conv(inputs, inputs, stride=2, groups=inputs), _conv(inputs, outputs, size=1)]
    return nn.Sequential(*down, *(_Block(outputs, size=size) for _ in range(blocks)))


class CentrePointNet(nn.Module):
    """Takes BGR pictures (n, 3, h, w), 0..255; gives heat logits (n, classes, h/4, w/4), distances (n, 4, …)."""

    def __init__(self, *, classes: int, width: int = 48) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, 16, stride=2), _conv(16, 32, stride=2))
        self.near = nn.Sequential(_Block(32), _Block(32))
        self.stage8 = _stage(32, 64, 3, size=3)
        self.stage16 = _stage(64, 112, 4, size=5)
        self.stage32 = _stage(112, 144, 2, size=5)
        self.deep4, self.deep8, self.deep16 = _DeepBlock(32), _DeepBlock(64), _DeepBlock(112)
        self.laterals = nn.ModuleList(nn.Conv2d(c, width, 1) for c in (32, 64, 112, 144))
        self.smooth = nn.ModuleList(_Block(width) for _ in range(3))
        self.refine = _Block(width, size=5)
        self.heat = nn.Sequential(
            _conv(width, width, groups=width), _conv(width, width, size=1), nn.Conv2d(width, classes, 1)
        )
        self.box = nn.Sequential(_conv(width, width, groups=width), _conv(width, width, size=1), nn.Conv2d(width, 4, 1))
        nn.init.constant_(self.heat[-1].bias, -4.0)

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        x4 = self.deep4(self.near(self.stem(picture / 128.0 - 1.0)))
        x8 = self.deep8(self.stage8(x4))
        x16 = self.deep16(self.stage16(x8))
        x32 = self.stage32(x16)
        top = self.laterals[3](x32)
        for lateral, smooth, x in zip(self.laterals[2::-1], list(self.smooth), (x16, x8, x4), strict=True):
            top = smooth(nn.functional.interpolate(top, scale_factor=2.0, mode="nearest") + lateral(x))
        top = self.refine(top)
        return self.heat(top), nn.functional.softplus(self.box(top)) * DISTANCE_SCALE_PX


_NEAR_PEAK = 0.6


class Deployed(nn.Module):
    """What is exported: the heat map where it is near its highest around (elsewhere 0), and distances in pixels.

    Peaks alone would lose every other bike of a row, where centres lie one or two cells apart.
    """

    def __init__(self, net: CentrePointNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        logits, distances = self.net(picture)
        heat = torch.sigmoid(logits)
        peaks = nn.functional.max_pool2d(heat, 3, 1, 1)
        return heat * (heat >= _NEAR_PEAK * peaks).float(), distances
