"""Grids of anchor points, level after level, as most one-stage models count them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def points(width_px: int, height_px: int, strides_px: Sequence[int], *, offset: float) -> tuple[FloatArray, FloatArray]:
    """Return the points (n, 2; x, y in input pixels) and the stride of each (n), row by row, small strides first.

    *offset* is where in its cell a point lies: 0 at the upper left corner, 0.5 in the middle.
    """
    places, strides = [], []
    for stride in strides_px:
        across, down = -(-width_px // stride), -(-height_px // stride)
        y, x = np.divmod(np.arange(across * down, dtype=np.float32), np.float32(across))
        places.append((np.stack((x, y), axis=1) + offset) * stride)
        strides.append(np.full(across * down, stride, np.float32))
    return np.concatenate(places).astype(np.float32), np.concatenate(strides)


def mean_distances(bins: FloatArray, count: int) -> FloatArray:
    """Return the means of distributions over *count* bins (n, 4 × count) as distances in cells (n, 4)."""
    parts = bins.reshape(-1, 4, count)
    shares = np.exp(parts - parts.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    return np.asarray(shares @ np.arange(count, dtype=np.float32), np.float32)


def around(centres: FloatArray, distances_px: FloatArray) -> FloatArray:
    """Return corners from points (n, 2) and distances to the left, upper, right and lower side (n, 4)."""
    return np.concatenate((centres - distances_px[:, :2], centres + distances_px[:, 2:]), axis=1).astype(np.float32)


def from_middles(boxes: FloatArray) -> FloatArray:
    """Return corners from middle, width and height (n, 4)."""
    half = boxes[:, 2:] / 2
    return np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), axis=1).astype(np.float32)
