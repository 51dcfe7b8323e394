"""The guard in flight: predicts a breach of the order's zones and acts before it, without asking anyone."""

import asyncio
from typing import Protocol

import structlog

from agent.order_book import ReportSink
from core.clock import Clock
from core.errors import Conflict, Fault, RoundsmanError
from core.ids import ZoneId
from fleet.order_route import route_of_order
from fleet.orders import Order, VehicleEvent
from fleet.telemetry import FlightMode, VehicleState
from fleet.vehicle import Vehicle
from geofence.frames import LocalFrame
from geofence.live_guard import GuardSettings, LiveGuard
from geofence.margins import Margins
from geofence.route_proof import prove_order
from geofence.verdicts import GuardVerdict

_STALE_S = 2.0
_HELD_AT_MOST_S = 30.0
"""A vehicle that the guard stopped is sent home when nobody decides otherwise in this time."""
_GUARDED = frozenset({FlightMode.MISSION, FlightMode.OFFBOARD, FlightMode.TAKEOFF, FlightMode.OTHER})
"""Not the way home and landing, which are the way out, and not a pilot's own hands: those are only reported."""
_IN_AIR_MARGINS = Margins(position_error_m=1.0, wind_drift_m=0.0, height_error_m=1.0)
"""The vehicle has moved on since the route was planned from the air: the guard's own margins, not the planner's."""


class OrderGuard(Protocol):
    """What flying an order asks of the guard."""

    def refuse(self, order: Order, *, first_leg: int = 0) -> str | None:
        """Return why *order*, flown from *first_leg* on, leaves its zones, or None."""

    def watch(self, order: Order) -> None:
        """Guard the zones of *order* from now on."""

    def because(self) -> str:
        """Return why the guard stopped the vehicle last, or nothing."""

    def leave_to_person(self) -> None:
        """Leave a vehicle that the guard stopped where it is: a person has decided so."""


class Guard:
    """Guards one vehicle within the zones of its newest order; runs beside the executor and in front of it."""

    def __init__(
        self, *, vehicle: Vehicle, reports: ReportSink, clock: Clock, settings: GuardSettings | None = None
    ) -> None:
        self._vehicle = vehicle
        self._reports = reports
        self._clock = clock
        self._settings = settings or GuardSettings()
        self._order: Order | None = None
        self._live: LiveGuard | None = None
        self._because = ""
        self._held_s: float | None = None
        self._told: ZoneId | str | None = None
        self._has_order = asyncio.Event()
        self._log = structlog.get_logger("guard").bind(vehicle_id=vehicle.id)

    def watch(self, order: Order) -> None:
        """Guard the zones of *order* from now on."""
        self._order, self._live = order, self._live_guard(order)
        self._because, self._held_s = "", None
        self._has_order.set()

    def because(self) -> str:
        """Return why the guard stopped the vehicle, while that holds."""
        return self._because

    def leave_to_person(self) -> None:
        """Leave a vehicle that the guard stopped where it is: a person has decided so."""
        self._held_s = None

    def refuse(self, order: Order, *, first_leg: int = 0) -> str | None:
        """Return why the route of *order* from *first_leg* on, from where the vehicle is, is not proved, or None."""
        state = self._vehicle.state()
        is_in_air = state.is_airborne and state.position is not None
        route = route_of_order(
            order,
            first_leg=first_leg,
            start=state.position if is_in_air else None,
            start_height_agl_m=(state.height_above_home_m or 0.0) if is_in_air else 0.0,
            margins=_IN_AIR_MARGINS if is_in_air else None,
        )
        violations = prove_order(route).violations
        return "; ".join(map(str, violations)) or None

    async def run(self) -> None:
        """Judge every telemetry sample (at least 2 Hz) from the first order on, until cancelled."""
        await self._has_order.wait()
        async for state in self._vehicle.states():
            if self._live is not None and self._order is not None and self._is_judged(state):
                await self._judge(state, self._live, self._order)

    def _is_judged(self, state: VehicleState) -> bool:
        is_fresh = state.age_s(self._clock.monotonic_s()) < _STALE_S
        return state.link_up and is_fresh and state.is_airborne and not state.is_ambiguous

    async def _judge(self, state: VehicleState, live: LiveGuard, order: Order) -> None:
        if state.mode in _GUARDED:
            self._held_s, self._because = None, ""
        verdict = self._verdict(state, live, order)
        if verdict.breach is None:
            self._told = None
        elif state.mode in _GUARDED:
            await self._stop(verdict.breach.because, verdict.breach.zone_id)
        elif self._told is None:
            self._told = verdict.breach.zone_id or "outside"
            await self._tell("guard_saw", verdict.breach.because, verdict.breach.zone_id)
        await self._send_home_if_forgotten(state, is_inside=verdict.is_inside)

    def _verdict(self, state: VehicleState, live: LiveGuard, order: Order) -> GuardVerdict:
        assert state.position is not None
        height_m = state.height_above_home_m or 0.0
        now = self._clock.now()
        return live.check(state.position, height_m, state.east_m_s, state.north_m_s, state.up_m_s, now)

    async def _stop(self, because: str, zone_id: ZoneId | None) -> None:
        self._because = f"the guard stopped it: it {because}"
        self._held_s = self._clock.monotonic_s()
        self._told = zone_id or "outside"
        try:
            await self._vehicle.hold()
        except Conflict as taken_over:
            # Another word came in the middle; where the vehicle flies on by it, the next sample is judged again.
            self._log.warning("not held by the guard", because=str(taken_over))
        except RoundsmanError as error:
            await self._tell("guard_hold_failed", str(error), zone_id)
            await self._go_home(zone_id)
        else:
            await self._tell("guard_held", self._because, zone_id)

    async def _send_home_if_forgotten(self, state: VehicleState, *, is_inside: bool) -> None:
        if self._held_s is None or state.mode is not FlightMode.HOLD:
            return
        if not is_inside or self._clock.monotonic_s() - self._held_s > _HELD_AT_MOST_S:
            await self._go_home(None)

    async def _go_home(self, zone_id: ZoneId | None) -> None:
        try:
            await self._vehicle.return_home()
        except RoundsmanError as error:
            self._log.error("the vehicle cannot be sent home", because=str(error))
            await self._tell("guard_return_failed", str(error), zone_id)
        else:
            await self._tell("guard_returned", self._because, zone_id)

    async def _tell(self, kind: str, text: str, zone_id: ZoneId | None) -> None:
        order_id = None if self._order is None else self._order.id
        now = self._clock.now()
        event = VehicleEvent(
            vehicle_id=self._vehicle.id, kind=kind, text=text, at=now, zone_id=zone_id, order_id=order_id
        )
        try:
            await self._reports.put(event)
        except Fault as error:
            # It goes on guarding: what it does for the vehicle does not depend on its being told.
            self._log.error("not told, there is no outbox", kind=kind, text=text, because=str(error))

    def _live_guard(self, order: Order) -> LiveGuard:
        return LiveGuard(order.zones, LocalFrame(origin=order.dock.place), self._settings)
