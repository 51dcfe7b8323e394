"""Keep the routes of vehicles that fly at the same time apart: sideways, in height, or in time.

Legs keep apart from legs in one of the three. Ways home keep apart from ways home and from legs sideways or in height
(nobody knows when they are flown), and docks are passed sideways (they are climbed over at any height).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import Point, Polygon

from core.ids import ZoneId
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.tubes import Flight, Tube, TubeKind, tubes

_KEPT_BY_PROOF_M = 3.0
"""The route proof keeps its own margin (position error and wind) to every zone; it must not be counted twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far two vehicles stay apart: sideways, or else in height (both in metres), or else in time."""

    sideways_m: float = 15.0
    height_m: float = 6.0
    time_s: float | None = 30.0
    """Between the latest moment of one and the soonest of the other at the same place; None: never by time alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Two tubes that come too near to each other, and the delays of the first flight (exclusive) for which they do."""

    because: str
    from_s: float
    until_s: float


def conflict(first: Flight, second: Flight, *, distances: Distances) -> str:
    """Return why the two flights may not take place together, in one sentence; empty when they may."""
    return next((found.because for found in meetings(first, second, distances=distances) if _is_now(found)), "")


def first_conflict(flight: Flight, others: Sequence[Flight], *, distances: Distances) -> str:
    """Return the first reason why *flight* must wait for one of *others*; empty when there is none."""
    return next((text for other in others if (text := conflict(flight, other, distances=distances))), "")


def least_delay_s(flight: Flight, others: Sequence[Flight], *, distances: Distances) -> float:
    """Return by how much *flight* must begin later so that it meets none of *others*; infinite: not while they fly."""
    blocked = sorted(
        (found.from_s, found.until_s) for other in others for found in meetings(flight, other, distances=distances)
    )
    delay_s = 0.0
    for from_s, until_s in blocked:
        if from_s < delay_s < until_s:
            delay_s = until_s
    return delay_s


def meetings(first: Flight, second: Flight, *, distances: Distances) -> Iterator[Meeting]:
    """Yield every pair of tubes that are neither apart sideways nor in height, with the delays at which they meet."""
    frame = LocalFrame(origin=first.dock.place)
    ours, theirs = tubes(first, frame), tubes(second, frame)
    grounds = np.array([tube.ground for tube in theirs], dtype=object)
    for tube in ours:
        near_m = shapely.distance(tube.ground, grounds)
        for row in np.flatnonzero(near_m < distances.sideways_m):
            other = theirs[int(row)]
            if _counts(tube, other) and _gap_m(tube, other) < distances.height_m:
                because = (
                    f"{tube.what} of {first.vehicle_id} comes within {near_m[row]:.0f} m "
                    f"of {other.what} of {second.vehicle_id}"
                )
                from_s, until_s = _delays(tube, other, distances)
                yield Meeting(because=because, from_s=from_s, until_s=until_s)


def _is_now(meeting: Meeting) -> bool:
    return meeting.from_s < 0.0 < meeting.until_s


def _counts(one: Tube, other: Tube) -> bool:
    """Say whether a pair matters: a dock's column ends below the ways home, which pass over it."""
    return {one.kind, other.kind} != {TubeKind.DOCK, TubeKind.WAY_HOME}


def _gap_m(one: Tube, other: Tube) -> float:
    return max(0.0, one.lowest_m - other.highest_m, other.lowest_m - one.highest_m)


def _delays(ours: Tube, theirs: Tube, distances: Distances) -> tuple[float, float]:
    """Return the delays of ours between which the two are at the same place at the same time."""
    if distances.time_s is None or ours.kind is not TubeKind.LEG or theirs.kind is not TubeKind.LEG:
        return -math.inf, math.inf
    return theirs.soonest_s - distances.time_s - ours.latest_s, theirs.latest_s + distances.time_s - ours.soonest_s


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


__all__ = [
    "Distances",
    "Flight",
    "Meeting",
    "conflict",
    "first_conflict",
    "least_delay_s",
    "meetings",
    "with_dock_columns",
]
