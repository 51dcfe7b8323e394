"""A detector that is told the truth: what whole scenes lose with it is lost by rules, tracker and geometry alone."""

import math
from collections.abc import Iterable

from perception.detections import Detection, PixelBox
from perception.frame import Picture
from perception.model_card import ModelCard
from sim.camera import SeenThing
from sim.dataset import category_of
from sim.scene import CameraView
from sim.street_flight import Carrier

_SCORE, _SMALLEST_PX, _SHOWN = 0.9, 12.0, 0.5
_FARTHEST_M = {Carrier.DRONE: 50.0, Carrier.ROBOT: 20.0}
"""The limits within which the model's own figures are taken."""


class TruthDetector:
    """Gives the exact boxes of what a model of this card is asked to find."""

    def __init__(self, *, card: ModelCard, carrier: Carrier) -> None:
        self.card = card
        self._farthest_m = _FARTHEST_M[carrier]
        self._found: list[Detection] = []

    def tell(self, seen: Iterable[SeenThing], view: CameraView) -> None:
        """Take what the next picture shows from *view*."""
        named = ((category_of(one), one) for one in seen)
        self._found = [
            Detection(self.card.means[name], _SCORE, PixelBox(*one.box_xyxy_px))
            for name, one in named
            if name is not None and self._is_shown(one, view)
        ]

    def detect(self, picture: Picture) -> list[Detection]:
        """Return what it was told of *picture*."""
        return self._found

    def _is_shown(self, one: SeenThing, view: CameraView) -> bool:
        x0, y0, x1, y1 = one.box_xyxy_px
        away_m = math.dist((one.thing.east_m, one.thing.north_m, 0.0), (view.east_m, view.north_m, view.height_agl_m))
        return one.visible >= _SHOWN and max(x1 - x0, y1 - y0) >= _SMALLEST_PX and away_m <= self._farthest_m
