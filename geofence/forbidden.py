"""Where no vehicle may be at one moment: keep-out zones, and what lies outside of the keep-in zones, as prisms."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from core.ids import ZoneId
from geofence.contacts import Borders
from geofence.frames import FloatArray, LocalFrame
from geofence.overlay import without
from geofence.prisms import GeometryArray, IntArray, Prisms, Slab, slabs
from geofence.zone_grid import ZoneGrid
from geofence.zones import Zone, ZoneKind, ZoneSet

_FAR_M = 1e6
_GROWN_M = 40.0
"""How far the grid sees: what a vehicle at 9 m/s needs to stop; faster ones are looked up in the tree."""
_ROUNDING_M = 1e-3
_FEW = 64
"""So many places are not worth a grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forbidden:
    """An upright prism where no vehicle may be."""

    area: BaseGeometry
    lowest_m: float
    highest_m: float
    zone_id: ZoneId | None
    name: str
    is_keep_out: bool

    def because(self, *, is_in: bool) -> str:
        """Say of a vehicle what it does to this prism, as the end of a sentence."""
        if self.is_keep_out:
            return f"{'is inside' if is_in else 'is about to enter'} the keep-out zone {self.name}"
        if not self.zone_id:
            return f"{'is' if is_in else 'is about to be'} above or below the keep-in zones"
        return f"{'is outside of' if is_in else 'is about to leave'} the keep-in zone {self.name}"


class ForbiddenSpace:
    """All prisms of one moment, indexed."""

    def __init__(self, prisms: tuple[Forbidden, ...], frame: LocalFrame) -> None:
        self.prisms = prisms
        self.areas: GeometryArray = np.array([prism.area for prism in prisms], dtype=object).reshape(len(prisms))
        self.lowest_m = np.array([prism.lowest_m for prism in prisms], dtype=np.float64)
        self.highest_m = np.array([prism.highest_m for prism in prisms], dtype=np.float64)
        self._frame = frame
        shapely.prepare(self.areas)
        self.tree = STRtree(self.areas)

    @classmethod
    def of(cls, zones: ZoneSet, in_force: tuple[bool, ...], frame: LocalFrame) -> "ForbiddenSpace":
        """Return what is forbidden while the zones marked in *in_force* hold."""
        holding = [zone for zone, holds in zip(zones.zones, in_force, strict=True) if holds]
        outs = Prisms.of([zone for zone in holding if zone.kind is ZoneKind.KEEP_OUT], frame)
        ins = Prisms.of([zone for zone in holding if zone.kind is ZoneKind.KEEP_IN], frame)
        has_keep_in = any(zones.of_kind(ZoneKind.KEEP_IN))
        outside = [_outside_of(slab) for slab in slabs(ins)] if has_keep_in else []
        return cls((*(_keep_out(outs, n) for n in range(len(outs.zones))), *outside), frame)

    @cached_property
    def _grid(self) -> ZoneGrid:
        return ZoneGrid(areas=self.areas, frame=self._frame, grown_m=_GROWN_M)

    @cached_property
    def borders(self) -> Borders:
        """Return the edges of all areas, indexed."""
        return Borders(self.areas)

    def pairs(
        self, lon_lat_deg: FloatArray, lows_m: FloatArray, highs_m: FloatArray, reaches_m: FloatArray
    ) -> tuple[IntArray, IntArray]:
        """Return rows and prisms, shape (k,) each: at least all prisms within reach of a vehicle's place and heights.

        Places (n, 2), lowest and greatest height (n,), reach over ground (n,); heights are taken as they are.
        """
        rows, prisms = self._near(lon_lat_deg, reaches_m)
        meets = ~((highs_m[rows] < self.lowest_m[prisms]) | (lows_m[rows] > self.highest_m[prisms]))
        return rows[meets], prisms[meets]

    def _near(self, lon_lat_deg: FloatArray, reaches_m: FloatArray) -> tuple[IntArray, IntArray]:
        if len(reaches_m) < _FEW:
            return self._looked_up(lon_lat_deg, reaches_m)
        rows, prisms, is_known = self._grid.pairs(lon_lat_deg, reaches_m)
        if is_known.all():
            return rows, prisms
        others = np.flatnonzero(~is_known)
        other_rows, other_prisms = self._looked_up(lon_lat_deg[others], reaches_m[others])
        return np.concatenate((rows, others[other_rows])), np.concatenate((prisms, other_prisms))

    def _looked_up(self, lon_lat_deg: FloatArray, reaches_m: FloatArray) -> tuple[IntArray, IntArray]:
        points = shapely.points(self._frame.to_local_array(lon_lat_deg))
        rows, prisms = self.tree.query(points, predicate="dwithin", distance=reaches_m + _ROUNDING_M)
        return rows, prisms

    def first_around(self, lon_lat_deg: FloatArray, heights_m: FloatArray) -> IntArray:
        """Return for each place (n, 2) and height (n,) the first prism that it lies in, -1 for none; shape (n,)."""
        rows, prisms = self.pairs(lon_lat_deg, heights_m, heights_m, np.zeros(len(heights_m)))
        is_at_height = (heights_m[rows] > self.lowest_m[prisms]) & (heights_m[rows] < self.highest_m[prisms])
        rows, prisms = rows[is_at_height], prisms[is_at_height]
        places = self._frame.to_local_array(lon_lat_deg[rows])
        is_in = shapely.intersects_xy(self.areas[prisms], places[:, 0], places[:, 1])
        first: IntArray = np.full(len(heights_m), len(self.prisms), dtype=np.intp)
        np.minimum.at(first, rows[is_in], prisms[is_in])
        return np.where(first < len(self.prisms), first, -1)


def _keep_out(prisms: Prisms, index: int) -> Forbidden:
    zone = prisms.zones[index]
    return Forbidden(
        area=prisms.polygons[index],
        lowest_m=float(prisms.floors_m[index]),
        highest_m=float(prisms.ceilings_m[index]),
        zone_id=zone.id,
        name=_name(zone),
        is_keep_out=True,
    )


def _outside_of(slab: Slab) -> Forbidden:
    nearest = slab.zones[0] if slab.zones else None
    return Forbidden(
        area=without(shapely.box(-_FAR_M, -_FAR_M, _FAR_M, _FAR_M), slab.region),
        lowest_m=slab.lowest_m,
        highest_m=slab.highest_m,
        zone_id=nearest.id if nearest else None,
        name=_name(nearest) if nearest else "",
        is_keep_out=False,
    )


def _name(zone: Zone) -> str:
    return zone.name or zone.id
