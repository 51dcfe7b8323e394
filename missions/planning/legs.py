"""From the jobs of a sortie to its legs: the ways between them, corners counted, straight pieces joined."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from missions.planning.jobs import STRAIGHT_RAD, Job, Purpose, without_specks
from missions.planning.levels import Level
from missions.planning.plan import PlanLeg, PlanSortie
from missions.planning.request import FleetRequest, Place, PlanVehicle

SAME_M = 1e-6


class LegMaker:
    """Makes the legs of sorties at the heights of one request's vehicles."""

    def __init__(self, request: FleetRequest, levels: Mapping[float, Level]) -> None:
        self._request = request
        self._levels = levels

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
            duration_s=duration_s(strip.legs, vehicle.turn_s),
            distance_m=math.fsum(math.dist(leg.start, leg.end) for leg in strip.legs),
        )

    def dock(self, vehicle: PlanVehicle) -> Place:
        """Return where the vehicle's dock is."""
        return self._request.dock(vehicle.dock).position

    def way(self, height_agl_m: float, start: Place, end: Place) -> list[Place]:
        """Return the places of the shortest way, both ends included."""
        if math.dist(start, end) <= SAME_M:
            return [start, end]
        found = self._levels[height_agl_m].ways.shortest(np.array(start), np.array(end))
        if found is None:
            raise AssertionError(f"no way from {start} to {end}, though it has a length")
        inner = [(float(x), float(y)) for x, y in without_specks(found.points)[1:-1]]
        return [start, *inner, end]


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
        self._wait_until(job.terms.window.from_s)
        if job.is_point:
            self.legs[-1] = replace(
                self.legs[-1], purpose=Purpose.POINT, task=job.task, point=job.point, service_s=job.service_s
            )
            return
        places = [(float(x), float(y)) for x, y in job.places]
        self._append(places, job.purpose, job.task)

    def go(self, place: Place, purpose: Purpose, *, is_needed: bool = False) -> None:
        """Go to *place* by the shortest way; where that is here, no leg is made unless one *is_needed*."""
        if is_needed or math.dist(self._here, place) > SAME_M:
            self._append(self._maker.way(self._vehicle.height_agl_m, self._here, place), purpose, None)

    def _append(self, places: Sequence[Place], purpose: Purpose, task: str | None) -> None:
        for start, end in pairwise(places):
            self.legs.append(
                PlanLeg(
                    start=start,
                    end=end,
                    height_agl_m=self._vehicle.height_agl_m,
                    speed_m_s=self._vehicle.speed_m_s,
                    purpose=purpose,
                    task=task,
                )
            )
        self._here = places[-1]

    def _wait_until(self, moment_s: float) -> None:
        wait_s = moment_s - self._start_s - duration_s(self.legs, self._vehicle.turn_s) if moment_s > 0 else 0.0
        if wait_s <= 0:
            return
        if not self.legs:
            self._append([self._here, self._here], Purpose.TRANSIT, None)
        self.legs[-1] = replace(self.legs[-1], wait_s=wait_s)


def duration_s(legs: Sequence[PlanLeg], turn_s: float) -> float:
    """Return the seconds of *legs*: ways, service, waiting, and *turn_s* for every change of heading."""
    ways_s = math.fsum(math.dist(leg.start, leg.end) / leg.speed_m_s + leg.service_s + leg.wait_s for leg in legs)
    return ways_s + turn_s * turns(legs)


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
    for leg in legs:
        if last is not None and _goes_on(last, leg):
            last = replace(last, end=leg.end, wait_s=leg.wait_s)
            continue
        if last is not None:
            yield last
        last = leg
    if last is not None:
        yield last


def _goes_on(last: PlanLeg, leg: PlanLeg) -> bool:
    is_alike = (last.purpose, last.task) == (leg.purpose, leg.task) and leg.purpose is not Purpose.POINT
    moves = min(math.dist(last.start, last.end), math.dist(leg.start, leg.end)) > SAME_M
    return is_alike and moves and last.wait_s == 0 and _is_straight(last, leg)
