"""What happens to the reports of vehicles that concern incidents; the link calls these within its transaction."""

import math
from collections.abc import Mapping, Sequence

from core.database import Transaction
from core.errors import InvalidInput
from core.ids import VehicleId
from incidents.intake import Intake
from incidents.verification import Verification
from perception.sighting import LookResult, Photo, Sighting


class SightingHandler:
    """Takes sightings."""

    def __init__(self, *, intake: Intake) -> None:
        self._intake = intake

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: Sighting) -> None:
        """Put the sighting into the books; raises CallerError for one that can never be taken."""
        _check_sender(vehicle_id, report.vehicle_id)
        _check_values(report)
        _check_photos(report.photos)
        await self._intake.take(unit, report)


class UrgentSightingHandler:
    """Takes what cannot wait of a sighting that could not be taken: people are called, its pictures come later."""

    def __init__(self, *, intake: Intake) -> None:
        self._intake = intake

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: Sighting) -> None:
        """Ring where the sighting is an alarm; raises CallerError for one that can never be taken."""
        _check_sender(vehicle_id, report.vehicle_id)
        _check_values(report)
        await self._intake.ring(unit, report)


class LookResultHandler:
    """Takes the results of second looks."""

    def __init__(self, *, verification: Verification) -> None:
        self._verification = verification

    async def handle(self, unit: Transaction, *, vehicle_id: VehicleId, report: LookResult) -> None:
        """Put the result into the books; raises CallerError for one that can never be taken."""
        _check_sender(vehicle_id, report.vehicle_id)
        _check_photos(report.photos)
        await self._verification.take(unit, report)


def _check_sender(sender: VehicleId, named: VehicleId) -> None:
    if sender != named:
        raise InvalidInput(f"{sender} sent a report of {named}", where="vehicle_id")


def _check_values(sighting: Sighting) -> None:
    """Raise InvalidInput for what no book keeps, so that it is kept apart and holds no later report up."""
    ellipse = sighting.ellipse
    numbers = (ellipse.major_m, ellipse.minor_m, ellipse.heading_deg, sighting.observed_s, sighting.score)
    if not all(map(math.isfinite, numbers)):
        raise InvalidInput("a sighting needs finite numbers", where=f"sighting {sighting.id}")
    if not isinstance(sighting.facts, Mapping):
        raise InvalidInput("the facts of a sighting have names", where=f"sighting {sighting.id}")


def _check_photos(photos: Sequence[Photo]) -> None:
    if len({photo.id for photo in photos}) < len(photos):
        raise InvalidInput("two pictures have one id", where="photos")
