"""Keep the routes of vehicles that fly at the same time apart: sideways or in height."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from core.ids import VehicleId, ZoneId
from fleet.orders import Dock, Leg
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet

_KEPT_BY_PROOF_M = 3.0
"""The route proof keeps its own margin (position error and wind) to every zone; it must not be counted twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """What separation looks at: where a vehicle begins, its legs, and the dock it climbs from and sinks to."""

    vehicle_id: VehicleId
    start: GeoPosition
    legs: tuple[Leg, ...]
    dock: Dock


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far two vehicles stay apart: sideways, or else in height (both in metres)."""

    sideways_m: float = 15.0
    height_m: float = 6.0


def conflict(first: Flight, second: Flight, *, distances: Distances) -> str:
    """Return why the two flights may not take place together, in one sentence; empty when they may.

    Two legs are apart when they are `sideways_m` apart on the ground or `height_m` in height; docks are climbed over at
    any height, so a route must pass another's dock sideways.
    """
    frame = LocalFrame(origin=first.dock.place)
    ours, theirs = _parts(first, frame), _parts(second, frame)
    for line, height_m, what in ours:
        for other_line, other_height_m, other_what in theirs:
            near_m = line.distance(other_line)
            is_column = height_m is None or other_height_m is None
            gap_m = 0.0 if height_m is None or other_height_m is None else abs(height_m - other_height_m)
            if near_m < distances.sideways_m and (is_column or gap_m < distances.height_m):
                return (
                    f"{what} of {first.vehicle_id} comes within {near_m:.0f} m of {other_what} of {second.vehicle_id}"
                )
    return ""


def first_conflict(flight: Flight, others: Sequence[Flight], *, distances: Distances) -> str:
    """Return the first reason why *flight* must wait for one of *others*; empty when there is none."""
    return next((text for other in others if (text := conflict(flight, other, distances=distances))), "")


def with_dock_columns(zones: ZoneSet, others: Sequence[Flight], *, below_agl_m: float, distances: Distances) -> ZoneSet:
    """Return *zones* with a keep-out column over the dock of each of *others*, for planning alone.

    A vehicle in the air may come down on its dock at any moment, so routes go around it; the way home at the return
    height passes above the columns, which end at *below_agl_m*.
    """
    columns = tuple(
        Zone(
            id=ZoneId(f"dock of {other.vehicle_id}"),
            kind=ZoneKind.KEEP_OUT,
            polygon=_circle(other.dock.place, radius_m=distances.sideways_m - _KEPT_BY_PROOF_M),
            ceiling_agl_m=below_agl_m,
        )
        for other in others
    )
    return ZoneSet(zones=(*zones.zones, *columns))


def _circle(middle: GeoPosition, *, radius_m: float) -> Polygon:
    ring = np.array(Point(0, 0).buffer(radius_m, quad_segs=4).exterior.coords)
    return Polygon(LocalFrame(origin=middle).to_geo_array(ring))


def _parts(flight: Flight, frame: LocalFrame) -> list[tuple[BaseGeometry, float | None, str]]:
    """Return lines in local metres with their height; a height of None is a column through all heights."""
    dock = frame.to_local(flight.dock.place)
    parts: list[tuple[BaseGeometry, float | None, str]] = [(Point(dock.east_m, dock.north_m), None, "the dock")]
    before = frame.to_local(flight.start)
    for number, leg in enumerate(flight.legs, start=1):
        here = frame.to_local(leg.place)
        line = LineString([(before.east_m, before.north_m), (here.east_m, here.north_m)])
        parts.append((line, leg.height_agl_m, f"leg {number}"))
        before = here
    return parts
