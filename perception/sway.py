"""How a camera sways from frame to frame: all that stands is shifted at once, and so are those whom it shifts with it.

Telemetry knows a gimbal's mean direction, not how wind shakes it: at 30 m, a third of a degree moves everybody by half
a metre between two frames, as if they walked. What stands is known to be where it was before.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze
from perception.detections import Label
from perception.georeference import Georeference, GroundPlace
from perception.tracker import GATE_M, MOVERS, Placed, Track
from perception.turning import by_turning

FloatArray = NDArray[np.float64]
_USUAL_RAD = math.radians(0.3)
_LEAST_FRAMES = 4
"""What was seen in so many frames is known to be where it is."""
_PIXELS, _EDGE_SHARE, _SIDE_SHARE = 1.0, 0.03, 0.02
"""From frame to frame boxes are off by so many pixels, and their lower edges and middles by a share of the height."""
_STRAYS = 3.0
_NEWEST = 0.7
"""The place of somebody who moves is so much that of the newest frame, and that of the one before for the rest."""


class Sway:
    """Remembers how far the places of the newest frame are turned against those where things stand."""

    def __init__(self, *, reference: Georeference) -> None:
        self._reference = reference
        self._last: Gaze | None = None
        self._turn = np.zeros(3)

    def note(self, placed: Sequence[Placed], tracks: Sequence[Track], told: Gaze, gaze: Gaze) -> None:
        """Compare a frame's places with those of *tracks* before it; a camera whose *told* gaze stays does not sway."""
        is_fixed, self._last = told == self._last, told
        pairs = [] if is_fixed else _pairs(placed, tracks)
        turned = self._turned(pairs, gaze) if pairs else np.zeros(3)
        self._turn = _NEWEST * turned + (1.0 - _NEWEST) * self._turn

    def without(self, places: Sequence[GroundPlace], gaze: Gaze) -> list[tuple[float, float]]:
        """Return east and north of the *places* of those who may move, as they would be without sway."""
        if not places or not self._turn.any():
            return [place[:2] for place in places]
        here = np.array([place[:2] for place in places])
        moved = by_turning(here - self._reference.camera_m(gaze), gaze) @ self._turn
        return [(east_m, north_m) for east_m, north_m in (here - moved).tolist()]

    def _turned(self, pairs: Sequence[tuple[GroundPlace, GroundPlace, float]], gaze: Gaze) -> FloatArray:
        """Return the pitch, yaw and roll that explain best what moved; what strays from them did not stand."""
        now, before = np.array([seen[:2] for seen, _, _ in pairs]), np.array([place[:2] for _, place, _ in pairs])
        away = before - np.array(self._reference.camera_m(gaze))
        along, across = self._errors_m(away, np.array([height_px for *_, height_px in pairs]), gaze)
        ahead = away / np.maximum(np.hypot(away[:, 0], away[:, 1]), 1e-6)[:, None]
        aside = np.stack((-ahead[:, 1], ahead[:, 0]), axis=1)
        axes = np.stack((ahead / along[:, None], aside / across[:, None]), axis=1)
        return _fitted(axes @ by_turning(away, gaze), (axes @ (now - before)[:, :, None])[:, :, 0])

    def _errors_m(self, away: FloatArray, tall_px: FloatArray, gaze: Gaze) -> tuple[FloatArray, FloatArray]:
        camera = self._reference.camera
        reach_m = np.hypot(np.hypot(away[:, 0], away[:, 1]), gaze.height_agl_m)
        along = (_PIXELS + _EDGE_SHARE * tall_px) * reach_m**2 / (gaze.height_agl_m * camera.fy_px)
        return along, (_PIXELS + _SIDE_SHARE * tall_px) * reach_m / camera.fx_px


def _pairs(placed: Sequence[Placed], tracks: Sequence[Track]) -> list[tuple[GroundPlace, GroundPlace, float]]:
    """Return where standing things are seen now, where they were, and how tall their boxes are, in pixels."""
    pairs = []
    for track in tracks:
        if track.label in MOVERS or track.label is Label.POSTER or track.place is None or not _is_known(track):
            continue
        here = track.place
        near = [
            (math.hypot(place.east_m - here.east_m, place.north_m - here.north_m), place, one.box.height_px)
            for one, place in placed
            if one.label is track.label and place is not None
        ]
        away_m, place, height_px = min(near, default=(math.inf, here, 0.0), key=lambda pair: pair[0])
        if away_m <= GATE_M:
            pairs.append((place, here, height_px))
    return pairs


def _is_known(track: Track) -> bool:
    return track.is_likely and sum(score > 0.0 for score in track.scores) >= _LEAST_FRAMES


def _fitted(moves: FloatArray, said: FloatArray) -> FloatArray:
    is_still = np.ones(len(said), np.bool_)
    turned: FloatArray = np.zeros(3)
    for _ in range(2):
        k, y = moves[is_still].reshape(-1, 3), said[is_still].reshape(-1)
        turned = np.asarray(np.linalg.solve(k.T @ k + np.eye(3) / _USUAL_RAD**2, k.T @ y), np.float64)
        is_still = np.abs(said - moves @ turned).max(axis=1) <= _STRAYS
    return turned
