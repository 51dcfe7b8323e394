"""What happens to the reports of vehicles that concern incidents; the link calls these within its transaction."""

from core.database import Transaction
from core.errors import InvalidInput
from core.ids import VehicleId
from incidents.intake import Intake
from incidents.verification import Verification
from perception.sighting import LookResult, Sighting


class SightingHandler:
    """Takes sightings."""

    def __init__(self, *, intake: Intake) -> None:
        self._intake = intake

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: Sighting) -> None:
        """Put the sighting into the books; raises CallerError for one that can never be taken."""
        _check_sender(vehicle_id, report.vehicle_id)
        await self._intake.take(unit, report)


class LookResultHandler:
    """Takes the results of second looks."""

    def __init__(self, *, verification: Verification) -> None:
        self._verification = verification

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: LookResult) -> None:
        """Put the result into the books; raises CallerError for one that can never be taken."""
        _check_sender(vehicle_id, report.vehicle_id)
        await self._verification.take(unit, report)


def _check_sender(sender: VehicleId, named: VehicleId) -> None:
    if sender != named:
        raise InvalidInput(f"{sender} sent a report of {named}", where="vehicle_id")
