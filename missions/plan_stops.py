"""From the parts of a patrol to the stops that a vehicle makes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import shapely

from fleet.orders import CameraAction, Leg, LegPurpose
from geofence.frames import LocalFrame
from geofence.margins import Margins
from geofence.positions import GeoPosition, LocalPosition
from geofence.ways_around import Waypoint, WaysAround
from geofence.zones import ZoneSet
from missions.area_stops import AreaPath, area_path
from missions.patrol import Patrol, PatrolArea, PatrolLine, PatrolPart, PatrolPerimeter, PatrolPoint
from missions.perimeter import lines_of

STRAIGHT = frozenset({LegPurpose.SURVEY, LegPurpose.LINE})
"""What is flown straight from the stop before; to other stops any way will do."""
SLOWEST = 0.25
"""The share of its speed with which a vehicle comes to a corner that has little room behind it."""
_ROOM = ((SLOWEST, 0.0), (SLOWEST, 0.3), (SLOWEST, 0.6), (SLOWEST, 1.0), (1.0, 1.0))
"""Kept around an area's path, by wariness: to stop from this share of the speed, and to cut this share of a corner."""
MOST_WARY = len(_ROOM) - 1
WORK = frozenset({LegPurpose.POINT, LegPurpose.LOOK}) | STRAIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Stops that belong together (a part of the patrol): flown as a whole, or not at all."""

    name: str
    stops: tuple[Leg, ...]
    path: AreaPath | None = None
    """For areas: its strands, each of which may be left out."""

    def runs(self) -> Iterator[tuple[Leg, ...]]:
        """Yield the stops that must be flown together: a strand of an area, everything of another part."""
        firsts = [number for number, stop in enumerate(self.stops) if stop.purpose is LegPurpose.TRANSIT]
        if self.path is None or not firsts:
            yield self.stops
            return
        for first, after in zip(firsts, [*firsts[1:], len(self.stops)], strict=True):
            yield self.stops[first:after]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """How a vehicle comes to a part: from near *start*, among these zones, at this speed.

    *wariness* (0 to `MOST_WARY`) is how often a way near borders was refused: the next keeps further away from them.
    """

    start: GeoPosition
    speed_m_s: float
    zones: ZoneSet
    wariness: int = 0


def errand_of(part: PatrolPart, patrol: Patrol, ways: WaysAround, approach: Approach) -> Errand:
    """Return the stops of *part*; raises InvalidInput when its zone has no such border."""
    start, speed_m_s = approach.start, approach.speed_m_s
    if isinstance(part, PatrolPoint):
        stop = _leg(part.place, part.camera, patrol, speed_m_s, LegPurpose.POINT, part.name)
        return Errand(name=part.name, stops=(replace(stop, dwell_s=part.dwell_s),))
    if isinstance(part, PatrolLine):
        return Errand(name=part.name, stops=_line_stops(part, patrol, speed_m_s))
    if isinstance(part, PatrolPerimeter):
        lines = lines_of(part, approach.zones, ways.frame, start)
        return Errand(
            name=part.name, stops=tuple(stop for line in lines for stop in _line_stops(line, patrol, speed_m_s))
        )
    return _area_errand(part, patrol, ways, approach)


def _line_stops(line: PatrolLine, patrol: Patrol, speed_m_s: float) -> tuple[Leg, ...]:
    places = [GeoPosition(lon_deg=lon, lat_deg=lat) for lon, lat, *_ in line.line.coords]
    return tuple(_along(places, line, patrol, speed_m_s, LegPurpose.LINE))


def _area_errand(part: PatrolArea, patrol: Patrol, ways: WaysAround, approach: Approach) -> Errand:
    frame = ways.frame
    begin = frame.to_local(approach.start)
    local = shapely.transform(part.area, frame.to_local_array)
    share, corners = _ROOM[approach.wariness]
    ground = ways.ground_to_stop_in(patrol.height_agl_m, share * approach.speed_m_s, local, corners=corners)
    path = area_path(local, ground, swath_m=part.swath_m, overlap=part.overlap, start=(begin.east_m, begin.north_m))
    stops: list[Leg] = []
    for strand in path.strands:
        places = [frame.to_geo(LocalPosition(east_m=east_m, north_m=north_m)) for east_m, north_m in strand]
        stops.extend(_along(places, part, patrol, approach.speed_m_s, LegPurpose.SURVEY))
    return Errand(name=part.name, stops=tuple(stops), path=path)


def _along(
    places: Sequence[GeoPosition],
    part: PatrolLine | PatrolArea,
    patrol: Patrol,
    speed_m_s: float,
    purpose: LegPurpose,
) -> Iterator[Leg]:
    yield _leg(places[0], part.camera, patrol, speed_m_s, LegPurpose.TRANSIT, part.name)
    for place in places[1:]:
        yield _leg(place, part.camera, patrol, speed_m_s, purpose, part.name)


def _leg(
    place: GeoPosition, camera: CameraAction, patrol: Patrol, speed_m_s: float, purpose: LegPurpose, name: str
) -> Leg:
    return Leg(
        place=place,
        height_agl_m=patrol.height_agl_m,
        speed_m_s=speed_m_s,
        purpose=purpose,
        camera=camera,
        name=name,
    )


def slowed(leg: Leg, here: Waypoint, ways: WaysAround, margins: Margins) -> tuple[Leg, ...]:
    """Return *leg* at the greatest speed with room to stop behind it; a long one slows down only before its end."""
    end = Waypoint(place=leg.place, height_agl_m=leg.height_agl_m)
    speeds = (leg.speed_m_s * share for share in (1.0, 0.5, SLOWEST))
    speed_m_s = next((speed for speed in speeds if ways.overshoot_fits(here, end, speed_m_s=speed)), leg.speed_m_s)
    if speed_m_s == leg.speed_m_s:
        return (leg,)
    slow = replace(leg, speed_m_s=speed_m_s)
    brake_m, length_m = 2 * margins.stopping.distance_m(leg.speed_m_s), ways.length_m((here, end))
    if length_m < 2 * brake_m:
        return (slow,)
    between = _between(here, end, 1 - brake_m / length_m, ways.frame)
    purpose = leg.purpose if leg.purpose in STRAIGHT else LegPurpose.TRANSIT
    quick = replace(leg, place=between.place, height_agl_m=between.height_agl_m, purpose=purpose, dwell_s=0.0)
    return (quick, slow)


def _between(start: Waypoint, end: Waypoint, share: float, frame: LocalFrame) -> Waypoint:
    a, b = frame.to_local(start.place), frame.to_local(end.place)
    place = LocalPosition(
        east_m=a.east_m + share * (b.east_m - a.east_m), north_m=a.north_m + share * (b.north_m - a.north_m)
    )
    height_m = start.height_agl_m + share * (end.height_agl_m - start.height_agl_m)
    return Waypoint(place=frame.to_geo(place), height_agl_m=height_m)


def errands_left(legs: Sequence[Leg], legs_done: int) -> list[Errand]:
    """Return what is left of *legs*: work that was begun is begun again from its start, transits are planned anew."""
    errands: list[Errand] = []
    for number in range(max(0, legs_done), len(legs)):
        leg = legs[number]
        if leg.purpose not in WORK:
            continue
        goes_on = number > legs_done and legs[number - 1].purpose in STRAIGHT and leg.purpose in STRAIGHT
        if goes_on and errands:
            errands[-1] = replace(errands[-1], stops=(*errands[-1].stops, leg))
        else:
            errands.append(Errand(name=leg.name, stops=(*_approach(legs, number), leg)))
    return errands


def _approach(legs: Sequence[Leg], number: int) -> Iterator[Leg]:
    """Yield the place where a straight leg begins, to be gone to by any way."""
    leg = legs[number]
    if leg.purpose in STRAIGHT and number > 0:
        yield replace(
            leg, place=legs[number - 1].place, height_agl_m=legs[number - 1].height_agl_m, purpose=LegPurpose.TRANSIT
        )
