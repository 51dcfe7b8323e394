"""What pictures showed, on the wire and in the books."""

from dataclasses import replace
from datetime import timedelta

import pytest
from roundsman.v1 import link_pb2 as pb

from core.database import Database
from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import OrderId, RunId, VehicleId, new_id
from fleet.gazes import MOST_GAZES, GazeLog, TakenGaze
from fleet.link.translate_gazes import gaze_log_from_pb, gaze_log_to_pb
from fleet.store_sql import SqlFleetStore
from geofence.footprint import Gaze, Intrinsics
from geofence.positions import GeoPosition
from tests.fleet import examples

DRONE = VehicleId("drone-1")
LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)


def taken(after_s: float, lon_deg: float = 121.4, yaw_deg: float = 359.99) -> TakenGaze:
    gaze = Gaze(
        place=GeoPosition(lon_deg=lon_deg, lat_deg=-31.3200001),
        height_agl_m=25.17,
        yaw_deg=yaw_deg,
        pitch_deg=-38.05,
        roll_deg=-0.42,
    )
    return TakenGaze(at=examples.NOW + timedelta(seconds=after_s), gaze=gaze)


def log(order_id: OrderId, *, after_s: float = 0.0, gazes: int = 3) -> GazeLog:
    return GazeLog(
        vehicle_id=DRONE,
        order_id=order_id,
        lens=LENS,
        begin_at=examples.NOW + timedelta(seconds=after_s),
        end_at=examples.NOW + timedelta(seconds=after_s + 30),
        gazes=tuple(taken(after_s + n * 0.5 - 0.2, round(121.4 + n * 1e-5, 7), 359.0 - n) for n in range(gazes)),
        assessed_s=27.5,
        not_assessed_s={"too_low": 2.5},
    )


def test_a_log_comes_over_the_wire_as_it_was_and_is_small() -> None:
    told = log(OrderId("order"), gazes=100)
    message = gaze_log_to_pb(told)
    again = gaze_log_from_pb(pb.GazeLog.FromString(message.SerializeToString()), vehicle_id=DRONE)
    assert again == told
    assert len(message.SerializeToString()) < 100 * 12 + 200


def test_a_log_without_pictures_tells_of_the_time() -> None:
    told = log(OrderId("order"), gazes=0)
    assert gaze_log_from_pb(gaze_log_to_pb(told), vehicle_id=DRONE) == told


def test_a_log_that_is_none_is_refused() -> None:
    good = gaze_log_to_pb(log(OrderId("order")))
    cut, far, long, never = (pb.GazeLog.FromString(good.SerializeToString()) for _ in range(4))
    del cut.lat_e7[-1]
    far.lon_e7[0] += 10**10
    never.not_assessed_s["sky"] = float("nan")
    for name in ("at_ms", "lon_e7", "lat_e7", "height_agl_cm", "yaw_cdeg", "pitch_cdeg", "roll_cdeg"):
        getattr(long, name).extend([0] * MOST_GAZES)
    for wrong in (cut, far, long, never, pb.GazeLog(order_id="order")):
        with pytest.raises(InvalidInput):
            gaze_log_from_pb(wrong, vehicle_id=DRONE)


async def test_the_logs_of_a_run_come_in_the_order_of_their_time(database: Database) -> None:
    store, run_id = SqlFleetStore(), new_id()
    first, second, other = (examples.order(run_id=of) for of in (run_id, run_id, new_id()))
    logs = [log(second.id, after_s=90), log(first.id, after_s=30), log(other.id), log(first.id)]
    async with database.transaction() as unit:
        for order in (first, second, other):
            await store.add_order(unit, order)
        for one in logs:
            await store.add_gaze_log(unit, one)
    async with database.transaction() as unit:
        assert await store.gaze_logs_of_run(unit, RunId(run_id)) == (logs[3], logs[1], logs[0])
        assert await store.count_gaze_logs_of_run(unit, RunId(run_id)) == 3


async def test_a_log_of_no_order_or_of_somebody_elses_is_refused(database: Database) -> None:
    store, order = SqlFleetStore(), examples.order()
    async with database.transaction() as unit:
        await store.add_order(unit, order)
        with pytest.raises(NotFound):
            await store.add_gaze_log(unit, log(OrderId(new_id())))
        with pytest.raises(NotAllowed):
            await store.add_gaze_log(unit, replace(log(order.id), vehicle_id=VehicleId("drone-2")))
