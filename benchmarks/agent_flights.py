"""Flights that an agent finds in its books: each vehicle on its way home, a keep-in zone around it, a keep-out near."""

from datetime import timedelta
from pathlib import Path

from shapely import box

from agent.executor_store import SqliteExecutorStore
from agent.held_order import HeldOrder
from core.clock import SystemClock
from core.ids import OrderId, VehicleId, ZoneId, new_id
from fleet.orders import (
    Dock,
    FailsafeChoices,
    Leg,
    LegPurpose,
    Order,
    OrderProgress,
    OrderPurpose,
    OrderState,
)
from geofence.positions import GeoPosition
from geofence.zones import Zone, ZoneKind, ZoneSet

_CLOCK = SystemClock()
_HOME = GeoPosition(lon_deg=121.4, lat_deg=31.32)
_ESTATE = Zone(id=ZoneId("estate"), kind=ZoneKind.KEEP_IN, polygon=box(121.39, 31.31, 121.41, 31.33))
_SCHOOL = Zone(id=ZoneId("school"), kind=ZoneKind.KEEP_OUT, polygon=box(121.403, 31.321, 121.405, 31.323))


async def keep_flight(state_dir: Path, *, system_id: int) -> None:
    """Write the flight of the vehicle with *system_id* into the books of the agent in the folder *state_dir*."""
    order = _order(VehicleId(f"mav-{system_id}"))
    because = "the wind is too strong"
    progress = OrderProgress(order_id=order.id, state=OrderState.RUNNING, because=because, at=_CLOCK.now())
    held = HeldOrder(order=order, progress=progress, ending=OrderState.ABORTED, ending_because=because)
    async with SqliteExecutorStore(file=state_dir / f"orders-{order.vehicle_id}.db") as store:
        await store.save(held)


def _order(vehicle_id: VehicleId) -> Order:
    now = _CLOCK.now()
    places = (GeoPosition(lon_deg=lon_deg, lat_deg=31.3205) for lon_deg in (121.3995, 121.4, 121.4005))
    return Order(
        id=OrderId(new_id()),
        vehicle_id=vehicle_id,
        run_id=None,
        purpose=OrderPurpose.PATROL,
        legs=tuple(Leg(place=at, height_agl_m=25.0, speed_m_s=5.0, purpose=LegPurpose.POINT) for at in places),
        zones=ZoneSet(zones=(_ESTATE, _SCHOOL)),
        dock=Dock(id="dock-1", place=_HOME),
        ground_amsl_m=4.0,
        return_height_agl_m=30.0,
        takeoff_height_agl_m=10.0,
        failsafes=FailsafeChoices(),
        authorisation=None,
        not_before_at=now,
        not_after_at=now + timedelta(hours=1),
        made_at=now,
    )


if __name__ == "__main__":
    print("used by agent_load")
