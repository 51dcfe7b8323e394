"""Self-check of places: what stands still and is seen from two sides must be at one place, within the errors."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from geofence.footprint import Gaze
from perception.detections import Label
from perception.georeference import Georeference, GroundPlace
from perception.tracker import MOVERS, Track

_APART = 0.3
"""Two views are from two sides when the camera moved by this share of its height."""
_LEAST_THINGS = 4
_SIGMAS = 2.0
_HONEST = 0.5
_STANDS = frozenset(Label) - MOVERS


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTwice:
    """How far apart the two places of things are (median), and how often that is within two of its standard errors."""

    things: int
    median_m: float
    within_error_ratio: float

    @property
    def is_doubtful(self) -> bool:
        """Say whether places disagree more than their errors allow: pose, lens or ground is not as told."""
        return self.things >= _LEAST_THINGS and self.within_error_ratio < _HONEST


@dataclass(slots=True, kw_only=True)
class _View:
    camera_m: tuple[float, float]
    place: GroundPlace


class SeenTwiceCheck:
    """Takes the believed tracks of frame after frame; compares each standing thing's first place with its last one."""

    def __init__(self, *, reference: Georeference) -> None:
        self._reference = reference
        self._first: dict[int, _View] = {}
        self._offs: dict[int, tuple[float, float]] = {}

    def add(self, tracks: Iterable[Track], gaze: Gaze) -> None:
        """Take one frame's tracks, placed anew by their boxes alone: a track's own place is a mean over time."""
        seen = [track for track in tracks if track.is_seen and track.label in _STANDS]
        feet = np.array([track.box.foot_px for track in seen], float).reshape(-1, 2)
        camera_m = self._reference.camera_m(gaze)
        for track, place in zip(seen, self._reference.to_ground(feet, gaze), strict=True):
            if place is not None:
                self._compare(track.id, _View(camera_m=camera_m, place=place), gaze.height_agl_m)

    def result(self) -> SeenTwice | None:
        """Return what the pairs say; None when nothing was seen from two sides."""
        if not self._offs:
            return None
        offs = list(self._offs.values())
        return SeenTwice(
            things=len(offs),
            median_m=float(np.median([off_m for off_m, _ in offs])),
            within_error_ratio=sum(off_m <= _SIGMAS * error_m for off_m, error_m in offs) / len(offs),
        )

    def _compare(self, number: int, view: _View, height_m: float) -> None:
        first = self._first.setdefault(number, view)
        if math.dist(first.camera_m, view.camera_m) < _APART * height_m:
            return
        east, north = view.place.east_m - first.place.east_m, view.place.north_m - first.place.north_m
        error_m = math.hypot(first.place.error_m(east, north), view.place.error_m(east, north))
        self._offs[number] = math.hypot(east, north), error_m
