"""What buildings hide from a camera, compared with sight lines one by one."""

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, Polygon, box

from core.ids import ZoneId
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.shadows import Shadows
from geofence.zones import Zone, ZoneKind, ZoneSet

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))
HALL = box(10, -10, 40, 10)
CORNER = Polygon([(10, -20), (40, -20), (40, 20), (25, 20), (25, -5), (10, -5)])


def shadows_of(shape: Polygon, *, ceiling_m: float | None) -> Shadows:
    polygon = shapely.transform(shape, FRAME.to_geo_array)
    zone = Zone(id=ZoneId("hall"), kind=ZoneKind.KEEP_OUT, polygon=polygon, ceiling_agl_m=ceiling_m)
    return Shadows(zones=ZoneSet(zones=(zone,)), frame=FRAME)


def is_hidden(spot: Point, camera: LocalPosition, shape: Polygon, ceiling_m: float) -> bool:
    """Say whether the line from the camera to *spot* passes through the building below its ceiling."""
    share = max(0.0, 1 - ceiling_m / camera.up_m)
    low = Point(camera.east_m + share * (spot.x - camera.east_m), camera.north_m + share * (spot.y - camera.north_m))
    return bool(shapely.length(shapely.intersection(shape, LineString([low, spot]))) > 1e-6)


@pytest.mark.parametrize("shape", [HALL, CORNER])
@pytest.mark.parametrize(("height_m", "ceiling_m"), [(25.0, 15.0), (25.0, 30.0), (60.0, 18.0)])
def test_what_is_hidden_is_what_no_sight_line_reaches(shape: Polygon, height_m: float, ceiling_m: float) -> None:
    camera = LocalPosition(east_m=-5.0, north_m=3.0, up_m=height_m)
    ground = box(-40, -70, 110, 70)
    seen = shadows_of(shape, ceiling_m=ceiling_m).visible(ground, camera)
    chance = np.random.default_rng(7)
    spots = [Point(*chance.uniform((-40, -70), (110, 70))) for _ in range(600)]
    clear = [spot for spot in spots if shape.distance(spot) > 0 and seen.boundary.distance(spot) > 0.01]
    assert len(clear) > 400
    for spot in clear:
        assert seen.intersects(spot) is not is_hidden(spot, camera, shape, ceiling_m), (spot.x, spot.y)


def test_a_strip_along_the_wall_of_a_volume_drawn_too_large_is_seen() -> None:
    camera = LocalPosition(east_m=-5.0, north_m=0.0, up_m=25.0)
    seen = shadows_of(HALL, ceiling_m=15.0).visible(box(-10, -30, 60, 30), camera)
    assert seen.contains(Point(12, 0))
    assert not seen.intersects(Point(15, 0))
    assert not seen.intersects(Point(38, 0)), "behind the building"


def test_a_no_fly_zone_without_a_ceiling_hides_nothing() -> None:
    ground = box(0, -20, 60, 20)
    camera = LocalPosition(east_m=-5.0, north_m=0.0, up_m=25.0)
    assert shadows_of(HALL, ceiling_m=None).visible(ground, camera).equals(ground)
