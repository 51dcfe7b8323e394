"""Orders are proved where they are received."""

from datetime import timedelta

import pytest

from core.errors import Unsafe
from core.ids import OrderId, VehicleId
from fleet.order_route import check_order, route_of_order
from fleet.orders import Dock, FailsafeChoices, Leg, LegPurpose, Order, OrderPurpose
from tests.geofence.places import NOW, ORIGIN, at, box, keep_in, keep_out, zone_set


def order(*places: tuple[float, float]) -> Order:
    """Return an order over (east, north) places at 25 m, beside a tower."""
    return Order(
        id=OrderId("o"),
        vehicle_id=VehicleId("drone-1"),
        run_id=None,
        purpose=OrderPurpose.PATROL,
        legs=tuple(
            Leg(place=at(*place), height_agl_m=25.0, speed_m_s=5.0, purpose=LegPurpose.POINT) for place in places
        ),
        zones=zone_set(keep_in(), keep_out(box(40, -10, 60, 10))),
        dock=Dock(id="dock-1", place=ORIGIN),
        ground_amsl_m=4.0,
        return_height_agl_m=75.0,
        takeoff_height_agl_m=20.0,
        failsafes=FailsafeChoices(),
        authorisation=None,
        not_before_at=NOW,
        not_after_at=NOW + timedelta(hours=1),
        made_at=NOW,
    )


def test_a_good_order_is_let_through() -> None:
    check_order(order((0, 80), (-80, 0)))


def test_an_order_through_a_tower_is_refused_by_whoever_receives_it() -> None:
    with pytest.raises(Unsafe, match="tower"):
        check_order(order((100, 0)))


def test_what_is_left_of_an_order_begins_where_the_vehicle_is() -> None:
    route = route_of_order(order((0, 80), (-80, 0)), first_leg=1, start=at(5, 5), start_height_agl_m=24.0)

    assert [point.place for point in route.points] == [at(-80, 0)]
    assert (route.start, route.start_height_agl_m) == (at(5, 5), 24.0)
