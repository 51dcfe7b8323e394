"""What missions asks of rooms above it: the zones in force, and places that want a second look."""

from collections.abc import Sequence
from typing import Protocol

from core.database import Transaction
from core.ids import OrderId, VehicleId
from fleet.orders import Check
from geofence.positions import GeoPosition
from geofence.zones import ZoneSet


class ZoneSource(Protocol):
    """The zones that hold now."""

    async def zones(self, unit: Transaction) -> ZoneSet:
        """Return the newest zone set; empty when none was ever given."""


class CheckSource(Protocol):
    """Incidents that were reported as handled and want to be looked at again (`incidents.verification`)."""

    async def checks_for(
        self, unit: Transaction, *, route: Sequence[GeoPosition], within_m: float
    ) -> tuple[Check, ...]:
        """Return the checks of handled incidents within *within_m* of the route."""

    async def mark_verifying(
        self, unit: Transaction, checks: Sequence[Check], *, order_id: OrderId, vehicle_id: VehicleId
    ) -> None:
        """Note that these incidents are being looked at again by that order."""
