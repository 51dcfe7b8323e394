"""Who is responsible for a place: the unit grid cell that holds it."""

from dataclasses import dataclass
from typing import Protocol

from shapely.geometry import Point

from core.database import Transaction
from core.ids import ZoneId
from geofence.positions import GeoPosition
from geofence.zones import ZoneKind, ZoneSet


class ZonesInForce(Protocol):
    """Where the site's zones come from."""

    async def zones(self, unit: Transaction) -> ZoneSet:
        """Return the newest zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponsibleGrid:
    """A grid cell and its worker's user name (None: nobody is named)."""

    id: ZoneId
    worker: str | None


def responsible_grid(zones: ZoneSet, place: GeoPosition) -> ResponsibleGrid | None:
    """Return the first grid cell, in file order, that covers *place*; None when none does."""
    point = Point(place.lon_deg, place.lat_deg)
    for zone in zones.of_kind(ZoneKind.GRID):
        if zone.polygon.covers(point):
            worker = zone.grid.get("worker")
            return ResponsibleGrid(id=zone.id, worker=worker if isinstance(worker, str) and worker else None)
    return None
