"""Which places a route's camera sees, and when."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from core.errors import InvalidInput
from fleet.orders import Leg
from geofence.footprint import Gaze, Intrinsics, footprint
from geofence.frames import LocalFrame
from geofence.margins import Margins
from geofence.positions import GeoPosition, LocalPosition
from geofence.ways_around import Waypoint, leg_duration_s
from missions.notice import Sights

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.intp]
_STEP_M = 3.0
_LONGEST_ROWS = 4
LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a camera sees of the ground: its lens, and how far away something can still be made out."""

    lens: Intrinsics = LENS
    range_m: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    at_s: float
    span_s: float
    seen: Polygon | None
    """WGS-84; None where the camera is not looked through."""


def grid_of_places(ground: BaseGeometry, *, spacing_m: float, most: int = 3000) -> Array:
    """Return places all over the WGS-84 *ground*, about *spacing_m* apart, (places, 2) longitude and latitude.

    Raises InvalidInput when there are none, or more than *most*.
    """
    if ground.is_empty:
        raise InvalidInput("there is no ground to look at", where="area", remedy="draw an area, or a keep-in zone")
    frame = LocalFrame(origin=GeoPosition(lon_deg=ground.centroid.x, lat_deg=ground.centroid.y))
    local = shapely.transform(ground, frame.to_local_array)
    if local.area / spacing_m**2 > most:
        raise _too_many(local, most)
    inside = np.concatenate(list(_rows(local, spacing_m, most)) or [np.zeros((0, 2))])
    if len(inside) > 2 * most:
        raise _too_many(local, most)
    if not len(inside):
        inside = np.array([local.representative_point().coords[0]])
    return np.asarray(frame.to_geo_array(inside), dtype=np.float64)


def _too_many(ground: BaseGeometry, most: int) -> InvalidInput:
    remedy = f"a spacing of {math.ceil(math.sqrt(ground.area / most))} m is enough, or draw a smaller area"
    return InvalidInput(f"there are more than {most} places", where="spacing_m", remedy=remedy)


def _rows(ground: BaseGeometry, spacing_m: float, most: int) -> Iterator[Array]:
    """Yield the places inside of *ground* row by row; what lies outside is never made, however long and thin it is."""
    west, south, east, north = ground.bounds
    long_m = max(east - west, north - south)
    if long_m / spacing_m > _LONGEST_ROWS * most:
        what = f"the area is {long_m / 1000:.0f} km long, too long for places every {spacing_m:g} m"
        remedy = f"a spacing of {math.ceil(long_m / most / _LONGEST_ROWS)} m is enough, or draw a smaller area"
        raise InvalidInput(what, where="spacing_m", remedy=remedy)
    for north_m in np.arange(south + spacing_m / 2, north, spacing_m):
        row = shapely.intersection(ground, LineString([(west, north_m), (east, north_m)]))
        for piece in np.atleast_1d(shapely.get_parts(row)):
            first_m, _, last_m, _ = piece.bounds
            columns = np.arange(
                math.ceil((first_m - west) / spacing_m - 0.5), math.floor((last_m - west) / spacing_m - 0.5) + 1
            )
            yield np.column_stack((west + (columns + 0.5) * spacing_m, np.full(len(columns), north_m)))


def seen_on_route(legs: Sequence[Leg], *, start: GeoPosition, places: Array, view: View) -> Sights:
    """Return when a route from over *start* on sees which of *places* ((places, 2) longitude, latitude).

    Seconds count from the take-off height over the start; legs without a camera action see nothing.
    """
    came, left = list[tuple[IntArray, float]](), list[tuple[IntArray, float]]()
    before, before_s, nothing = (blank := np.zeros(len(places), dtype=np.bool_)), 0.0, blank
    for moment in _moments(legs, start, view):
        if moment.span_s > 0:
            seen = moment.seen
            now = nothing if seen is None else shapely.contains_xy(seen, places[:, 0], places[:, 1])
            came.append((np.flatnonzero(now & ~before), moment.at_s))
            left.append((np.flatnonzero(before & ~now), before_s))
            before, before_s = now, moment.at_s + moment.span_s
    left.append((np.flatnonzero(before), before_s))
    place, begins_s = _by_place(came)
    _, ends_s = _by_place(left)
    return Sights(places=place, begins_s=begins_s, ends_s=ends_s)


def _by_place(changes: Sequence[tuple[IntArray, float]]) -> tuple[IntArray, Array]:
    """Return the places of all changes, place by place, and when each took place."""
    places = np.concatenate([np.zeros(0, dtype=np.intp), *(found for found, _ in changes)])
    at_s = np.repeat([at_s for _, at_s in changes], [len(found) for found, _ in changes]).astype(np.float64)
    order = np.argsort(places, kind="stable")
    return places[order], at_s[order]


def count_moments(legs: Sequence[Leg], *, start: GeoPosition) -> int:
    """Return about how many times `seen_on_route` looks at all places."""
    frame, here, count = LocalFrame(origin=start), LocalPosition(east_m=0.0, north_m=0.0), 0
    for leg in legs:
        there = frame.to_local(leg.place)
        count += 2 + int(math.hypot(there.east_m - here.east_m, there.north_m - here.north_m) / _STEP_M)
        here = there
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteGaze:
    """From where the camera is to look on leg number `leg` (from 0): on the way, or while it stays at its end."""

    leg: int
    is_at_end: bool
    at_s: float
    span_s: float
    gaze: Gaze | None
    """None where the camera is not looked through."""


def gazes_on_route(legs: Sequence[Leg], *, start: GeoPosition) -> Iterator[RouteGaze]:
    """Yield the route from over *start* in pieces of three metres, each with where the camera looks in its middle."""
    if not legs:
        return
    frame = LocalFrame(origin=start)
    braking = Margins().stopping.deceleration_m_s2
    here, at_s, heading_deg = Waypoint(place=start, height_agl_m=legs[0].height_agl_m), 0.0, 0.0
    for number, leg in enumerate(legs):
        there = Waypoint(place=leg.place, height_agl_m=leg.height_agl_m)
        flown_s = leg_duration_s(frame, here, there, leg.speed_m_s) + leg.speed_m_s / braking
        a, b = frame.to_local(here.place), frame.to_local(there.place)
        long_m = math.hypot(b.east_m - a.east_m, b.north_m - a.north_m)
        if long_m > 0.1:
            heading_deg = math.degrees(math.atan2(b.east_m - a.east_m, b.north_m - a.north_m))
        pieces = max(1, math.ceil(long_m / _STEP_M))
        for piece in range(pieces):
            share = (piece + 0.5) / pieces
            gaze = _gaze(leg, frame, _between(a, b, share), heading_deg)
            begin_s, span_s = at_s + flown_s * piece / pieces, flown_s / pieces
            yield RouteGaze(leg=number, is_at_end=False, at_s=begin_s, span_s=span_s, gaze=gaze)
        gaze = _gaze(leg, frame, b, heading_deg)
        yield RouteGaze(leg=number, is_at_end=True, at_s=at_s + flown_s, span_s=leg.dwell_s, gaze=gaze)
        at_s += flown_s + leg.dwell_s
        here = there


def _moments(legs: Sequence[Leg], start: GeoPosition, view: View) -> Iterator[_Moment]:
    frame = LocalFrame(origin=start)
    for one in gazes_on_route(legs, start=start):
        lens, range_m = view.lens, view.range_m
        seen = None if one.gaze is None else footprint(one.gaze, lens, max_range_m=range_m, frame=frame)
        yield _Moment(at_s=one.at_s, span_s=one.span_s, seen=seen)


def _between(a: LocalPosition, b: LocalPosition, share: float) -> LocalPosition:
    return LocalPosition(
        east_m=a.east_m + (b.east_m - a.east_m) * share, north_m=a.north_m + (b.north_m - a.north_m) * share
    )


def _gaze(leg: Leg, frame: LocalFrame, place: LocalPosition, heading_deg: float) -> Gaze | None:
    if leg.camera is None:
        return None
    yaw = heading_deg if leg.camera.yaw_deg is None else leg.camera.yaw_deg
    return Gaze(place=frame.to_geo(place), height_agl_m=leg.height_agl_m, yaw_deg=yaw, pitch_deg=leg.camera.pitch_deg)
