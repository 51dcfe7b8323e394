"""The zones of a proof, made ready once for all routes of the same window from the same dock."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
from shapely import STRtree

from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.prisms import IntArray, Prisms, Slab, slabs
from geofence.route import OrderRoute


class ProofGround:
    """Keep-out zones and allowed regions that hold during a route's window, in metres around its dock."""

    def __init__(self, route: OrderRoute) -> None:
        self.frame = LocalFrame(origin=route.dock)
        self.keep_out = Prisms.of(route.keep_outs(), self.frame)
        self.regions: tuple[Slab, ...] = slabs(Prisms.of(route.keep_ins(), self.frame))
        self._trees = lru_cache(maxsize=16)(self._tree)

    def keep_outs_between(self, lowest_m: float, highest_m: float) -> tuple[IntArray, STRtree]:
        """Return which keep-out zones reach into the (open) span of heights, and an index over these alone."""
        meets = (self.keep_out.ceilings_m > lowest_m) & (self.keep_out.floors_m < highest_m)
        return self._trees(np.flatnonzero(meets).tobytes())

    def _tree(self, chosen: bytes) -> tuple[IntArray, STRtree]:
        index = np.frombuffer(chosen, dtype=np.intp)
        return index, STRtree(self.keep_out.polygons[index])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What makes two grounds equal; the route itself does not."""

    zones_hash: str
    dock: GeoPosition
    not_before_at: datetime
    not_after_at: datetime
    route: OrderRoute = field(compare=False)


def proof_ground(route: OrderRoute) -> ProofGround:
    """Return the ground of *route*; the last ones asked for are kept."""
    return _made(
        _Key(
            zones_hash=route.zones.hash,
            dock=route.dock,
            not_before_at=route.not_before_at,
            not_after_at=route.not_after_at,
            route=route,
        )
    )


@lru_cache(maxsize=8)
def _made(key: _Key) -> ProofGround:
    return ProofGround(key.route)
