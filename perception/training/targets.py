"""What the network should answer for a crop, and how wrong an answer is."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perception.training.coco import Crop
from perception.training.net import STRIDE

FloatArray = NDArray[np.float32]
_BELL = 0.14
"""Width of a peak as a share of its box; wider ones run into each other where bikes stand side by side."""

_IGNORED_SHARE = 0.5
"""How much the box of a thing that is to be ignored (too far, hidden) weighs against one that counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Arrays at stride 4: heat (classes, h, w), its weight (h, w), distances (4, h, w) and their weight (h, w)."""

    heat: FloatArray
    heat_weight: FloatArray
    distances: FloatArray
    distance_weight: FloatArray


def make_targets(crop: Crop, classes: int) -> Targets:
    """Return the targets of one crop; large boxes are drawn first, so that small ones in front win."""
    side = crop.picture.shape[0] // STRIDE
    targets = Targets(
        heat=np.zeros((classes, side, side), np.float32),
        heat_weight=np.ones((side, side), np.float32),
        distances=np.zeros((4, side, side), np.float32),
        distance_weight=np.zeros((side, side), np.float32),
    )
    areas = np.prod(crop.boxes[:, 2:] - crop.boxes[:, :2], axis=1)
    for i in np.argsort(-areas):
        if crop.ignored[i]:
            _ignore(targets, crop.boxes[i])
    for i in np.argsort(-areas):
        if not crop.ignored[i]:
            _draw(targets, crop.boxes[i], int(crop.classes[i]))
    return targets


def _ignore(targets: Targets, box: FloatArray) -> None:
    """Ask for no heat here, but for the right box: what is found of a thing that does not count is to fit it, too."""
    x0, y0, x1, y1 = np.rint(box / STRIDE).astype(int)
    targets.heat_weight[y0 : y1 + 1, x0 : x1 + 1] = 0.0
    _draw_distances(targets, box, _bell(box, targets.heat.shape[1]), share=_IGNORED_SHARE)


def _draw(targets: Targets, box: FloatArray, label: int) -> None:
    bell = _bell(box, targets.heat.shape[1])
    window = np.ix_(bell.rows, bell.columns)
    heat = targets.heat[label]
    heat[window] = np.maximum(heat[window], bell.height)
    targets.heat_weight[bell.y, bell.x] = 1.0
    _draw_distances(targets, box, bell, share=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bell:
    """A peak in cell (y, x) with its heights (rows, columns) around it."""

    y: int
    x: int
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    height: FloatArray


def _bell(box: FloatArray, side: int) -> _Bell:
    centre = (box[:2] + box[2:]) / 2 / STRIDE
    x, y = (int(v) for v in np.clip(centre.astype(int), 0, side - 1))
    size = np.maximum((box[2:] - box[:2]) / STRIDE, 1.0)
    sigma = np.maximum(size * _BELL, 0.5)
    reach = np.ceil(sigma * 3).astype(int)
    columns = np.arange(max(0, x - reach[0]), min(side, x + reach[0] + 1))
    rows = np.arange(max(0, y - reach[1]), min(side, y + reach[1] + 1))
    height = np.exp(-(((rows - y) / sigma[1])[:, None] ** 2 + ((columns - x) / sigma[0])[None] ** 2) / 2)
    return _Bell(y=y, x=x, rows=rows, columns=columns, height=height.astype(np.float32))


def _draw_distances(targets: Targets, box: FloatArray, bell: _Bell, *, share: float) -> None:
    near_y, near_x = (bell.height > 0.5).nonzero()
    rows, columns = bell.rows[near_y], bell.columns[near_x]
    at = np.stack((columns, rows, columns, rows)) * STRIDE + STRIDE / 2
    targets.distances[:, rows, columns] = np.abs(box[:, None] - at)
    targets.distance_weight[rows, columns] = share * bell.height[near_y, near_x]


def heat_loss(logits: Tensor, wanted: Tensor, weight: Tensor, importance: Tensor) -> Tensor:
    """Return the focal loss of CenterNet, per object; *importance* (classes) says how much each class weighs in it."""
    share = importance[None, :, None, None]
    heat = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    is_peak = (wanted > 0.999).float()
    found = is_peak * (1 - heat) ** 2 * torch.log(heat)
    empty = (1 - is_peak) * (1 - wanted) ** 4 * heat**2 * torch.log(1 - heat)
    return -((found + empty) * share * weight[:, None]).sum() / (is_peak * share).sum().clamp(min=1.0)


def box_loss(distances: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Return 1 − GIoU over the cells around each centre, weighted."""
    here = weight > 0
    got, want, share = distances.permute(0, 2, 3, 1)[here], wanted.permute(0, 2, 3, 1)[here], weight[here]
    if got.numel() == 0:
        return distances.sum() * 0.0
    low, high = torch.minimum(got, want), torch.maximum(got, want)
    both = (low[:, 0] + low[:, 2]) * (low[:, 1] + low[:, 3])
    areas = sum((d[:, 0] + d[:, 2]) * (d[:, 1] + d[:, 3]) for d in (got, want))
    union = areas - both
    hull = (high[:, 0] + high[:, 2]) * (high[:, 1] + high[:, 3])
    giou = both / union.clamp(min=1e-3) - (hull - union) / hull.clamp(min=1e-3)
    return ((1 - giou) * share).sum() / share.sum()
