"""What a route is planned for, what comes out of it, and what can speak against it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fleet.order_route import window_of
from fleet.orders import Dock, FailsafeChoices, Leg
from fleet.vehicle import VehicleCard
from geofence.margins import Margins
from geofence.positions import GeoPosition
from geofence.route import OrderRoute, RoutePoint, Violation
from geofence.zones import ZoneKind, ZoneSet
from missions.errors import Problem
from missions.patrol import Patrol
from missions.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a route is planned for; a `start` of None means on the ground in the dock, else hovering there."""

    site: Site
    zones: ZoneSet
    card: VehicleCard
    dock: Dock
    start: GeoPosition | None
    start_height_agl_m: float | None
    now: datetime
    failsafes: FailsafeChoices
    margins: Margins = field(default_factory=Margins)
    climbs_first: bool = False
    """From the dock it climbs straight up to its height before it leaves (others are in the air)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRoute:
    """Legs with what speaks against them; the duration includes take-off and the way home."""

    legs: tuple[Leg, ...]
    duration_s: float
    distance_m: float
    violations: tuple[Violation, ...]
    problems: tuple[Problem, ...]
    proved_until: datetime | None = None
    """The end of the time window that the proof holds for; None when nothing was planned."""
    return_height_agl_m: float | None = None
    """The height of the way home that the proof holds for; None when nothing was planned."""
    covered_ratio: float | None = None
    """The least share of a patrol area that is seen; None when the patrol has no areas."""

    @property
    def is_flyable(self) -> bool:
        """Say whether nothing speaks against the route."""
        return not self.problems and not self.violations

    @property
    def because(self) -> str:
        """Return every reason against the route in one line; empty when there is none."""
        return "; ".join([*(str(problem) for problem in self.problems), *(str(found) for found in self.violations)])


def order_end(request: PlanRequest, duration_s: float) -> datetime:
    """Return the end of the time window that a route of *duration_s* is proved for and its order should carry."""
    end = request.now + timedelta(seconds=1.5 * duration_s, minutes=10)
    permitted = request.site.authorisation
    return min(end, permitted.not_after_at) if permitted else end


def route_of(legs: Sequence[Leg], request: PlanRequest, until: datetime) -> OrderRoute:
    """Return *legs* as the route proof sees them."""
    site, permitted = request.site, request.site.authorisation
    return OrderRoute(
        points=tuple(
            RoutePoint(place=leg.place, height_agl_m=leg.height_agl_m, speed_m_s=leg.speed_m_s) for leg in legs
        ),
        dock=request.dock.place,
        takeoff_height_agl_m=site.takeoff_height_agl_m,
        return_height_agl_m=site.return_height_agl_m,
        zones=request.zones,
        not_before_at=request.now,
        not_after_at=until,
        start=request.start,
        start_height_agl_m=request.start_height_agl_m or 0.0,
        authorisation=window_of(permitted),
        margins=request.margins,
        rally_points=tuple(rally.place for rally in site.rally_points),
    )


def patrol_problems(patrol: Patrol) -> list[Problem]:
    """Return what is wrong with the patrol itself."""
    problems = []
    if not patrol.parts:
        problems.append(Problem(where="parts", what="the patrol has no parts", remedy="add a point, a line or an area"))
    if not (math.isfinite(patrol.height_agl_m) and patrol.height_agl_m > 0):
        remedy = "give metres above the ground"
        problems.append(Problem(where="height_agl_m", what=f"is {patrol.height_agl_m}", remedy=remedy))
    if not (math.isfinite(patrol.speed_m_s) and patrol.speed_m_s > 0):
        problems.append(Problem(where="speed_m_s", what=f"is {patrol.speed_m_s}", remedy="give metres a second"))
    return problems


def height_problems(height_agl_m: float, request: PlanRequest) -> list[Problem]:
    """Return why nothing may be flown at *height_agl_m* wherever it is: ceilings of zones and of the authorisation."""
    error_m = request.margins.height_error_m
    return [
        Problem(
            where="height_agl_m",
            what=f"{height_agl_m:g} m is not {error_m:g} m below {whose}, {ceiling_m:g} m",
            remedy=remedy,
        )
        for whose, ceiling_m, remedy in _ceilings(request)
        if height_agl_m + error_m > ceiling_m
    ]


def highest_agl_m(height_agl_m: float, request: PlanRequest) -> float:
    """Return *height_agl_m*, or the highest one below it at which anything may be flown at all."""
    error_m = request.margins.height_error_m
    return min([height_agl_m, *(ceiling_m - error_m for _, ceiling_m, _ in _ceilings(request))])


def _ceilings(request: PlanRequest) -> Iterator[tuple[str, float, str]]:
    ceilings_m = [zone.ceiling_agl_m for zone in request.zones.of_kind(ZoneKind.KEEP_IN)]
    known_m = [ceiling_m for ceiling_m in ceilings_m if ceiling_m is not None]
    if known_m and len(known_m) == len(ceilings_m):
        yield "the highest ceiling of all keep-in zones", max(known_m), "fly lower, or have the zone made higher"
    if request.site.authorisation is not None:
        number, ceiling_m = request.site.authorisation.number, request.site.authorisation.ceiling_agl_m
        yield f"the ceiling of the authorisation {number}", ceiling_m, "fly lower, or apply for a higher ceiling"


def has_keep_in(request: PlanRequest) -> bool:
    """Say whether there is any area in which vehicles may fly."""
    return any(request.zones.of_kind(ZoneKind.KEEP_IN))


def request_problems(request: PlanRequest) -> list[Problem]:
    """Return what speaks against any flight now."""
    problems = _authorisation_problems(request)
    if not has_keep_in(request):
        remedy = "draw the area in which vehicles may fly (keep_in)"
        problems.append(Problem(where="zones", what="there is no keep-in zone", remedy=remedy))
    return problems


def _authorisation_problems(request: PlanRequest) -> list[Problem]:
    permitted = request.site.authorisation
    if permitted is None:
        remedy = "enter the number, ceiling and time window of the permission"
        return [Problem(where="authorisation", what="there is no authorisation to fly here", remedy=remedy)]
    if permitted.not_after_at <= request.now:
        what = f"the authorisation {permitted.number} ended at {permitted.not_after_at.isoformat()}"
        return [Problem(where="authorisation", what=what, remedy="apply for a new one")]
    return []


def usable_s(request: PlanRequest) -> float:
    """Return for how long the vehicle flies before its battery is low."""
    return request.card.endurance_s * (1 - request.failsafes.battery_low_ratio)


def time_problems(request: PlanRequest, duration_s: float) -> list[Problem]:
    """Return what speaks against a flight of *duration_s*: the battery, the end of the authorisation."""
    problems = []
    if duration_s > usable_s(request):
        what = f"takes {duration_s:.0f} s, {request.card.id} flies {usable_s(request):.0f} s before its battery is low"
        remedy = "shorten the patrol, fly faster, or split it"
        problems.append(Problem(where="duration", what=what, remedy=remedy))
    permitted = request.site.authorisation
    if permitted and request.now < permitted.not_after_at < request.now + timedelta(seconds=duration_s):
        what = f"would land after the authorisation {permitted.number} ends ({permitted.not_after_at.isoformat()})"
        problems.append(Problem(where="authorisation", what=what, remedy="start earlier or apply for a longer time"))
    return problems
