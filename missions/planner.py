"""From a wish to legs that are proved: pure, and every reason against a flight is found at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from core.errors import InvalidInput
from fleet.orders import CameraAction, Leg, LegPurpose
from geofence.errors import NoWayAround
from geofence.positions import GeoPosition
from geofence.route import OrderRoute, Violation
from geofence.route_proof import prove_order
from geofence.ways_around import Waypoint, WaysAround, leg_duration_s
from missions.errors import Problem
from missions.patrol import Patrol, PatrolArea
from missions.plan import (
    PlannedRoute,
    PlanRequest,
    has_keep_in,
    height_problems,
    highest_agl_m,
    order_end,
    patrol_problems,
    request_problems,
    route_of,
    time_problems,
)
from missions.plan_stops import MOST_WARY, Approach, Errand, errand_of, errands_left, slowed
from missions.plan_tries import Caution, Strands
from missions.stand_off import stand_offs

__all__ = ["PlanRequest", "PlannedRoute", "plan_look", "plan_patrol", "plan_remainder"]

_PREPARE_S = 15.0
_CLIMB_M_S, _LAND_M_S = 2.0, 1.0
_LONGEST = timedelta(hours=12)
_SAME_PLACE_M = 0.5
LOOK_HEIGHTS_AGL_M = (25.0, 35.0, 45.0)
WAITING_S = 25.0
WAITING = "waiting"
"""The name of the last leg of a look: the next order can be given while the vehicle hovers on it."""


def plan_patrol(patrol: Patrol, request: PlanRequest) -> PlannedRoute:
    """Return the route over every part of *patrol* in order, and back over the dock."""
    problems = patrol_problems(patrol)
    if problems or not has_keep_in(request):
        return _nothing([*problems, *request_problems(request)])
    speed_m_s = min(patrol.speed_m_s, request.card.speed_m_s)
    # A patrol that is too high is planned as high as may be, so that its other problems are found as well.
    too_high = height_problems(patrol.height_agl_m, request)
    patrol = replace(patrol, height_agl_m=highest_agl_m(patrol.height_agl_m, request), speed_m_s=speed_m_s)
    drafts = _Drafts(patrol, request, too_high)
    caution = Caution(areas=[n for n, part in enumerate(patrol.parts) if isinstance(part, PatrolArea)])
    while True:
        plan = drafts.plan(caution)
        route = plan.finished()
        if drafts.is_as_good_as_can_be(route) or not caution.raised(plan.parts_against(route.violations)):
            return route


class _Drafts:
    """Plans of one patrol that differ in the caution near borders; what they have in common is made once."""

    def __init__(self, patrol: Patrol, request: PlanRequest, too_high: Sequence[Problem]) -> None:
        self._patrol = patrol
        self._request = request
        self._too_high = too_high
        self._ways = _ways_of(request)
        self._errands: dict[tuple[int, int, GeoPosition], Errand] = {}

    def plan(self, caution: Caution) -> "_Plan":
        """Return the legs over all parts and home."""
        patrol = self._patrol
        plan = _Plan(self._request, patrol.height_agl_m, patrol.speed_m_s, self._ways)
        plan.problems.extend(self._too_high)
        for number, part in enumerate(patrol.parts):
            approach = Approach(
                start=plan.here.place,
                speed_m_s=patrol.speed_m_s,
                zones=self._request.zones,
                wariness=caution.levels.get(number, MOST_WARY),
            )
            plan.add_errand(part.name, partial(self._errand, number, approach))
        plan.go_home()
        return plan

    def is_as_good_as_can_be(self, route: PlannedRoute) -> bool:
        """Say whether nothing speaks against the route but what speaks against any."""
        against_any = len(self._too_high) + len(request_problems(self._request))
        return not route.violations and len(route.problems) == against_any

    def _errand(self, number: int, approach: Approach) -> Errand:
        key = (number, approach.wariness, approach.start)
        if key not in self._errands:
            self._errands[key] = errand_of(self._patrol.parts[number], self._patrol, self._ways, approach)
        return self._errands[key]


def plan_look(place: GeoPosition, request: PlanRequest, *, dwell_s: float, lift_m: float = 0.0) -> PlannedRoute:
    """Return the quickest route to where the camera sees *place*: it ends with a look and a wait at the stand-off."""
    if not has_keep_in(request):
        return _nothing(request_problems(request))
    heights = [height + lift_m for height in LOOK_HEIGHTS_AGL_M]
    plan = _Plan(request, heights[0], request.card.speed_m_s, _ways_of(request))
    refusals: list[str] = []
    for spot in stand_offs(place, plan.here.place, plan.ways, request.zones, heights, request.card.speed_m_s):
        camera = CameraAction(pitch_deg=spot.pitch_deg, yaw_deg=spot.yaw_deg)
        look = plan.leg(spot.waypoint, LegPurpose.LOOK, camera=camera, dwell_s=dwell_s, name="look")
        wait = plan.leg(spot.waypoint, LegPurpose.LOOK, camera=camera, dwell_s=WAITING_S, name=WAITING)
        try:
            plan.go_to(look)
        except NoWayAround as error:
            refusals.append(str(error))
            continue
        plan.add(wait)
        return plan.finished()
    what = "no place near it lets the camera see it" if not refusals else refusals[0]
    remedy = "send somebody on foot"
    return _nothing([*plan.problems, Problem(where=_words(place), what=what, remedy=remedy)])


def plan_remainder(legs: tuple[Leg, ...], legs_done: int, request: PlanRequest) -> PlannedRoute:
    """Return the route over what is left of *legs* after the first *legs_done*, and back over the dock.

    Legs of areas that cannot be flown from here are left out; `covered_ratio` is then the share of their length flown.
    """
    errands = errands_left(legs, legs_done)
    if not errands:
        return _nothing([Problem(where="legs", what="nothing is left to fly", remedy="end the run")])
    if not has_keep_in(request):
        return _nothing(request_problems(request))
    # a leg may have been slowed down before a border: the way between them is flown as fast as the fastest
    speed_m_s = min(max(stop.speed_m_s for errand in errands for stop in errand.stops), request.card.speed_m_s)
    height_m, ways = errands[0].stops[0].height_agl_m, _ways_of(request)
    strands = Strands(errands=errands, speed_m_s=speed_m_s, frame=ways.frame)
    refused: PlannedRoute | None = None
    while errands := strands.errands_now():
        plan = _Plan(request, height_m, speed_m_s, ways)
        for errand in errands:
            plan.add_errand(errand.name, lambda errand=errand: errand)  # type: ignore[misc]
        plan.go_home()
        route = replace(plan.finished(), covered_ratio=strands.flown_ratio)
        if not strands.try_others(plan.parts_against(route.violations)):
            return route
        refused = refused or route
    assert refused is not None
    return refused


class _Plan:
    """Legs in the making: where the vehicle would be, and what spoke against it so far."""

    def __init__(self, request: PlanRequest, height_agl_m: float, speed_m_s: float, ways: WaysAround) -> None:
        self._request = request
        self._speed_m_s = speed_m_s
        self._height_m = height_agl_m
        self.legs: list[Leg] = []
        self.problems = [*request_problems(request)]
        self.ways = ways
        self.here = self._start = self._start_waypoint()
        self._covered: list[float] = []
        self._parts: list[range] = []
        """Which legs belong to each errand."""
        self._failed: set[int] = set()
        if request.climbs_first and request.start is None and height_agl_m > self.here.height_agl_m:
            over_dock = Waypoint(place=request.dock.place, height_agl_m=height_agl_m)
            self.add(self.leg(over_dock, LegPurpose.TRANSIT, name=request.dock.id))

    def leg(
        self,
        to: Waypoint,
        purpose: LegPurpose,
        *,
        camera: CameraAction | None = None,
        dwell_s: float = 0.0,
        name: str = "",
    ) -> Leg:
        """Return a leg to *to* at the plan's speed."""
        return Leg(
            place=to.place,
            height_agl_m=to.height_agl_m,
            speed_m_s=self._speed_m_s,
            purpose=purpose,
            camera=camera,
            dwell_s=dwell_s,
            name=name,
        )

    def add(self, leg: Leg) -> None:
        """Go straight on to *leg*, slowing down before it where there is no room to stop behind it."""
        self.legs.extend(slowed(leg, self.here, self.ways, self._request.margins))
        self.here = Waypoint(place=leg.place, height_agl_m=leg.height_agl_m)

    def go_to(self, leg: Leg) -> None:
        """Go to *leg* by the shortest way inside the zones; raises NoWayAround."""
        end = Waypoint(place=leg.place, height_agl_m=leg.height_agl_m)
        over_m = self._request.site.return_height_agl_m
        between = self.ways.find(self.here, end, speed_m_s=self._speed_m_s, over_agl_m=over_m)
        for waypoint in between:
            self.add(self.leg(waypoint, LegPurpose.TRANSIT, camera=leg.camera, name=leg.name))
        if leg.purpose is not LegPurpose.TRANSIT or self.ways.length_m((self.here, end)) > _SAME_PLACE_M:
            self.add(leg)

    def add_errand(self, name: str, make: Callable[[], Errand]) -> None:
        """Add the stops of an errand, or note why it cannot be flown."""
        first = len(self.legs)
        try:
            self._add_runs(make())
        except (NoWayAround, InvalidInput) as error:
            where = f"{name} {error.where or ''}".strip()
            self.problems.append(Problem(where=where, what=error.message, remedy=error.remedy or ""))
            self._failed.add(len(self._parts))
        self._parts.append(range(first, len(self.legs)))

    def parts_against(self, violations: Sequence[Violation]) -> set[int]:
        """Return the errands, by their numbers, that cannot be flown or on whose legs these lie."""
        legs = {violation.leg for violation in violations}
        return self._failed | {number for number, part in enumerate(self._parts) if not legs.isdisjoint(part)}

    def _add_runs(self, errand: Errand) -> None:
        """Add the stops of *errand*; of an area, strands that no way leads to are left out and count as not seen."""
        left_out: dict[int, NoWayAround] = {}
        runs = list(errand.runs())
        for number, run in enumerate(runs):
            try:
                for stop in run:
                    self._add_stop(stop)
            except NoWayAround as error:
                left_out[number] = error
        if errand.path is not None:
            self._covered.append(errand.path.seen_without(left_out))
        if left_out and (errand.path is None or len(left_out) == len(runs)):
            raise next(iter(left_out.values()))
        if not errand.stops:
            remedy = "move the area away from keep-out zones and from the border of the keep-in zones"
            raise InvalidInput("nothing of it can be flown over", remedy=remedy)

    def _add_stop(self, stop: Leg) -> None:
        if stop.purpose in {LegPurpose.SURVEY, LegPurpose.LINE}:
            self.add(stop)
        else:
            self.go_to(stop)

    def go_home(self) -> None:
        """Go back over the dock, by the shortest way inside the zones."""
        height_m = self.here.height_agl_m if self.legs else self._height_m
        dock = Waypoint(place=self._request.dock.place, height_agl_m=height_m)
        try:
            self.go_to(self.leg(dock, LegPurpose.RETURN, name=self._request.dock.id))
        except NoWayAround as error:
            remedy = error.remedy or ""
            self.problems.append(
                Problem(where=f"way back {error.where or ''}".strip(), what=error.message, remedy=remedy)
            )

    def finished(self) -> PlannedRoute:
        """Return the route with its proof."""
        duration_s = self._duration_s()
        until = order_end(self._request, duration_s)
        problems = [*self.problems, *time_problems(self._request, duration_s)]
        proof = prove_order(self._flight(self.legs, until)) if self.legs else None
        return PlannedRoute(
            legs=tuple(self.legs),
            duration_s=duration_s,
            distance_m=self.ways.length_m([self._start, *(_waypoint(leg) for leg in self.legs)]),
            violations=proof.violations if proof else (),
            problems=tuple(problems),
            proved_until=until,
            return_height_agl_m=self._request.site.return_height_agl_m,
            covered_ratio=min(self._covered, default=None),
        )

    def _start_waypoint(self) -> Waypoint:
        request = self._request
        if request.start is None:
            return Waypoint(place=request.dock.place, height_agl_m=request.site.takeoff_height_agl_m)
        return Waypoint(place=request.start, height_agl_m=request.start_height_agl_m or 0.0)

    def _flight(self, legs: Sequence[Leg], until: datetime) -> OrderRoute:
        return route_of(legs, self._request, until)

    def _duration_s(self) -> float:
        request, frame = self._request, self.ways.frame
        seconds_s = 0.0 if request.start else _PREPARE_S + request.site.takeoff_height_agl_m / _CLIMB_M_S
        here = self._start
        for leg in self.legs:
            braking_s = leg.speed_m_s / request.margins.stopping.deceleration_m_s2
            seconds_s += leg_duration_s(frame, here, _waypoint(leg), leg.speed_m_s) + braking_s + leg.dwell_s
            here = _waypoint(leg)
        return seconds_s + self._way_home_s(here)

    def _way_home_s(self, here: Waypoint) -> float:
        dock = self._request.dock.place
        if self.legs and self.legs[-1].purpose is LegPurpose.RETURN:
            return here.height_agl_m / _LAND_M_S
        home_m = self._request.site.return_height_agl_m
        up = Waypoint(place=here.place, height_agl_m=home_m)
        over = Waypoint(place=dock, height_agl_m=home_m)
        stretches = ((here, up), (up, over))
        flown_s = sum(leg_duration_s(self.ways.frame, a, b, self._speed_m_s) for a, b in stretches)
        return flown_s + home_m / _LAND_M_S


def _ways_of(request: PlanRequest) -> WaysAround:
    return WaysAround(route_of((), request, request.now + _LONGEST))


def _nothing(problems: Sequence[Problem]) -> PlannedRoute:
    return PlannedRoute(legs=(), duration_s=0.0, distance_m=0.0, violations=(), problems=tuple(problems))


def _waypoint(leg: Leg) -> Waypoint:
    return Waypoint(place=leg.place, height_agl_m=leg.height_agl_m)


def _words(place: GeoPosition) -> str:
    return f"({place.lon_deg:.6f}, {place.lat_deg:.6f})"
