"""How each vehicle stands at this moment: what it is, what it does, what it says, and why it could not take off."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.clock import Clock
from core.database import Transaction
from core.ids import OrderId, VehicleId
from fleet.holding import Holder
from fleet.orders import Dock
from fleet.readiness import Reason, check_readiness
from fleet.store import FleetStore, OrderRecord, VehicleRecord
from fleet.telemetry import VehicleState
from missions.preemption import Busy, Doing, doing
from missions.site import Site


class LiveStates(Protocol):
    """The newest word of every vehicle (`fleet.registry.FleetRegistry`)."""

    def state(self, vehicle_id: VehicleId) -> VehicleState | None:
        """Return the newest state, aged; None when the vehicle was never heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One vehicle now. `not_ready` holds all reasons why it cannot take off, empty when it can."""

    record: VehicleRecord
    state: VehicleState
    current: OrderRecord | None
    doing: Doing
    dock: Dock | None
    not_ready: str
    reasons: tuple[Reason, ...]
    """The same reasons with code and numbers, for translated sentences."""

    @property
    def id(self) -> VehicleId:
        """Return the vehicle's id."""
        return self.record.card.id

    @property
    def why_busy(self) -> str:
        """Return what it is busy with, in words that do not change while it is; empty when it is idle on the ground."""
        if self.doing is not Doing.NOTHING:
            return f"is busy ({self.doing.value.replace('_', ' ')})"
        return "is in the air" if self.state.received_s is not None and self.state.is_airborne else ""

    @property
    def hovers(self) -> bool:
        """Say whether it stands still in the air."""
        speed_m_s = (self.state.east_m_s**2 + self.state.north_m_s**2 + self.state.up_m_s**2) ** 0.5
        return self.state.is_airborne and self.state.link_up and speed_m_s < 0.7


class Situations:
    """Puts the situations together from the books and the live states."""

    def __init__(self, *, fleet: FleetStore, live: LiveStates, site: Site, clock: Clock) -> None:
        self._fleet = fleet
        self._live = live
        self._site = site
        self._clock = clock
        self._held: dict[VehicleId, tuple[OrderId, Holder, float]] = {}
        """Since when each vehicle is held so, by our own monotonic clock: those of agents may differ."""

    async def all(self, unit: Transaction) -> Sequence[Situation]:
        """Return the situation of every vehicle in the books."""
        return [await self._situation(unit, record) for record in await self._fleet.vehicles(unit)]

    async def _situation(self, unit: Transaction, record: VehicleRecord) -> Situation:
        vehicle_id = record.card.id
        current = await self._fleet.current_order(unit, vehicle_id)
        state = self._live.state(vehicle_id) or VehicleState(vehicle_id=vehicle_id)
        busy = Busy(
            purpose=current.order.purpose if current else None,
            held_by=current.progress.holder if current else Holder.NOBODY,
            state=state,
            held_s=self._held_s(vehicle_id, current),
        )
        dock = self._dock(record, state)
        readiness = check_readiness(
            state=state, record=record, current=current, dock=dock, now_s=self._clock.monotonic_s()
        )
        return Situation(
            record=record,
            state=state,
            current=current,
            doing=doing(busy),
            dock=dock,
            not_ready=readiness.because,
            reasons=readiness.reasons,
        )

    def _held_s(self, vehicle_id: VehicleId, current: OrderRecord | None) -> float:
        if current is None or current.progress.holder is Holder.NOBODY:
            self._held.pop(vehicle_id, None)
            return 0.0
        now_s = self._clock.monotonic_s()
        order_id, holder = current.order.id, current.progress.holder
        known = self._held.get(vehicle_id)
        if known is None or known[:2] != (order_id, holder):
            known = self._held[vehicle_id] = (order_id, holder, now_s)
        return now_s - known[2]

    def _dock(self, record: VehicleRecord, state: VehicleState) -> Dock | None:
        """Return its dock; a vehicle without one starts from and returns to where the autopilot calls home."""
        if record.card.dock_id:
            return self._site.dock(record.card.dock_id)
        return Dock(id="home", place=state.home) if state.home else None
