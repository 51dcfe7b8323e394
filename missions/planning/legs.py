"""From the jobs of a sortie to its legs: the ways between them, corners counted, straight pieces joined."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from geofence.frames import FloatArray
from missions.planning.crossings import Airspace
from missions.planning.jobs import STRAIGHT_RAD, Job, Purpose, without_specks
from missions.planning.plan import PlanLeg, PlanSortie
from missions.planning.request import FleetRequest, Place, PlanVehicle
from missions.planning.travel import Pace, pace_of

SAME_M = 1e-6
_ASIDE_M = 1e-3
"""Corners may be left out of a straight leg that passes them by less: ways keep more than that over the margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A way as stretches, each a height and its places, both ends included."""

    stretches: tuple[tuple[float, tuple[Place, ...]], ...]

    @property
    def is_straight(self) -> bool:
        """Say whether it is one straight leg."""
        return len(self.stretches) == 1 and len(self.stretches[0][1]) == 2

    def taken_s(self, vehicle: PlanVehicle, *, turns_at_ends: int = 0) -> float:
        """Return its seconds, with a turn at every corner, and climbing and sinking from the vehicle's height."""
        pairs = [pair for _, places in self.stretches for pair in pairwise(places)]
        length_m = math.fsum(math.dist(a, b) for a, b in pairs)
        turns_s = vehicle.turn_s * (len(pairs) - 1 + turns_at_ends)
        return (
            length_m / vehicle.speed_m_s + turns_s + _changes_s([height_m for height_m, _ in self.stretches], vehicle)
        )


class LegMaker:
    """Makes the legs of sorties at the heights of one request's vehicles."""

    def __init__(self, request: FleetRequest, airspace: Airspace) -> None:
        self._request = request
        self._airspace = airspace
        self._ways: dict[tuple[Pace, Place, Place], Run] = {}

    def sortie(
        self, vehicle: PlanVehicle, jobs: Sequence[Job], *, start_s: float, start: Place | None = None
    ) -> PlanSortie:
        """Return the sortie over *jobs* from the dock (or from *start*, in flight) and home, begun at *start_s*."""
        home = self.dock(vehicle)
        strip = _Strip(self, vehicle, start or home, start_s)
        for job in jobs:
            strip.add(job)
        strip.go(home, Purpose.RETURN)
        return PlanSortie(
            legs=tuple(_joined(strip.legs)),
            start_s=start_s,
            duration_s=duration_s(strip.legs, vehicle),
            distance_m=math.fsum(math.dist(leg.start, leg.end) for leg in strip.legs),
        )

    def dock(self, vehicle: PlanVehicle) -> Place:
        """Return where the vehicle's dock is."""
        return self._request.dock(vehicle.dock).position

    def way(self, vehicle: PlanVehicle, start: Place, end: Place) -> Run:
        """Return the quickest way: at the vehicle's height, or over or under what is in the way."""
        key = pace_of(vehicle), start, end
        if key not in self._ways:
            self._ways[key] = self._found(vehicle, start, end)
        return self._ways[key]

    def _found(self, vehicle: PlanVehicle, start: Place, end: Place) -> Run:
        own_m = vehicle.height_agl_m
        if math.dist(start, end) <= SAME_M:
            return Run(stretches=((own_m, (start, end)),))
        ends = np.array(start), np.array(end)
        level = self._airspace.levels[own_m].ways.shortest(*ends)
        runs = [] if level is None else [_run(start, [(own_m, level.points)], end)]
        straight_s = math.dist(start, end) / vehicle.speed_m_s
        for other in self._airspace.crossings[vehicle.band]:
            if all(straight_s + other.change_s < run.taken_s(vehicle) for run in runs):
                found = other.way(*ends)
                runs += [] if found is None else [_run(start, found, end)]
        if not runs:
            raise AssertionError(f"no way from {start} to {end}, though it has a length")
        return min(runs, key=lambda run: run.taken_s(vehicle))


def _run(start: Place, stretches: Sequence[tuple[float, FloatArray]], end: Place) -> Run:
    made: list[tuple[float, tuple[Place, ...]]] = []
    for height_m, points in stretches:
        places = [(float(x), float(y)) for x, y in without_specks(points)]
        made.append((height_m, (made[-1][1][-1] if made else start, *places[1:])))
    height_m, places_ = made[-1]
    return Run(stretches=(*made[:-1], (height_m, (*places_[:-1], end))))


class _Strip:
    """The legs of a sortie while it is being made, and the time at their end."""

    def __init__(self, maker: LegMaker, vehicle: PlanVehicle, start: Place, start_s: float) -> None:
        self.legs: list[PlanLeg] = []
        self._maker = maker
        self._vehicle = vehicle
        self._here = start
        self._start_s = start_s

    def add(self, job: Job) -> None:
        """Go to *job*, wait for its window, and do it."""
        self.go(job.entry, Purpose.TRANSIT, is_needed=job.is_point)
        if job.is_point and self.legs[-1].height_agl_m != self._vehicle.height_agl_m:
            self._append([self._here, self._here], Purpose.TRANSIT, None)
        self._wait_until(job.terms.window.from_s)
        if job.is_point:
            self.legs[-1] = replace(
                self.legs[-1], purpose=Purpose.POINT, task=job.task, point=job.point, service_s=job.service_s
            )
            return
        places = [(float(x), float(y)) for x, y in job.places]
        self._append(places, job.purpose, job.task)

    def go(self, place: Place, purpose: Purpose, *, is_needed: bool = False) -> None:
        """Go to *place* by the quickest way; where that is here, no leg is made unless one *is_needed*."""
        if is_needed or math.dist(self._here, place) > SAME_M:
            run = self._maker.way(self._vehicle, self._here, place)
            for height_m, places in run.stretches:
                self._append(places, purpose, None, height_agl_m=height_m)

    def _append(
        self, places: Sequence[Place], purpose: Purpose, task: str | None, *, height_agl_m: float | None = None
    ) -> None:
        for start, end in pairwise(places):
            self.legs.append(
                PlanLeg(
                    start=start,
                    end=end,
                    height_agl_m=self._vehicle.height_agl_m if height_agl_m is None else height_agl_m,
                    speed_m_s=self._vehicle.speed_m_s,
                    purpose=purpose,
                    task=task,
                )
            )
        self._here = places[-1]

    def _wait_until(self, moment_s: float) -> None:
        wait_s = moment_s - self._start_s - duration_s(self.legs, self._vehicle) if moment_s > 0 else 0.0
        if wait_s <= 0:
            return
        if not self.legs:
            self._append([self._here, self._here], Purpose.TRANSIT, None)
        self.legs[-1] = replace(self.legs[-1], wait_s=wait_s)


def duration_s(legs: Sequence[PlanLeg], vehicle: PlanVehicle, *, to_own_height: bool = True) -> float:
    """Return the seconds of *legs*: ways, service, waiting, every change of heading, and climbing and sinking.

    A sortie begins at the vehicle's height, and ends there unless *to_own_height* is false.
    """
    ways_s = math.fsum(math.dist(leg.start, leg.end) / leg.speed_m_s + leg.service_s + leg.wait_s for leg in legs)
    heights = [leg.height_agl_m for leg in legs]
    return ways_s + vehicle.turn_s * turns(legs) + _changes_s(heights, vehicle, to_own_height=to_own_height)


def _changes_s(heights_m: Sequence[float], vehicle: PlanVehicle, *, to_own_height: bool = True) -> float:
    own_m = vehicle.height_agl_m
    every = [own_m, *heights_m, *([own_m] if to_own_height else [])]
    return math.fsum(vehicle.band.change_s(a, b) for a, b in pairwise(every) if a != b)


def turns(legs: Sequence[PlanLeg]) -> int:
    """Return how often the heading changes along *legs*."""
    moving = [leg for leg in legs if math.dist(leg.start, leg.end) > SAME_M]
    return sum(not _is_straight(a, b) for a, b in pairwise(moving))


def _is_straight(first: PlanLeg, second: PlanLeg) -> bool:
    change = _heading(second) - _heading(first)
    return abs(math.remainder(change, 2 * math.pi)) <= STRAIGHT_RAD


def _heading(leg: PlanLeg) -> float:
    return math.atan2(leg.end[1] - leg.start[1], leg.end[0] - leg.start[0])


def _joined(legs: Sequence[PlanLeg]) -> Iterator[PlanLeg]:
    """Yield *legs*, those that go straight on for the same purpose as one."""
    last: PlanLeg | None = None
    passed: list[Place] = []
    for leg in legs:
        if last is not None and _goes_on(last, leg) and _lie_on([*passed, last.end], last.start, leg.end):
            passed.append(last.end)
            last = replace(last, end=leg.end, wait_s=leg.wait_s)
            continue
        if last is not None:
            yield last
        last, passed = leg, []
    if last is not None:
        yield last


def _lie_on(places: Sequence[Place], start: Place, end: Place) -> bool:
    """Say whether all *places* lie on the line within `_ASIDE_M` (a hundredth of a degree is more on a long leg)."""
    (east_m, north_m), length_m = (end[0] - start[0], end[1] - start[1]), math.dist(start, end)
    from_start = np.array(places) - start
    return bool(np.abs(from_start @ (-north_m, east_m)).max() <= _ASIDE_M * length_m)


def _goes_on(last: PlanLeg, leg: PlanLeg) -> bool:
    is_alike = (last.purpose, last.task) == (leg.purpose, leg.task) and leg.purpose is not Purpose.POINT
    is_alike = is_alike and last.height_agl_m == leg.height_agl_m
    moves = min(math.dist(last.start, last.end), math.dist(leg.start, leg.end)) > SAME_M
    return is_alike and moves and last.wait_s == 0 and _is_straight(last, leg)
