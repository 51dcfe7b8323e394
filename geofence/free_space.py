"""Where a vehicle's path may run: inside the keep-in zones, outside of the keep-out zones, by a clearance."""

from collections.abc import Iterator

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from geofence.frames import LocalFrame
from geofence.margins import Margins
from geofence.overlay import common, united, without
from geofence.prisms import IntArray, Prisms, Slab, slabs
from geofence.route import OrderRoute
from geofence.zones import Zone

Bounds = tuple[float, float, float, float]
_FAR_M = 1e6
_SPARE_M = 0.05


class FreeSpace:
    """The free space of one flight (its zones, time window and margins), in metres of *frame*."""

    def __init__(self, flight: OrderRoute, frame: LocalFrame) -> None:
        self.margins: Margins = flight.margins
        self._keep_in = slabs(Prisms.of(flight.keep_ins(), frame))
        self._keep_out = Prisms.of(flight.keep_outs(), frame)

    @property
    def keep_outs(self) -> int:
        """Return the number of keep-out zones that hold."""
        return len(self._keep_out.zones)

    def is_free(self, shape: BaseGeometry, low_m: float, high_m: float, clear_m: float) -> bool:
        """Say whether *shape* keeps *clear_m* from every border between the heights."""
        if self._near(shape, low_m, high_m, clear_m).size:
            return False
        return all(
            shapely.covers(slab.region, shape) and shapely.distance(slab.region.boundary, shape) >= clear_m
            for slab in self._slabs(low_m, high_m)
        )

    def region(
        self,
        low_m: float,
        high_m: float,
        clear_m: float,
        *,
        inwards_m: float | None = None,
        within: Bounds | None = None,
    ) -> BaseGeometry:
        """Return what keeps *clear_m* from keep-outs, and *inwards_m* (or the same) from the border of the keep-ins."""
        inside: BaseGeometry = shapely.box(-_FAR_M, -_FAR_M, _FAR_M, _FAR_M)
        for slab in self._slabs(low_m, high_m):
            inside = common(inside, slab.region)
        inside = shapely.buffer(inside, -(inwards_m or clear_m), join_style="mitre", mitre_limit=2.0)
        window = shapely.box(*(within or (-_FAR_M, -_FAR_M, _FAR_M, _FAR_M)))
        hits = self._near(window, low_m, high_m, clear_m * 2)
        grown = shapely.buffer(self._keep_out.polygons[hits], clear_m, join_style="mitre", mitre_limit=2.0)
        return without(common(inside, window), united(grown))

    def key(self, low_m: float, high_m: float) -> bytes:
        """Return what is equal for heights between which the same zones matter."""
        up_m = self.margins.height_error_m
        meets = (self._keep_out.floors_m < high_m + up_m) & (self._keep_out.ceilings_m > low_m - up_m)
        allowed = [slab.lowest_m < high_m + up_m and slab.highest_m > low_m - up_m for slab in self._keep_in]
        return np.packbits(np.concatenate((meets, allowed))).tobytes()

    def why_not(self, place: Point, low_m: float, high_m: float) -> str:
        """Return why *place* is not free between the heights."""
        hits = self._near(place, low_m, high_m, self.margins.sideways_m * 1.1)
        if hits.size:
            distances_m = shapely.distance(self._keep_out.polygons[hits], place)
            nearest = int(np.argmin(distances_m))
            name, distance_m = _name(self._keep_out.zones[hits[nearest]]), float(distances_m[nearest])
            return f"{'lies inside' if distance_m == 0 else f'lies {distance_m:.1f} m from'} the keep-out zone {name}"
        if any(slab.region.is_empty for slab in self._slabs(low_m, high_m)):
            return f"nothing may fly between {low_m:g} and {high_m:g} m"
        return "lies outside of the keep-in zones, or too near to their border"

    def across(self, line: BaseGeometry, low_m: float, high_m: float) -> list[str]:
        """Return the names of the keep-out zones that *line* crosses between the heights."""
        return [_name(self._keep_out.zones[hit]) for hit in self._near(line, low_m, high_m, 0.0)]

    def edges_across(self, line: BaseGeometry, clear_m: float) -> list[float]:
        """Return the heights just above and just below the keep-out zones within *clear_m* of *line*."""
        hits = self._keep_out.tree.query(line, predicate="dwithin", distance=clear_m)
        room_m = self.margins.height_error_m + _SPARE_M
        edges = np.concatenate((self._keep_out.ceilings_m[hits] + room_m, self._keep_out.floors_m[hits] - room_m))
        heights: list[float] = np.unique(edges[np.isfinite(edges)]).tolist()
        return heights

    def _near(self, shape: BaseGeometry, low_m: float, high_m: float, distance_m: float) -> IntArray:
        hits = self._keep_out.tree.query(shape, predicate="dwithin", distance=distance_m)
        up_m = self.margins.height_error_m
        meets = (self._keep_out.floors_m[hits] < high_m + up_m) & (self._keep_out.ceilings_m[hits] > low_m - up_m)
        return np.sort(hits[meets])

    def _slabs(self, low_m: float, high_m: float) -> Iterator[Slab]:
        up_m = self.margins.height_error_m
        return (slab for slab in self._keep_in if slab.lowest_m < high_m + up_m and slab.highest_m > low_m - up_m)


def _name(zone: Zone) -> str:
    return zone.name or zone.id
