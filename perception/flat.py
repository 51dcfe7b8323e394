"""Flat or upright: a mark on the ground looks like a board from one place, but not from several.

What stands upright gets lower in the picture as a camera comes nearer and looks down more steeply, what lies flat gets
higher: a box's height at its place is `upright × cos(down) + flat × sin(down)`, and two views tell both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from perception.detections import Label
from perception.tracker import Track

_UPRIGHT = frozenset({Label.BOARD})
"""What has to be upright."""
_TALL = 2.6
"""Nothing flat that is taken for a board is so many times as deep as wide: then it is upright at first sight."""
_ENOUGH_RAD = math.radians(7.0)
_DOWN_RAD = math.radians(25.0)
"""Who looks down so steeply sees how deep a thing is."""
_DEEP_M, _DEEPER_M = 1.2, 1.6
"""A board's feet are nearer together; its box, which is never exact, may seem so deep, but no deeper (a bench's is)."""
_CLEAR = 1.3
"""So many times what a board needs is the score of one whose box only seems too deep."""
_LEAST_SHARE = 0.33
"""Of the height of its box, at least so much is upright."""
Point = tuple[float, float, float]


@dataclass(slots=True)
class _Views:
    """Sums over the views of one thing: of squares and products, and how far down the camera looked."""

    count: int = 0
    cos2: float = 0.0
    cos_sin: float = 0.0
    sin2: float = 0.0
    height_cos_m: float = 0.0
    height_sin_m: float = 0.0
    height_m: float = 0.0
    width_sin_m: float = 0.0
    least_rad: float = math.inf
    most_rad: float = -math.inf
    certainty: float = 0.0

    def add(self, down_rad: float, height_m: float, width_m: float, certainty: float) -> None:
        """Take one more view; *certainty* is its score over what is needed."""
        self.certainty += certainty
        cos, sin = math.cos(down_rad), math.sin(down_rad)
        self.count += 1
        self.cos2, self.cos_sin, self.sin2 = self.cos2 + cos * cos, self.cos_sin + cos * sin, self.sin2 + sin * sin
        self.height_cos_m, self.height_sin_m = self.height_cos_m + height_m * cos, self.height_sin_m + height_m * sin
        self.height_m, self.width_sin_m = self.height_m + height_m, self.width_sin_m + width_m * sin
        self.least_rad, self.most_rad = min(self.least_rad, down_rad), max(self.most_rad, down_rad)

    def is_upright(self) -> bool | None:
        """Say whether it stands upright; None while the views do not tell."""
        is_tall = self.height_m > _TALL * self.width_sin_m
        if self.most_rad - self.least_rad < _ENOUGH_RAD:
            return True if is_tall else None
        spread = self.cos2 * self.sin2 - self.cos_sin**2
        upright_m = (self.height_cos_m * self.sin2 - self.height_sin_m * self.cos_sin) / spread
        deep_m = (self.height_sin_m * self.cos2 - self.height_cos_m * self.cos_sin) / spread
        is_flat = not is_tall and upright_m < _LEAST_SHARE * self.height_m / self.count
        return not is_flat and not self._is_too_deep(deep_m, upright_m)

    def _is_too_deep(self, deep_m: float, upright_m: float) -> bool:
        """Say whether it reaches too far along the ground for what stands on two feet side by side."""
        if self.most_rad < _DOWN_RAD or deep_m < max(_DEEP_M, upright_m):
            return False
        return deep_m > _DEEPER_M or self.certainty < _CLEAR * self.count


@dataclass(slots=True)
class Uprightness:
    """Remembers how tall what should be upright looked from where."""

    _views: dict[int, _Views] = field(default_factory=dict)

    def note(self, tracks: Sequence[Track], eye_m: Point, focal_px: float) -> None:
        """Take in a frame's *tracks*, seen from *eye_m* (east, north, up); forget those that are no more."""
        boards = [one for one in tracks if one.label in _UPRIGHT]
        self._views = {one.id: self._views.get(one.id) or _Views() for one in boards}
        for one in boards:
            if one.is_seen and one.place is not None:
                aside_m = math.hypot(one.place.east_m - eye_m[0], one.place.north_m - eye_m[1])
                m_per_px = math.hypot(aside_m, eye_m[2]) / focal_px
                down_rad = math.atan2(eye_m[2], aside_m)
                certainty = one.scores[-1] / max(one.threshold, 1e-6)
                self._views[one.id].add(down_rad, one.box.height_px * m_per_px, one.box.width_px * m_per_px, certainty)

    def hear(self, tracks: Sequence[Track]) -> list[Track]:
        """Return *tracks* without what lies flat; what has not shown another side yet is taken for what it seems."""
        flat = {number for number, views in self._views.items() if views.is_upright() is False}
        return [one for one in tracks if one.id not in flat]
