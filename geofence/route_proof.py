"""The proof that a whole route, and every way home from it, stays where vehicles may be.

What is proved: the take-off column, every leg as a line in space, the corner cut and the overshoot at every point, and
from every point of all of these the way home (up or down to the return height, straight to the dock, straight down).
Each stays `Margins.sideways_m` inside the keep-in zones and outside of the keep-out zones that hold at any moment of
the order's time window, and `Margins.height_error_m` below ceilings and above floors. A vehicle that already hovers
nearer to a border than that may leave the place, never coming nearer than it is (`geofence.start_room`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from geofence.keep_in_proof import keep_in_violations
from geofence.keep_out_proof import keep_out_violations
from geofence.positions import GeoPosition
from geofence.proof_ground import proof_ground
from geofence.route import OrderRoute, RoutePhase, RouteProof, RouteWindow, Violation
from geofence.route_shapes import Shapes, route_shapes
from geofence.start_room import start_room_m

_GRAVITY = {phase: rank for rank, phase in enumerate(RoutePhase)}
_ONCE = frozenset({"above_keep_in_ceiling", "below_keep_in_floor", "above_authorised_ceiling"})
"""Where the return height itself is wrong, saying it once for all ways home is enough."""


def prove_order(route: OrderRoute) -> RouteProof:
    """Return every reason why *route* may not be flown, the gravest for each leg and zone; none means safe."""
    ground = proof_ground(route)
    shapes = route_shapes(route, ground.frame)
    if route.start is not None:
        room_m = start_room_m(route, route.start, ground.keep_out, ground.regions, ground.frame)
        shapes = replace(shapes, room_m=np.where(shapes.leaves_start, room_m, shapes.room_m))
    found = [
        *_window_violations(route),
        *_authorised_height_violations(route),
        *keep_in_violations(route, ground.regions, shapes, ground.frame),
        *keep_out_violations(ground, route.margins, shapes),
    ]
    return RouteProof(zones_hash=route.zones.hash, violations=tuple(_gravest(found)))


def _gravest(violations: Iterable[Violation]) -> list[Violation]:
    kept: dict[tuple[object, ...], Violation] = {}
    for violation in sorted(violations, key=lambda v: (_GRAVITY[v.phase], -v.amount_m)):
        is_once = violation.phase is RoutePhase.WAY_HOME and violation.code in _ONCE
        zone = violation.zone_id or violation.code
        kept.setdefault((None if is_once else violation.leg, zone, is_once), violation)
    return sorted(kept.values(), key=lambda v: (-1 if v.leg is None else v.leg, _GRAVITY[v.phase]))


def _window_violations(route: OrderRoute) -> Iterator[Violation]:
    allowed = route.authorisation
    if route.not_after_at <= route.not_before_at:
        yield _whole("empty_window", "the time window ends before it begins", "give a window with time in it")
    if allowed and route.not_before_at < allowed.not_before_at:
        because = f"begins before the authorisation {allowed.number} does ({allowed.not_before_at.isoformat()})"
        yield _whole("before_authorisation", because, "start later")
    if allowed and route.not_after_at > allowed.not_after_at:
        because = f"may end after the authorisation {allowed.number} does ({allowed.not_after_at.isoformat()})"
        yield _whole("after_authorisation", because, "start earlier, shorten it, or apply for a longer time")


def _authorised_height_violations(route: OrderRoute) -> Iterator[Violation]:
    allowed = route.authorisation
    if allowed is None:
        return
    if route.return_height_agl_m + route.margins.height_error_m > allowed.ceiling_agl_m:
        yield _too_high(route, allowed, route.return_height_agl_m, None, RoutePhase.WAY_HOME, route.dock)
    if route.start is None and route.takeoff_height_agl_m + route.margins.height_error_m > allowed.ceiling_agl_m:
        yield _too_high(route, allowed, route.takeoff_height_agl_m, None, RoutePhase.TAKEOFF, route.dock)
    for leg, point in enumerate(route.points):
        if point.height_agl_m + route.margins.height_error_m > allowed.ceiling_agl_m:
            yield _too_high(route, allowed, point.height_agl_m, leg, RoutePhase.LEG, point.place)


def _too_high(
    route: OrderRoute,
    allowed: RouteWindow,
    height_m: float,
    leg: int | None,
    phase: RoutePhase,
    place: GeoPosition,
) -> Violation:
    error_m = route.margins.height_error_m
    return Violation(
        code="above_authorised_ceiling",
        leg=leg,
        phase=phase,
        zone_id=None,
        place=place,
        amount_m=height_m + error_m - allowed.ceiling_agl_m,
        because=f"{height_m:g} m is not {error_m:g} m below the authorised ceiling of {allowed.ceiling_agl_m:g} m",
        remedy="lower the height, or apply for a higher ceiling",
        params={"height_m": height_m, "limit_m": allowed.ceiling_agl_m, "needed_m": error_m},
    )


def _whole(code: str, because: str, remedy: str) -> Violation:
    return Violation(
        code=code,
        leg=None,
        phase=RoutePhase.ORDER,
        zone_id=None,
        place=None,
        amount_m=0.0,
        because=because,
        remedy=remedy,
    )


__all__ = ["OrderRoute", "RoutePhase", "RouteProof", "Shapes", "Violation", "prove_order"]
