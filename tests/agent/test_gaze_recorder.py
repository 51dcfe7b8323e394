"""What an agent keeps of the pictures of an order."""

from datetime import UTC, datetime
from itertools import pairwise

from shapely import Polygon

from agent.gaze_recorder import GazeRecorder
from core.clock import ManualClock
from core.ids import OrderId, VehicleId
from fleet.gazes import GazeLog
from geofence.footprint import Gaze, Intrinsics, footprint
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition

LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))
ORDER = OrderId("order")
TAKEN_AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


def recorder(clock: ManualClock) -> GazeRecorder:
    return GazeRecorder(vehicle_id=VehicleId("drone-1"), lens=LENS, clock=clock)


def gaze(north_m: float) -> tuple[Gaze, Polygon]:
    place = FRAME.to_geo(LocalPosition(east_m=0, north_m=north_m))
    found = Gaze(place=place, height_agl_m=25, yaw_deg=0, pitch_deg=-38)
    ground = footprint(found, LENS, max_range_m=70, frame=FRAME)
    assert ground is not None
    return found, ground


async def fly(recorder: GazeRecorder, clock: ManualClock, *, seconds: int, speed_m_s: float) -> list[GazeLog]:
    """Fly north with five pictures a second and return the logs that became due."""
    logs = []
    for number in range(seconds * 5):
        await clock.advance(0.2)
        recorder.note(why_not="")
        recorder.keep(*gaze(number * 0.2 * speed_m_s), taken_at=TAKEN_AT)
        if (log := recorder.due()) is not None:
            logs.append(log)
    return logs


async def test_pictures_that_show_hardly_anything_new_are_left_out() -> None:
    clock = ManualClock()
    hovering, flying = recorder(clock), recorder(clock)
    hovering.begin(ORDER)
    (stood,) = await fly(hovering, clock, seconds=31, speed_m_s=0)
    flying.begin(ORDER)
    (flew,) = await fly(flying, clock, seconds=31, speed_m_s=6)
    assert len(stood.gazes) == 1
    assert 30 < len(flew.gazes) < 60
    shown = [footprint(taken.gaze, LENS, max_range_m=70, frame=FRAME) for taken in flew.gazes]
    for before, after in pairwise(shown):
        assert before is not None
        assert after is not None
        assert 0.1 <= after.difference(before).area / after.area < 0.2
    assert abs(flew.assessed_s - 30) < 0.3


async def test_the_rest_is_handed_on_when_the_order_ends() -> None:
    clock = ManualClock()
    one = recorder(clock)
    assert one.begin(ORDER) is None
    await fly(one, clock, seconds=4, speed_m_s=6)
    rest = one.begin(None)
    assert rest is not None
    assert rest.order_id == ORDER
    assert len(rest.gazes) > 3
    await fly(one, clock, seconds=4, speed_m_s=6)
    assert one.begin(OrderId("next")) is None, "nothing is recorded without an order"


async def test_time_without_use_is_told_by_its_reason() -> None:
    clock = ManualClock()
    one = recorder(clock)
    one.begin(ORDER)
    for why_not, span_s in (("too_low", 1.0), ("", 0.5), ("too_low", 1.5), ("no_picture", 1.0), ("", 9.0)):
        await clock.advance(span_s)
        one.note(why_not=why_not)
    log = one.begin(None)
    assert log is not None
    assert log.assessed_s == 2.5, "a picture does not stand for nine seconds"
    assert log.not_assessed_s == {"too_low": 2.5, "no_picture": 8.0}


async def test_what_was_gathered_is_saved_every_few_seconds_and_goes_on_being_gathered() -> None:
    clock = ManualClock()
    one = recorder(clock)
    assert one.unsaved() is None
    one.begin(ORDER)
    await fly(one, clock, seconds=4, speed_m_s=6)
    assert one.unsaved() is None
    await fly(one, clock, seconds=2, speed_m_s=6)
    saved = one.unsaved()
    assert saved is not None
    assert one.unsaved() is None
    await fly(one, clock, seconds=6, speed_m_s=6)
    later, rest = one.unsaved(), one.begin(None)
    assert later is not None
    assert rest is not None
    assert (later.begin_at, later.gazes) == (saved.begin_at, rest.gazes)
    assert saved.gazes == rest.gazes[: len(saved.gazes)]
    assert (len(saved.gazes) < len(rest.gazes), saved.assessed_s < later.assessed_s) == (True, True)
