"""How far places are from where things really were, and whether the ellipses were honest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.evaluation.boxes import NOTHING, SAME_IOU, Boxes, ious
from perception.evaluation.truth_files import FoundTrack, Places

INSIDE_95 = 5.991
"""The 95 % quantile of chi² with two degrees of freedom."""
_NEAREST_M = 3.0
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceError:
    """One found place, in metres from where the thing really was."""

    frame: int
    thing: int
    true_m: tuple[float, float]
    off_m: tuple[float, float]
    is_inside_95: bool | None
    """Whether the truth lies in the 95 % ellipse; None where none was given."""

    @property
    def distance_m(self) -> float:
        """Return how far off."""
        return math.hypot(*self.off_m)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceFigures:
    """Errors of places: median, 90 % and largest; the mean error vector; the share of truths in their 95 % ellipses."""

    count: int
    median_m: float
    p90_m: float
    worst_m: float
    mean_east_m: float
    mean_north_m: float
    inside_95: float | None


def place_errors(tracks: Sequence[FoundTrack], places: Places, truth: Boxes | None) -> list[PlaceError]:
    """Return the error of every place whose thing is known: by its box where true boxes are given, else the nearest."""
    to_metres = _projection(places)
    by_frame: dict[int, list[FoundTrack]] = {}
    for one in tracks:
        if one.place is not None and one.frame in places.by_frame:
            by_frame.setdefault(one.frame, []).append(one)
    return [
        _error(one, thing, to_metres(places.by_frame[frame][thing]), to_metres(one.place or (0.0, 0.0)))
        for frame, rows in sorted(by_frame.items())
        for one, thing in _paired(rows, places, truth, to_metres)
    ]


def place_figures(errors: Sequence[PlaceError]) -> PlaceFigures | None:
    """Return the figures of errors; None without any."""
    if not errors:
        return None
    off = np.array([error.distance_m for error in errors])
    known = [error.is_inside_95 for error in errors if error.is_inside_95 is not None]
    return PlaceFigures(
        count=len(errors),
        median_m=float(np.median(off)),
        p90_m=float(np.quantile(off, 0.9)),
        worst_m=float(off.max()),
        mean_east_m=float(np.mean([error.off_m[0] for error in errors])),
        mean_north_m=float(np.mean([error.off_m[1] for error in errors])),
        inside_95=sum(known) / len(known) if known else None,
    )


class _Metres:
    """Turns places into metres; local metres stay what they are."""

    def __init__(self, frame: LocalFrame | None) -> None:
        self._frame = frame

    def __call__(self, place: tuple[float, float]) -> tuple[float, float]:
        if self._frame is None:
            return place
        local = self._frame.to_local(GeoPosition(lon_deg=place[0], lat_deg=place[1]))
        return local.east_m, local.north_m


def _projection(places: Places) -> _Metres:
    """Return what turns the places of a table into metres."""
    if not places.is_degrees:
        return _Metres(None)
    lon_deg, lat_deg = next(place for things in places.by_frame.values() for place in things.values())
    return _Metres(LocalFrame(origin=GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg)))


def _paired(
    rows: Sequence[FoundTrack], places: Places, truth: Boxes | None, to_metres: _Metres
) -> list[tuple[FoundTrack, int]]:
    frame = rows[0].frame
    things = list(places.by_frame[frame])
    if truth is not None:
        boxes = truth.get(frame, NOTHING)
        costs = 1.0 - ious(np.array([one.corners_px for one in rows]), boxes.corners_px)
        pairs = _cheapest(costs, 1.0 - SAME_IOU)
        named = [(rows[i], int(boxes.ids[j])) for i, j in pairs]
        return [(one, thing) for one, thing in named if thing in places.by_frame[frame]]
    here = np.array([to_metres(one.place or (0.0, 0.0)) for one in rows])
    there = np.array([to_metres(places.by_frame[frame][thing]) for thing in things])
    away = np.linalg.norm(here[:, None] - there, axis=2)
    return [(rows[i], things[j]) for i, j in _cheapest(away, _NEAREST_M)]


def _cheapest(costs: FloatArray, most: float) -> list[tuple[int, int]]:
    if costs.size == 0:
        return []
    rows, columns = linear_sum_assignment(np.where(costs <= most, costs, 1e6))
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True) if costs[i, j] <= most]


def _error(one: FoundTrack, thing: int, true_m: tuple[float, float], found_m: tuple[float, float]) -> PlaceError:
    off_m = found_m[0] - true_m[0], found_m[1] - true_m[1]
    return PlaceError(
        frame=one.frame, thing=thing, true_m=true_m, off_m=off_m, is_inside_95=_is_inside(one.ellipse, off_m)
    )


def _is_inside(ellipse: tuple[float, float, float] | None, off_m: tuple[float, float]) -> bool | None:
    if ellipse is None:
        return None
    major_m, minor_m, heading_deg = ellipse
    sin, cos = math.sin(math.radians(heading_deg)), math.cos(math.radians(heading_deg))
    along, across = off_m[0] * sin + off_m[1] * cos, off_m[0] * cos - off_m[1] * sin
    return (along / max(major_m, 1e-9)) ** 2 + (across / max(minor_m, 1e-9)) ** 2 <= INSIDE_95
