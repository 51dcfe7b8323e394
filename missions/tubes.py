"""What a flight takes up in space, height and time: its tubes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from core.ids import VehicleId
from fleet.orders import Dock, Leg
from geofence.frames import LocalFrame
from geofence.overlay import united
from geofence.positions import GeoPosition, LocalPosition

_SOONEST, _LATEST = 0.8, 1.4
"""What a leg may take as a share of its planned time: wind from behind and wind from ahead."""
_LATE_MORE_S = 10.0
_GROUND_S = (5.0, 75.0)
"""From giving an order to leaving the dock, at the soonest and at the latest."""
_CLIMB_M_S, _SINK_M_S = 2.0, 1.5
_BRAKING_M_S2 = 1.5
_PIECE_M = 3.0


class TubeKind(StrEnum):
    """What a tube belongs to; only legs come and go with time."""

    LEG = "leg"
    DOCK = "dock"
    WAY_HOME = "way_home"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What separation looks at: where a vehicle begins, its legs, and the dock it climbs from and sinks to."""

    vehicle_id: VehicleId
    start: GeoPosition
    legs: tuple[Leg, ...]
    dock: Dock
    start_height_agl_m: float = 0.0
    return_height_agl_m: float | None = None
    """At which it comes home early; None where nobody knows (it is on its way already): any height down from here."""
    is_on_ground: bool = False
    is_held: bool = False
    """It stands still for nobody knows how long, so time keeps nothing apart from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tube:
    """A part of a flight: ground in metres of a frame, heights, and seconds from now between which it is there."""

    kind: TubeKind
    what: str
    ground: BaseGeometry
    lowest_m: float
    highest_m: float
    soonest_s: float = 0.0
    latest_s: float = math.inf


def tubes(flight: Flight, frame: LocalFrame) -> list[Tube]:
    """Return the tubes of *flight* in metres of *frame*: the column over its dock, its legs, its ways home."""
    dock = _point(flight.dock.place, frame)
    column = Tube(kind=TubeKind.DOCK, what="the dock", ground=dock, lowest_m=-math.inf, highest_m=math.inf)
    return [column, *_legs(flight, frame), _way_home(flight, dock, frame)]


def _legs(flight: Flight, frame: LocalFrame) -> Iterator[Tube]:
    soonest_s, latest_s = _GROUND_S if flight.is_on_ground else (0.0, 0.0)
    before, height_m = frame.to_local(flight.start), flight.start_height_agl_m
    for number, leg in enumerate(flight.legs, start=1):
        here = frame.to_local(leg.place)
        planned_s = _planned_s(before, here, leg.height_agl_m - height_m, leg)
        begins_s = soonest_s
        soonest_s += planned_s * _SOONEST
        latest_s += planned_s * _LATEST + _LATE_MORE_S
        whole = Tube(
            kind=TubeKind.LEG,
            what=f"leg {number}",
            ground=Point(here.east_m, here.north_m),
            lowest_m=height_m,
            highest_m=leg.height_agl_m,
            soonest_s=begins_s,
            latest_s=math.inf if flight.is_held else latest_s,
        )
        yield from _pieces(whole, before, here)
        before, height_m = here, leg.height_agl_m


def _pieces(whole: Tube, before: LocalPosition, here: LocalPosition) -> Iterator[Tube]:
    """Yield a leg in pieces of little height each: it climbs and sinks evenly, as the route proof has it."""
    count = max(1, math.ceil(abs(whole.highest_m - whole.lowest_m) / _PIECE_M))
    places = np.linspace((before.east_m, before.north_m), (here.east_m, here.north_m), count + 1)
    heights_m = np.linspace(whole.lowest_m, whole.highest_m, count + 1).tolist()
    for number, (low_m, high_m) in enumerate(pairwise(heights_m)):
        line = LineString(places[number : number + 2])
        yield replace(whole, ground=line, lowest_m=min(low_m, high_m), highest_m=max(low_m, high_m))


def _planned_s(before: LocalPosition, here: LocalPosition, rise_m: float, leg: Leg) -> float:
    level_s = math.hypot(here.east_m - before.east_m, here.north_m - before.north_m) / leg.speed_m_s
    upright_s = rise_m / _CLIMB_M_S if rise_m > 0 else -rise_m / _SINK_M_S
    return max(level_s, upright_s) + leg.speed_m_s / _BRAKING_M_S2 + leg.dwell_s


def _way_home(flight: Flight, dock: Point, frame: LocalFrame) -> Tube:
    """Return the ground between every leg and the dock, at the height of the way home."""
    places = [_point(flight.start, frame), *(_point(leg.place, frame) for leg in flight.legs)]
    hulls = [shapely.convex_hull(MultiPoint([*pair, dock])) for pair in zip(places, [*places[1:], dock], strict=True)]
    height_m = flight.return_height_agl_m
    return Tube(
        kind=TubeKind.WAY_HOME,
        what="the way home",
        ground=united(hulls),
        lowest_m=0.0 if height_m is None else height_m,
        highest_m=math.inf if height_m is None else height_m,
    )


def _point(place: GeoPosition, frame: LocalFrame) -> Point:
    local = frame.to_local(place)
    return Point(local.east_m, local.north_m)
