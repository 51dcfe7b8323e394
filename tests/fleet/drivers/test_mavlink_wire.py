"""What goes over the wire for an order, and what an autopilot's rounding may do to it."""

import asyncio
import math
import struct
import threading
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from shapely import LineString, Point, Polygon
from structlog.testing import capture_logs

from fleet.drivers.mavlink_failsafes import Parameter, failsafe_parameters
from fleet.drivers.mavlink_fence import MARGIN_M, MOST_CORNERS, FencePolygon, ceiling_agl_m, fence_polygons
from fleet.drivers.mavlink_plans import WirePlans
from fleet.drivers.mavlink_wire import Item, ItemCommand, WirePlan, digest_of, first_difference, wire_mission, wire_plan
from fleet.errors import OrderRefused
from fleet.orders import Failsafe, FailsafeChoices
from fleet.vehicle import Plan
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from geofence.zones import WeeklyWindow, Zone
from tests.fleet.drivers.orders import HOME, area, keep_in, keep_out, leg, make_order, place


def commands(wire: WirePlan) -> list[int]:
    return [item.command for item in wire.mission]


def single_precision(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def as_read_back(item: Item) -> Item:
    """Return the item as PX4 gives it back: single precision, headings over radians, places over degrees."""
    yaw = math.degrees(single_precision(math.radians(item.param4)))
    return replace(
        item,
        param1=single_precision(item.param1),
        param2=single_precision(item.param2),
        param4=single_precision(yaw),
        x=round(item.x * 1e-7 * 1e7 + 0.4),
        z=single_precision(item.z),
    )


def local(polygon: FencePolygon) -> Polygon:
    frame = LocalFrame(origin=HOME)
    corners = [frame.to_local(corner) for corner in polygon.corners]
    return Polygon([(corner.east_m, corner.north_m) for corner in corners])


def test_mission_takes_off_flies_every_leg_and_comes_home_the_proved_way() -> None:
    wire = wire_plan(Plan(order=make_order()))
    waypoint, speed, gimbal = ItemCommand.WAYPOINT, ItemCommand.CHANGE_SPEED, ItemCommand.GIMBAL_PITCH_YAW
    legs_and_home = [waypoint] * 5
    assert commands(wire) == [ItemCommand.TAKEOFF, speed, gimbal, *legs_and_home, ItemCommand.LAND]
    up, over_dock, land = wire.mission[-3:]
    assert (up.z, over_dock.z, land.z) == (20.0, 20.0, 0.0)
    assert (up.x, up.y) == (wire.mission[5].x, wire.mission[5].y)
    assert (over_dock.x, over_dock.y) == (land.x, land.y)


def test_mission_from_the_air_has_no_take_off_and_may_end_without_landing() -> None:
    wire = wire_plan(Plan(order=make_order(), first_leg=1, from_air=True, end_with_landing=False))
    assert ItemCommand.TAKEOFF not in commands(wire)
    assert ItemCommand.LAND not in commands(wire)
    assert commands(wire).count(ItemCommand.WAYPOINT) == 2


def test_leg_is_done_when_the_vehicle_works_on_a_later_item() -> None:
    wire = wire_mission(Plan(order=make_order(), first_leg=1, from_air=True))
    first, second = wire.leg_items
    assert [wire.legs_done(current_item=n) for n in (0, first, first + 1, second + 1)] == [1, 1, 2, 3]


def test_dwell_and_look_direction_are_in_the_waypoint() -> None:
    wire = wire_mission(Plan(order=make_order(leg(30.0, 0.0, dwell_s=4.0, yaw_deg=-90.0))))
    waypoint = wire.items[wire.leg_items[0]]
    assert (waypoint.param1, waypoint.param4) == (4.0, 270.0)


def test_digest_survives_the_autopilots_rounding_and_sees_every_change() -> None:
    order = make_order(leg(31.7, 3.3, height_m=25.3, speed_m_s=4.7, dwell_s=2.3, yaw_deg=359.6), leg(0.0, 30.0))
    wire = wire_plan(Plan(order=order))
    read = [as_read_back(item) for item in wire.mission]
    assert digest_of(mission=read, fence=wire.fence, rally=wire.rally) == wire.digest
    assert first_difference(wire.mission, read) is None
    for n, item in enumerate(wire.mission):
        moved = [*wire.mission[:n], replace(item, z=item.z + 0.5), *wire.mission[n + 1 :]]
        assert digest_of(mission=moved, fence=wire.fence, rally=wire.rally) != wire.digest
        assert first_difference(wire.mission, moved) is not None
    assert first_difference(wire.mission, wire.mission[:-1]) is not None


def test_safe_point_is_in_a_frame_that_the_way_home_knows() -> None:
    (sent,) = wire_plan(Plan(order=make_order())).rally
    assert (sent.command, sent.frame) == (ItemCommand.RALLY_POINT, 3)
    assert first_difference([sent], [replace(sent, frame=6)]) is None


def test_order_without_legs_left_is_refused() -> None:
    with pytest.raises(OrderRefused, match="no legs"):
        wire_plan(Plan(order=make_order(), first_leg=3))


def test_too_long_mission_is_refused() -> None:
    legs = [leg(float(n % 50), 0.0, speed_m_s=4.0 + n % 2) for n in range(400)]
    with pytest.raises(OrderRefused, match="500"):
        wire_plan(Plan(order=make_order(*legs)))


def test_fence_shrinks_keep_in_and_grows_keep_outs() -> None:
    outline = area(50.0, 50.0, 80.0, 80.0)
    inside, outside = fence_polygons(make_order(zones=(keep_in(reach_m=100.0), keep_out(outline))))
    assert inside.is_inclusion
    assert not outside.is_inclusion
    assert local(inside).bounds == pytest.approx([-99.0, -99.0, 99.0, 99.0], abs=0.01)
    assert local(outside).bounds == pytest.approx([49.0, 49.0, 81.0, 81.0], abs=0.01)


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({}, True),
        ({"ceiling_agl_m": 64.0}, True),
        ({"ceiling_agl_m": 18.0}, False),
        ({"floor_agl_m": 40.0}, False),
        ({"floor_agl_m": 5.0}, True),
    ],
)
def test_keep_out_is_uploaded_only_where_the_route_could_not_pass_above_or_below(
    changes: dict[str, object], is_held: bool
) -> None:
    zones = (keep_in(), keep_out(area(50.0, 50.0, 80.0, 80.0), **changes))
    assert (len(fence_polygons(make_order(zones=zones))) == 2) is is_held


def test_keep_out_that_is_never_in_force_during_the_order_is_not_uploaded() -> None:
    order = make_order()
    another_day = frozenset({(order.not_before_at + timedelta(days=3)).isoweekday()})
    window = WeeklyWindow(days=another_day, start=order.not_before_at.time(), end=order.not_after_at.time())
    zones = (keep_in(), keep_out(area(50.0, 50.0, 80.0, 80.0), times=(window,)))
    assert len(fence_polygons(replace(order, zones=make_order(zones=zones).zones))) == 1


def test_round_zones_are_simplified_outwards_until_they_fit() -> None:
    circle = Point(0.0, 0.0).buffer(20.0, quad_segs=40)
    frame = LocalFrame(origin=HOME)
    ring = frame.to_geo_array(np.add(circle.exterior.coords, (60.0, 0.0)))
    fence = fence_polygons(make_order(zones=(keep_in(), keep_out(Polygon(ring)))))
    assert sum(len(polygon.corners) for polygon in fence) <= MOST_CORNERS
    grown = Point(60.0, 0.0).buffer(20.0 + MARGIN_M - 0.05)
    assert local(fence[1]).contains(grown)


def test_many_keep_outs_are_fenced_together_or_left_outside() -> None:
    specks: list[Zone] = [keep_out(area(10.0 * n, 60.0, 10.0 * n + 3, 63.0)) for n in range(-10, 11)]
    order = make_order(zones=(keep_in(), *specks))
    with capture_logs() as told:
        inside, *outside = fence_polygons(order)

    assert [entry["event"] for entry in told] == ["fence_smaller_than_zones"]
    assert len(inside.corners) + sum(len(polygon.corners) for polygon in outside) <= MOST_CORNERS
    for n in range(-10, 11):
        speck = Point(10.0 * n + 1.5, 61.5)
        assert not local(inside).contains(speck) or any(local(polygon).contains(speck) for polygon in outside)


def test_the_fence_of_an_order_from_the_air_leaves_the_way_from_there_free() -> None:
    tiles = [(x, y) for x in range(-90, 100, 18) for y in range(-90, 100, 18) if abs(x - y) > 20]
    specks = [keep_out(area(x - 2, y - 2, x + 2, y + 2)) for x, y in tiles if not (-6 < x < 40 and -6 < y < 40)]
    order, hovers = make_order(zones=(keep_in(reach_m=100.0), *specks)), (-85.0, -85.0)
    way = LineString([hovers, (30.0, 0.0)]).union(Point(hovers).buffer(2.9))

    def is_free(start: GeoPosition | None) -> bool:
        inside, *outside = fence_polygons(order, start=start)
        return local(inside).contains(way) and not any(local(ring).intersects(way) for ring in outside)

    assert not is_free(None), "more corners than fit: what is not needed is fenced off"
    assert is_free(place(*hovers))


async def test_a_fence_is_fitted_beside_the_loop_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, may_end = [], threading.Event()

    def slowly(plan: Plan) -> WirePlan:
        fitted.append(plan)
        assert may_end.wait(5.0), "the loop stood still"
        return wire_plan(plan)

    monkeypatch.setattr("fleet.drivers.mavlink_plans.wire_plan", slowly)
    plans, plan = WirePlans(), Plan(order=make_order())
    both = [asyncio.create_task(plans.wire(plan)) for _ in range(2)]
    await asyncio.sleep(0.01)
    assert plans.mission(plan).leg_items
    may_end.set()
    first, second = await asyncio.gather(*both)
    assert first is second
    assert (await plans.wire(plan)) is first
    assert fitted == [plan]


def test_too_many_corners_are_refused_with_a_remedy() -> None:
    """Legs run between all of the keep-outs, so that none can be fenced with its neighbour."""
    specks = [keep_out(area(x - 1.5, y - 1.5, x + 1.5, y + 1.5)) for x in range(20, 81, 15) for y in range(20, 81, 15)]
    legs = [leg(east, north) for n in range(27, 81, 15) for east, north in ((12.0, n), (88.0, n), (n, 12.0), (n, 88.0))]
    order = replace(make_order(zones=(keep_in(), *specks)), legs=tuple(legs))

    with pytest.raises(OrderRefused, match="64 corners") as refusal:
        fence_polygons(order)
    assert refusal.value.remedy


def test_dock_outside_of_the_keep_in_zone_is_refused() -> None:
    zone = replace(keep_in(), polygon=area(5.0, 5.0, 90.0, 90.0))
    with pytest.raises(OrderRefused, match="dock"):
        fence_polygons(make_order(zones=(zone,)))


def test_ceiling_is_the_lowest_of_the_keep_ins_and_above_the_way_home() -> None:
    assert ceiling_agl_m(make_order(zones=(keep_in(ceiling_m=60.0), keep_in(ceiling_m=90.0)))) == 59.0
    assert ceiling_agl_m(make_order(zones=(keep_in(ceiling_m=None),))) is None


def test_failsafes_become_the_autopilots_parameters() -> None:
    chosen = FailsafeChoices(link_lost=Failsafe.LAND, link_lost_after_s=12.0, battery_low_ratio=0.3)
    held = {p.name: p.value for p in failsafe_parameters(make_order(failsafes=chosen))}
    assert (held["NAV_DLL_ACT"], held["COM_DL_LOSS_T"]) == (3, 12)
    assert (held["COM_LOW_BAT_ACT"], held["BAT_CRIT_THR"]) == (3, 0.3)
    assert (held["RTL_RETURN_ALT"], held["RTL_CONE_ANG"], held["GF_MAX_VER_DIST"]) == (20.0, 0, 59.0)


@pytest.mark.parametrize(
    "choices",
    [
        FailsafeChoices(battery_low=Failsafe.HOLD),
        FailsafeChoices(position_lost=Failsafe.RETURN),
        FailsafeChoices(battery_low_ratio=0.9),
        FailsafeChoices(link_lost_after_s=1.0),
    ],
)
def test_failsafe_that_the_autopilot_cannot_keep_is_refused(choices: FailsafeChoices) -> None:
    with pytest.raises(OrderRefused, match="failsafes"):
        failsafe_parameters(make_order(failsafes=choices))


def test_parameter_is_held_in_single_precision_and_not_otherwise() -> None:
    assert Parameter(name="BAT_CRIT_THR", value=0.3).is_held(single_precision(0.3))
    assert not Parameter(name="NAV_DLL_ACT", value=2).is_held(1)
