"""Ground that neighbours share an edge of: none of it is lost, and none appears (see geofence/overlay.py)."""

import numpy as np
import pytest
from shapely import Polygon, STRtree, box

from geofence.overlay import common, united, without
from geofence.prisms import Prisms, slabs
from tests.geofence.places import keep_in

WHERE_FLOATING_UNIONS_LOSE_A_STRIP = (192, 250, 1029, 1442, 1613, 1710)
"""Seeds; found by `shapely.union_all` without a grid, GEOS 3.14.1."""


def strips(seed: int) -> list[Polygon]:
    """Return 10 to 29 strips of 15 m, each with an edge on the next one's, turned and moved by chance."""
    chance = np.random.default_rng(seed)
    angle = chance.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    count, far = int(chance.integers(10, 30)), chance.uniform(0, 5000, 2)
    shapes = []
    for row in range(count):
        west, length = chance.uniform(-20, 20), chance.uniform(50, 1000)
        south, north = 15.0 * row, 15.0 * (row + 1)
        corners = np.array([[west, south], [west + length, south], [west + length, north], [west, north]])
        shapes.append(Polygon(corners @ turn + far))
    return shapes


@pytest.mark.parametrize("seed", WHERE_FLOATING_UNIONS_LOSE_A_STRIP)
def test_no_strip_is_lost(seed: int) -> None:
    parts = strips(seed)
    all_m2 = sum(part.area for part in parts)
    whole, around = united(parts), box(-4000, -4000, 9000, 9000)
    assert whole.area == pytest.approx(all_m2, abs=0.1)
    assert without(around, whole).area == pytest.approx(around.area - all_m2, abs=0.1)
    assert common(around, whole).area == pytest.approx(all_m2, abs=0.1)
    assert without(whole, parts[3]).area == pytest.approx(all_m2 - parts[3].area, abs=0.1)


@pytest.mark.parametrize("seed", WHERE_FLOATING_UNIONS_LOSE_A_STRIP)
def test_keep_ins_side_by_side_allow_all_their_ground(seed: int) -> None:
    parts = np.array(strips(seed), dtype=object)
    heights = np.zeros(len(parts))
    zones = tuple(keep_in(name=f"row {row}") for row in range(len(parts)))
    allowed = Prisms(zones=zones, polygons=parts, floors_m=heights, ceilings_m=heights + 100.0, tree=STRtree(parts))
    (between,) = [slab for slab in slabs(allowed) if slab.zones]
    assert between.region.area == pytest.approx(sum(part.area for part in parts), abs=0.1)
