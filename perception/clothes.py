"""Colours of what somebody wears: to tell for a moment who is who after two have crossed. Nothing of it is kept."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.detections import PixelBox
from perception.frame import Picture

Colours = NDArray[np.float32]
_BANDS = ((0.18, 0.5), (0.55, 0.9))
"""Upper and lower clothes, as shares of a box from above."""
_WAIST = (0.22, 0.78)
_LEAST_PX = 4
_LIGHTNESS = 0.5
"""Light and shadow change lightness more than clothes do."""
SURELY_OTHERS = 30.0
"""Colours that lie so far apart are not the same clothes."""


class Trait(NamedTuple):
    """What tells for some seconds who is who: the colours of clothes, and whether the picture ends at the box."""

    clothes: Colours | None
    is_at_edge: bool


def colours_of(box: PixelBox, picture: Picture) -> Colours | None:
    """Return the mean colours (CIE Lab, lightness halved) of both bands, 6 numbers; None for a box too small."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box.xyxy
    wide, tall = x1 - x0, y1 - y0
    left, right = max(0, int(x0 + _WAIST[0] * wide)), min(width, int(x0 + _WAIST[1] * wide))
    if right - left < _LEAST_PX:
        return None
    parts = []
    for low, high in _BANDS:
        upper, lower = max(0, int(y0 + low * tall)), min(height, int(y0 + high * tall))
        if lower - upper < _LEAST_PX:
            return None
        mean = cv2.mean(picture[upper:lower, left:right])[:3]
        parts.append(mean)
    lab = cv2.cvtColor(np.array([parts], np.float32) / 255.0, cv2.COLOR_BGR2Lab)[0]
    lab[:, 0] *= _LIGHTNESS
    return np.asarray(lab.reshape(-1), np.float32)


def unlike(some: Colours, other: Colours) -> float:
    """Return 0 for the same colours up to 1 for surely others; the band that differs more decides."""
    apart = np.linalg.norm((some - other).reshape(2, 3), axis=1)
    return min(float(apart.max()) / SURELY_OTHERS, 1.0)
