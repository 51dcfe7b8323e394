"""Where a camera really looks: what stands still tells, as the camera passes it, how pitch, yaw and height are off.

A heading that is told one degree wrong lets everything that stands creep to one side while a camera comes nearer; a
wrong pitch or height lets it creep towards the camera or away. So things that stand are followed from frame to frame,
and the errors that keep them best at their places, within what such errors usually are, are taken out of the gaze.
What shifts the whole map, a wrong place of the camera, cannot be found so.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geofence.footprint import Gaze
from perception.detections import Label
from perception.georeference import Georeference, GroundPlace
from perception.tracker import MOVERS, Track
from perception.turning import by_turning

FloatArray = NDArray[np.float64]
_THINGS = 64
"""So many things are remembered, the latest."""
_LEAST_VIEWS, _LEAST_THINGS = 4, 3
_PERSON_VIEWS, _STANDS = 6, 0.3
"""Somebody who was seen so often, and strayed no more than so many times as far (squared) as boxes do, stood still."""
_STEP = 0.02
"""A camera has to move by this share of its height, and by what its place is off, before it shows something new."""
_PLACES = 8
"""So many places of the camera are remembered: who hovers and trembles comes back to them."""
_NEWEST = 0.3
"""The newest frame's share in where the camera is taken to be."""
_FADES = 0.98
"""What one view told counts so much at the next: errors change as a camera turns and climbs."""
_HALF = 0.5
_EDGE_PX = 8.0
_EDGE_SHARE, _SIDE_SHARE = 0.08, 0.04
"""Lower edges of boxes are off by this share of their height, and their middles."""
_WALKS = 4.0
"""What strays so many times as far (squared) as boxes do did not stand still."""
_MOST_SIGMAS = 2.5
_NEVER = frozenset({Label.CAR, Label.POSTER})
"""What has no place on the ground, or none that is near enough to its box."""


class Aim:
    """Takes frame after frame of one camera; gazes are corrected by what the frames before tell."""

    def __init__(self, *, reference: Georeference) -> None:
        self._reference = reference
        errors = reference.errors
        self._usual = np.array([math.radians(errors.pitch_deg), math.radians(errors.yaw_deg), errors.height_m])
        self._off = np.zeros(3)
        self._camera_m: FloatArray | None = None
        self._noted_m: deque[FloatArray] = deque(maxlen=_PLACES)
        self._rows: dict[int, int] = {}
        self._may_walk = np.zeros(_THINGS, np.bool_)
        self._sums = _Sums.empty(_THINGS)

    def corrected(self, gaze: Gaze) -> Gaze:
        """Return where the camera looks in all likelihood, by what is told and what was seen."""
        pitch, yaw, height_m = self._off.tolist()
        if not (pitch or yaw or height_m):
            return gaze
        return replace(
            gaze,
            pitch_deg=gaze.pitch_deg - math.degrees(pitch),
            yaw_deg=(gaze.yaw_deg - math.degrees(yaw)) % 360.0,
            height_agl_m=max(gaze.height_agl_m - height_m, _HALF * gaze.height_agl_m),
        )

    def note(self, tracks: Sequence[Track], gaze: Gaze) -> None:
        """Take in a frame's *tracks*, with the corrected *gaze* that they were placed by."""
        if not self._has_moved(gaze):
            return
        standing = [one for one in tracks if self._is_of_use(one)][:_THINGS]
        feet = np.array([one.box.foot_px for one in standing], float).reshape(-1, 2)
        placed = [
            (one, place)
            for one, place in zip(standing, self._reference.to_ground(feet, gaze), strict=True)
            if place is not None
        ]
        if placed:
            self._sums.fade()
            self._add(placed, gaze)
            self._off = self._solve()

    def _has_moved(self, gaze: Gaze) -> bool:
        """Say whether the camera is far from where it was at the last views, what its place trembles left out."""
        here_m = np.array(self._reference.camera_m(gaze))
        before_m = here_m if self._camera_m is None else self._camera_m
        self._camera_m = _NEWEST * here_m + (1.0 - _NEWEST) * before_m
        least_m = max(_STEP * gaze.height_agl_m, self._reference.errors.place_m)
        if any(math.dist(self._camera_m, place_m) < least_m for place_m in self._noted_m):
            return False
        self._noted_m.append(self._camera_m)
        return True

    def _is_of_use(self, one: Track) -> bool:
        camera, box = self._reference.camera, one.box
        is_whole = box.x0_px > _EDGE_PX and box.x1_px < camera.width_px - _EDGE_PX
        stands = one.label not in _NEVER and one.place is not None
        return stands and one.is_seen and one.is_likely and is_whole and box.y1_px < camera.height_px - _EDGE_PX

    def _add(self, placed: Sequence[tuple[Track, GroundPlace]], gaze: Gaze) -> None:
        """Add one view of each thing: where it was seen, and which way each error would have moved it."""
        settled = [one.place for one, _ in placed if one.place is not None]
        # neither a box's error nor that of the camera's place may look like a way that they went together
        away = np.array([place[:2] for place in settled]) - self._camera_m
        moves = _moves(away, gaze)
        told = np.array([place[:2] for _, place in placed]) + moves @ self._off
        rows = np.array([self._row(one, it, to) for (one, _), it, to in zip(placed, told, away, strict=True)])
        self._sums.add(rows, told, moves, self._errors_m([one.box.height_px for one, _ in placed], away, gaze))

    def _errors_m(self, tall_px: Sequence[float], away: FloatArray, gaze: Gaze) -> FloatArray:
        """Return how far off boxes are along the line of sight and across it; shape (n, 2)."""
        camera, pixel_px, tall = self._reference.camera, self._reference.errors.pixel_px, np.array(tall_px)
        reach_m = np.hypot(np.hypot(away[:, 0], away[:, 1]), gaze.height_agl_m)
        along_m = (pixel_px + _EDGE_SHARE * tall) * reach_m**2 / (gaze.height_agl_m * camera.fy_px)
        return np.stack((along_m, (pixel_px + _SIDE_SHARE * tall) * reach_m / camera.fx_px), axis=1)

    def _row(self, one: Track, place: FloatArray, away: FloatArray) -> int:
        """Return which row is a thing's; a new one takes the row of the one that was not seen for longest."""
        row = self._rows.pop(one.id, None)
        if row is None:
            row = len(self._rows) if len(self._rows) < _THINGS else self._rows.pop(next(iter(self._rows)))
            self._may_walk[row] = one.label in MOVERS
            self._sums.begin(row, place, away)
        self._rows[one.id] = row
        return row

    def _solve(self) -> FloatArray:
        """Return the likeliest errors, counted in what is usual: an error that the camera does not have stays 0."""
        known, said, spread, views = self._sums.centred()
        known, said = known * self._usual * self._usual[:, None], said * self._usual
        may_walk = self._may_walk[self._sums.views >= _LEAST_VIEWS]
        most = np.where(may_walk, np.where(views >= _PERSON_VIEWS, _STANDS, 0.0), _WALKS) * 2.0 * views
        off, is_still = np.zeros(3), ~may_walk
        for _ in range(3):
            off = _likeliest(known[is_still], said[is_still])
            is_still = spread - 2.0 * said @ off + (known @ off) @ off <= most
        return np.asarray(np.clip(off, -_MOST_SIGMAS, _MOST_SIGMAS) * self._usual)


@dataclass(slots=True, kw_only=True)
class _Sums:
    """Weighted sums over the views of each thing, along the first line of sight and across it (axis 1)."""

    views: FloatArray
    weight: FloatArray
    place: FloatArray
    place2: FloatArray
    move: FloatArray
    move2: FloatArray
    move_place: FloatArray
    origin: FloatArray
    axes: FloatArray

    @classmethod
    def empty(cls, count: int) -> "_Sums":
        return cls(
            views=np.zeros(count),
            weight=np.zeros((count, 2)),
            place=np.zeros((count, 2)),
            place2=np.zeros((count, 2)),
            move=np.zeros((count, 2, 3)),
            move2=np.zeros((count, 2, 3, 3)),
            move_place=np.zeros((count, 2, 3)),
            origin=np.zeros((count, 2)),
            axes=np.zeros((count, 2, 2)),
        )

    def fade(self) -> None:
        """Let what is known count a little less."""
        for sums in (self.views, self.weight, self.place, self.place2, self.move, self.move2, self.move_place):
            np.multiply(sums, _FADES, out=sums)

    def begin(self, row: int, place: FloatArray, away: FloatArray) -> None:
        """Forget what a row held; a new thing is at *place*, *away* from the camera."""
        for sums in (self.views, self.weight, self.place, self.place2, self.move, self.move2, self.move_place):
            sums[row] = 0.0
        east, north = away / max(float(np.hypot(away[0], away[1])), 1e-6)
        self.origin[row], self.axes[row] = place, ((east, north), (-north, east))

    def add(self, rows: NDArray[np.int_], places: FloatArray, moves: FloatArray, errors_m: FloatArray) -> None:
        """Take a view of each of *rows*: *places* (n, 2), their *moves* by each error (n, 2, 3), errors (n, 2)."""
        axes, weight = self.axes[rows], errors_m**-2.0
        q = (axes @ (places - self.origin[rows])[:, :, None])[:, :, 0]
        k = axes @ moves
        self.views[rows] += 1.0
        self.weight[rows] += weight
        self.place[rows] += weight * q
        self.place2[rows] += weight * q * q
        self.move[rows] += weight[:, :, None] * k
        self.move2[rows] += weight[:, :, None, None] * k[:, :, :, None] * k[:, :, None, :]
        self.move_place[rows] += (weight * q)[:, :, None] * k

    def centred(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return, by thing, what is known of the errors (n, 3, 3), what it says (n, 3), the spread and the views."""
        is_known = self.views >= _LEAST_VIEWS
        weight, place, move = self.weight[is_known], self.place[is_known], self.move[is_known]
        mean = move / weight[:, :, None]
        known = self.move2[is_known] - mean[:, :, :, None] * move[:, :, None, :]
        said = self.move_place[is_known] - mean * place[:, :, None]
        spread = self.place2[is_known] - place**2 / weight
        return known.sum(axis=1), said.sum(axis=1), spread.sum(axis=1), self.views[is_known]


def _likeliest(known: FloatArray, said: FloatArray) -> FloatArray:
    """Return the errors that fit best; none while so few stand that their own ways would do as well."""
    if len(known) < _LEAST_THINGS:
        return np.zeros(3)
    return np.asarray(np.linalg.solve(np.eye(3) + known.sum(axis=0), said.sum(axis=0)), np.float64)


def _moves(away: FloatArray, gaze: Gaze) -> FloatArray:
    """Return how far places (n, 2) away move per radian of pitch, of yaw, and per metre of height; (n, 2, 3)."""
    return np.concatenate((by_turning(away, gaze)[:, :, :2], away[:, :, None] / gaze.height_agl_m), axis=2)
