"""Zones as upright prisms in a local frame, ready for whole arrays of shapes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from geofence.frames import FloatArray, LocalFrame
from geofence.overlay import united
from geofence.zones import Zone

GeometryArray = NDArray[np.object_]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]

_LONGEST_EDGE_DEG = 0.02
"""Edges are straight in longitude and latitude; longer ones are cut so that they stay so within centimetres."""


def to_local_geometries(geometries: GeometryArray, frame: LocalFrame) -> GeometryArray:
    """Return WGS-84 *geometries*, shape (n,), in metres of *frame*."""
    bounds = shapely.bounds(geometries)
    is_long = np.max(bounds[:, 2:] - bounds[:, :2], axis=1, initial=0.0) > _LONGEST_EDGE_DEG
    if is_long.any():
        geometries = geometries.copy()
        geometries[is_long] = shapely.segmentize(geometries[is_long], _LONGEST_EDGE_DEG)
    return np.asarray(shapely.transform(geometries, frame.to_local_array), dtype=object)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prisms:
    """Zones with their local polygons, floors and ceilings; a floor at or below the ground counts as none."""

    zones: tuple[Zone, ...]
    polygons: GeometryArray
    floors_m: FloatArray
    ceilings_m: FloatArray
    tree: STRtree

    @classmethod
    def of(cls, zones: Sequence[Zone], frame: LocalFrame) -> "Prisms":
        """Return *zones* projected to *frame*."""
        polygons = np.array([zone.polygon for zone in zones], dtype=object).reshape(len(zones))
        local = to_local_geometries(polygons, frame)
        return cls(
            zones=tuple(zones),
            polygons=local,
            floors_m=_floors(zones),
            ceilings_m=_ceilings(zones),
            tree=STRtree(local),
        )


def _floors(zones: Sequence[Zone]) -> FloatArray:
    floors = [zone.floor_agl_m for zone in zones]
    return np.array([-np.inf if floor is None or floor <= 0 else floor for floor in floors], dtype=np.float64)


def _ceilings(zones: Sequence[Zone]) -> FloatArray:
    ceilings = [zone.ceiling_agl_m for zone in zones]
    return np.array([np.inf if ceiling is None else ceiling for ceiling in ceilings], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """A span of heights in which one region is allowed (empty where none is)."""

    lowest_m: float
    highest_m: float
    region: BaseGeometry
    zones: tuple[Zone, ...]


def slabs(keep_in: Prisms) -> tuple[Slab, ...]:
    """Return the union of *keep_in* cut at every floor and ceiling, from minus to plus infinity."""
    levels = np.unique(np.concatenate((keep_in.floors_m, keep_in.ceilings_m, [-np.inf, np.inf])))
    return tuple(_slab(keep_in, float(low), float(high)) for low, high in pairwise(levels))


def _slab(keep_in: Prisms, lowest_m: float, highest_m: float) -> Slab:
    spans = (keep_in.floors_m <= lowest_m) & (keep_in.ceilings_m >= highest_m)
    region = united(keep_in.polygons[spans]) if spans.any() else Polygon()
    zones = tuple(zone for zone, inside in zip(keep_in.zones, spans, strict=True) if inside)
    return Slab(lowest_m=lowest_m, highest_m=highest_m, region=region, zones=zones)
