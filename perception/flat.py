"""Flat or upright: a mark on the ground looks like a board from one place, but not from several.

What stands upright gets lower in the picture as a camera comes nearer and looks down more steeply, what lies flat gets
higher: a box's height at its place is `upright × cos(down) + flat × sin(down)`, and two views tell both. And what
stands is seen from the side, where a mark is too low to be anything.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from perception.detections import Label
from perception.georeference import GroundPlace
from perception.sight import Sight
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
_STANDS, _LIES, _SPREAD = 0.85, 0.2, 0.15
"""Of the height of its box, so large a share seems upright of what stands and of what lies, with one sigma of both."""
_ROUGH = 0.11
"""Box heights are off by so large a share; frames after one another are off alike."""
_ASIDE_RAD = math.radians(35.0)
"""Who looks down less steeply sees things from the side."""
_ASIDE_PX = 9.0
"""From the side something one metre high is recognised if it is so high in the picture."""
_SEEN_ASIDE, _MISSED_ASIDE = 0.67, -0.43
"""What a sight from the side says that shows it, and one that does not (what stands is seen in three of four, a mark
in one of ten; a third of the logarithm, as one sight is like the next)."""
_MOST_ASIDE = 6.0
"""All of them together say no more: what was not there before may be put there now."""
_CLEARLY = 20.0
"""What each unit says that its scores are above what is usual for marks, `_USUAL` times what a board needs."""
_USUAL = 1.2
_ONE_SIGHT = 0.8
"""What is no clearer than marks are needs more than one sight from the side that shows it, or sides that tell."""
_SIGHTS = 60
"""So many sights are remembered, of the last half minute: was there anything to see at that place from the side?"""


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
    aside: float = 0.0
    """What the sights from the side say, that showed it or should have."""

    def add(self, down_rad: float, height_m: float, width_m: float, certainty: float) -> None:
        """Take one more view; *certainty* is its score over what is needed."""
        self.certainty += certainty
        cos, sin = math.cos(down_rad), math.sin(down_rad)
        self.count += 1
        self.cos2, self.cos_sin, self.sin2 = self.cos2 + cos * cos, self.cos_sin + cos * sin, self.sin2 + sin * sin
        self.height_cos_m, self.height_sin_m = self.height_cos_m + height_m * cos, self.height_sin_m + height_m * sin
        self.height_m, self.width_sin_m = self.height_m + height_m, self.width_sin_m + width_m * sin
        self.least_rad, self.most_rad = min(self.least_rad, down_rad), max(self.most_rad, down_rad)

    def look(self, sight: Sight, place: GroundPlace, *, is_seen: bool) -> None:
        """Count a sight of its *place* from the side."""
        down_rad = sight.down_rad(place)
        if down_rad >= _ASIDE_RAD or math.cos(down_rad) < _ASIDE_PX * sight.m_per_px(place):
            return
        if is_seen or sight.shows(place, farthest_m=math.inf):
            said = self.aside + (_SEEN_ASIDE if is_seen else _MISSED_ASIDE)
            self.aside = min(max(said, -_MOST_ASIDE), _MOST_ASIDE)

    @property
    def is_upright(self) -> bool:
        """Say whether it is likelier to stand than to lie; while views do not tell, what is clear stands."""
        is_clear = self.certainty >= _CLEAR * self.count
        upright_m, deep_m, error_m = self._extent_m()
        above = self.certainty / max(self.count, 1) - _USUAL
        said = self.aside + (_CLEARLY * above if above >= 0.0 else -_ONE_SIGHT)
        if self.most_rad < _DOWN_RAD or self.most_rad - self.least_rad < _ENOUGH_RAD:
            return said >= 0.0 or self._is_tall
        mean_m = self.height_m / self.count
        said += _said_by(upright_m / mean_m, error_m / mean_m)
        return (said >= 0.0 or self._is_tall) and not _is_too_deep(deep_m, upright_m, is_clear=is_clear)

    @property
    def _is_tall(self) -> bool:
        return self.height_m > _TALL * self.width_sin_m

    def _extent_m(self) -> tuple[float, float, float]:
        """Return how far up and how far along the ground it reaches, and the error (one sigma) of the first."""
        spread = self.cos2 * self.sin2 - self.cos_sin**2
        if spread <= 0.0:
            return 0.0, 0.0, math.inf
        upright_m = (self.height_cos_m * self.sin2 - self.height_sin_m * self.cos_sin) / spread
        deep_m = (self.height_sin_m * self.cos2 - self.height_cos_m * self.cos_sin) / spread
        return upright_m, deep_m, _ROUGH * self.height_m / self.count * math.sqrt(self.sin2 / spread)


def _said_by(share: float, error: float) -> float:
    """Return what the upright share of a box says, as the logarithm of a likelihood ratio."""
    return (_STANDS - _LIES) * (share - (_STANDS + _LIES) / 2) / (_SPREAD**2 + error**2)


def _is_too_deep(deep_m: float, upright_m: float, *, is_clear: bool) -> bool:
    """Say whether it reaches too far along the ground for what stands on two feet side by side."""
    return deep_m >= max(_DEEP_M, upright_m) and (deep_m > _DEEPER_M or not is_clear)


@dataclass(slots=True)
class Uprightness:
    """Remembers how tall what should be upright looked from where."""

    _views: dict[int, _Views] = field(default_factory=dict)
    _sights: deque[Sight] = field(default_factory=lambda: deque(maxlen=_SIGHTS))

    def note(self, tracks: Sequence[Track], sight: Sight) -> None:
        """Take in a frame's *tracks*, seen in *sight*; forget those that are no more."""
        boards = [one for one in tracks if one.label in _UPRIGHT and one.place is not None]
        self._views = {one.id: self._views.get(one.id) or self._unseen(one) for one in boards}
        for one in boards:
            assert one.place is not None
            views, m_per_px = self._views[one.id], sight.m_per_px(one.place)
            views.look(sight, one.place, is_seen=one.is_seen)
            if one.is_seen:
                certainty = one.scores[-1] / max(one.threshold, 1e-6)
                high_m, wide_m = one.box.height_px * m_per_px, one.box.width_px * m_per_px
                views.add(sight.down_rad(one.place), high_m, wide_m, certainty)
        self._sights.append(sight)

    def _unseen(self, one: Track) -> _Views:
        """Return what the sights before it was seen at all say of something new."""
        views = _Views()
        assert one.place is not None
        for sight in self._sights:
            views.look(sight, one.place, is_seen=False)
        return views

    def hear(self, tracks: Sequence[Track]) -> list[Track]:
        """Return *tracks* without what lies flat; what is clear is what it seems until it shows another side."""
        flat = {number for number, views in self._views.items() if not views.is_upright}
        return [one for one in tracks if one.id not in flat]
