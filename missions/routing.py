"""From a wish to a route that is proved: against the zones, the battery, the permission and the other flights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fleet.orders import FailsafeChoices, Leg
from fleet.telemetry import FlightMode
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet
from missions.patrol import Patrol
from missions.planner import PlannedRoute, PlanRequest, plan_look, plan_patrol, plan_remainder
from missions.separation import Distances, first_conflict, least_delay_s, with_dock_columns
from missions.site import Site
from missions.situation import Situation
from missions.tubes import Flight

_Planner = Callable[[PlanRequest, float], PlannedRoute]
_BELOW_WAY_HOME_M = 5.0
_GOES_ON = frozenset({FlightMode.MISSION, FlightMode.TAKEOFF})
LEVELS_M = (0.0, 8.0, 16.0)
"""What a flight may be lifted by to pass over others; the lowest level that works is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A route, or why there is none; `may_wait` says that time alone may mend it (another vehicle is in the way)."""

    route: PlannedRoute | None
    because: str
    may_wait: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a route is planned on."""

    site: Site
    zones: ZoneSet
    now: datetime
    others: Sequence[Situation]
    look_dwell_s: float
    distances: Distances


def route_patrol(patrol: Patrol, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of a whole patrol from the vehicle's dock."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        return plan_patrol(replace(patrol, height_agl_m=patrol.height_agl_m + lift_m), request)

    return _first_free(plan, vehicle, ground, from_air=False)


def route_look(place: GeoPosition, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of a look, from the dock or from where the vehicle hovers."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        return plan_look(place, request, dwell_s=ground.look_dwell_s, lift_m=lift_m)

    return _first_free(plan, vehicle, ground, from_air=vehicle.state.is_airborne)


def route_remainder(legs: tuple[Leg, ...], legs_done: int, vehicle: Situation, ground: Ground) -> Routed:
    """Return the route of what is left of *legs*, from the dock or from where the vehicle hovers."""

    def plan(request: PlanRequest, lift_m: float) -> PlannedRoute:
        lifted = tuple(replace(leg, height_agl_m=leg.height_agl_m + lift_m) for leg in legs)
        return plan_remainder(lifted, legs_done, request)

    return _first_free(plan, vehicle, ground, from_air=vehicle.state.is_airborne)


def _first_free(plan: _Planner, vehicle: Situation, ground: Ground, *, from_air: bool) -> Routed:
    if vehicle.dock is None:
        known = ", ".join(dock.id for dock in ground.site.docks)
        return Routed(route=None, because=f"{vehicle.id} has no dock here (the site has {known or 'none'})")
    if from_air and vehicle.state.position is None:
        return Routed(route=None, because=f"{vehicle.id} does not say where it is", may_wait=True)
    request = _request(vehicle, ground, from_air=from_air)
    others = [flight for other in ground.others if (flight := _flight_of(other, except_for=vehicle, site=ground.site))]
    refused: Routed | None = None
    for home_agl_m in _home_heights(ground, others):
        at_height = replace(request, site=replace(request.site, return_height_agl_m=home_agl_m))
        routed = _at_levels(plan, at_height, vehicle, others, ground)
        if routed.route is not None or (routed.may_wait and not others):
            return routed
        refused = refused or routed
    assert refused is not None
    return refused


def _home_heights(ground: Ground, others: Sequence[Flight]) -> list[float]:
    """Return heights for the way home that differ from those of *others* in the air; the site's own comes last then."""
    own_m = ground.site.return_height_agl_m
    taken_m = [other.return_height_agl_m for other in others if other.return_height_agl_m is not None]
    free = [
        own_m + level_m
        for level_m in LEVELS_M
        if all(abs(own_m + level_m - other_m) >= ground.distances.height_m for other_m in taken_m)
    ]
    return free if own_m in free else [*free, own_m]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """A route at one level: from when on it meets nobody (infinite: not while they fly), and why not at once."""

    route: PlannedRoute
    delay_s: float
    because: str

    @property
    def done_s(self) -> float:
        """Return when it would be done: what counts when options are compared."""
        return self.delay_s + self.route.duration_s


def _at_levels(
    plan: _Planner, request: PlanRequest, vehicle: Situation, others: Sequence[Flight], ground: Ground
) -> Routed:
    """Return the route that is done first of those at all levels, now or by waiting."""
    options: list[_Option] = []
    for lift_m in LEVELS_M:
        route = _around_docks(plan, request, lift_m, others, ground.distances)
        if not route.is_flyable:
            if not options:
                return _refused(plan, request, route, others)
            break
        options.append(_option(route, request, vehicle, others, ground.distances))
        if options[-1].delay_s == 0.0:
            break
    best = min(options, key=lambda option: option.done_s)
    if best.delay_s == 0.0:
        return Routed(route=best.route, because="")
    return Routed(route=None, because=_waits(best, ground.now), may_wait=True)


def _option(
    route: PlannedRoute, request: PlanRequest, vehicle: Situation, others: Sequence[Flight], distances: Distances
) -> _Option:
    assert vehicle.dock is not None
    flight = Flight(
        vehicle_id=vehicle.id,
        start=request.start or vehicle.dock.place,
        legs=route.legs,
        dock=vehicle.dock,
        start_height_agl_m=_start_height_m(request),
        return_height_agl_m=request.site.return_height_agl_m,
        is_on_ground=request.start is None,
    )
    because = first_conflict(flight, others, distances=distances)
    delay_s = least_delay_s(flight, others, distances=distances) if because else 0.0
    return _Option(route=route, delay_s=delay_s, because=because)


def _start_height_m(request: PlanRequest) -> float:
    return request.site.takeoff_height_agl_m if request.start is None else request.start_height_agl_m or 0.0


def _waits(option: _Option, now: datetime) -> str:
    """Return what it waits for; the moment is told by the minute, so that the words stay while it waits."""
    if math.isinf(option.delay_s):
        return option.because
    at = now + timedelta(seconds=option.delay_s + 59)
    return f"{option.because}; it can begin at about {at:%H:%M} UTC"


def _around_docks(
    plan: _Planner, request: PlanRequest, lift_m: float, others: Sequence[Flight], distances: Distances
) -> PlannedRoute:
    below_agl_m = request.site.return_height_agl_m - _BELOW_WAY_HOME_M
    zones = with_dock_columns(request.zones, others, below_agl_m=below_agl_m, distances=distances)
    return plan(replace(request, zones=zones, climbs_first=bool(others)), lift_m)


def _refused(plan: _Planner, request: PlanRequest, route: PlannedRoute, others: Sequence[Flight]) -> Routed:
    """Say whether the other flights are the reason: then it may wait for them; else it cannot be flown at all."""
    if others and plan(request, LEVELS_M[0]).is_flyable:
        names = ", ".join(other.vehicle_id for other in others)
        return Routed(route=None, because=f"it waits for {names}: {route.because}", may_wait=True)
    return Routed(route=None, because=route.because)


def _request(vehicle: Situation, ground: Ground, *, from_air: bool) -> PlanRequest:
    assert vehicle.dock is not None
    return PlanRequest(
        site=ground.site,
        zones=ground.zones,
        card=vehicle.record.card,
        dock=vehicle.dock,
        start=vehicle.state.position if from_air else None,
        start_height_agl_m=vehicle.state.height_above_home_m if from_air else None,
        now=ground.now,
        failsafes=FailsafeChoices(),
        margins=ground.site.margins,
    )


def _flight_of(other: Situation, *, except_for: Situation, site: Site) -> Flight | None:
    """Return what the other vehicle still flies; None when it stands on the ground without an order."""
    if other.id == except_for.id or other.dock is None:
        return None
    if other.current is None and not (other.state.is_airborne and other.state.position is not None):
        return None
    order = other.current.order if other.current else None
    done = other.current.progress.legs_done if other.current else 0
    in_air = other.state.is_airborne and other.state.position is not None
    return Flight(
        vehicle_id=other.id,
        start=other.state.position or other.dock.place,
        legs=order.legs[done:] if order else (),
        dock=other.dock,
        start_height_agl_m=(other.state.height_above_home_m or 0.0) if in_air else site.takeoff_height_agl_m,
        return_height_agl_m=order.return_height_agl_m if order else None,
        is_on_ground=not in_air,
        is_held=in_air and other.state.mode not in _GOES_ON,
    )
