"""What the proof of coverage costs: reports of an hour in flight, the agent's share of it, and the proof itself.

An hour of straight strips with turns, five pictures a second at 6 m/s, a camera at 25 m that looks 38 degrees down,
swaying by a degree. The bare baselines are the camera's footprint (which the agent computes for the desk anyway) for
the recorder, and reporting every picture for its bytes and for what is proved.
"""

import asyncio
import random
import time
from collections.abc import Iterator

import shapely
from shapely import Polygon, box

from agent.gaze_recorder import GazeRecorder
from core.clock import ManualClock
from core.ids import OrderId, VehicleId, ZoneId
from fleet.gazes import SEEN_WITHIN_M, GazeLog
from fleet.link.translate_gazes import gaze_log_to_pb
from geofence.footprint import Gaze, Intrinsics, footprint
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from geofence.shadows import Shadows
from geofence.zones import Zone, ZoneKind, ZoneSet
from missions.proof_of_coverage import ground_shown

_HOUR_S, _PERIOD_S, _SPEED_M_S = 3600, 0.2, 6.0
_STRIP_M, _APART_M = 300.0, 20.0
LENS = Intrinsics(width_px=640, height_px=360, fx_px=640, fy_px=640, cx_px=320, cy_px=180)
FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.4, lat_deg=31.3))


def hour() -> Iterator[Gaze]:
    """Yield the gaze of every picture of an hour: strips there and back, the camera swaying a little."""
    chance, strip = random.Random(1), _STRIP_M + _APART_M
    for number in range(round(_HOUR_S / _PERIOD_S)):
        lap, along = divmod(number * _PERIOD_S * _SPEED_M_S, strip)
        is_back, side = int(lap) % 2, lap * _APART_M
        north = min(along, _STRIP_M)
        east = side + max(0.0, along - _STRIP_M)
        yaw = 90.0 if along > _STRIP_M else 180.0 * is_back
        place = LocalPosition(east_m=east, north_m=_STRIP_M - north if is_back else north)
        yield Gaze(
            place=FRAME.to_geo(place),
            height_agl_m=25 + chance.gauss(0, 0.2),
            yaw_deg=yaw + chance.gauss(0, 1),
            pitch_deg=-38 + chance.gauss(0, 0.5),
            roll_deg=chance.gauss(0, 0.5),
        )


async def record(gazes: list[Gaze], grounds: list[Polygon]) -> tuple[list[GazeLog], float]:
    """Return the logs of all pictures, and the processor seconds that the recorder took."""
    clock = ManualClock()
    recorder = GazeRecorder(vehicle_id=VehicleId("drone"), lens=LENS, clock=clock)
    recorder.begin(OrderId("order"))
    logs, used_s = list[GazeLog](), 0.0
    for gaze, ground in zip(gazes, grounds, strict=True):
        await clock.advance(_PERIOD_S)
        begin_s = time.process_time()
        recorder.note(why_not="")
        recorder.keep(gaze, ground, taken_at=clock.now())
        log = recorder.due()
        used_s += time.process_time() - begin_s
        logs += [log] if log is not None else []
    rest = recorder.begin(None)
    return [*logs, *([rest] if rest is not None else [])], used_s


def estate() -> Shadows:
    """Return a building of 20 x 15 m, 18 m high, every 60 m."""
    houses = [box(x, y, x + 20, y + 15) for x in range(0, 1200, 60) for y in range(0, 360, 60)]
    zones = [
        Zone(
            id=ZoneId(str(number)),
            kind=ZoneKind.KEEP_OUT,
            polygon=shapely.transform(house, FRAME.to_geo_array),
            ceiling_agl_m=18.0,
        )
        for number, house in enumerate(houses)
    ]
    return Shadows(zones=ZoneSet(zones=tuple(zones)), frame=FRAME)


def proved(gazes: list[Gaze], shadows: Shadows) -> tuple[float, float]:
    """Return the square metres that are seen, and the processor seconds of the proof."""
    begin_s = time.process_time()
    seen = ground_shown(gazes, LENS, frame=FRAME, max_range_m=SEEN_WITHIN_M, shadows=shadows)
    return float(seen.area), time.process_time() - begin_s


def main() -> None:
    """Print rows, bytes, the recorder's time beside the footprint's, and the proof with and without thinning."""
    gazes = list(hour())
    begin_s = time.process_time()
    shown = [footprint(gaze, LENS, max_range_m=70, frame=FRAME) for gaze in gazes]
    bare_s = time.process_time() - begin_s
    logs, used_s = asyncio.run(record(gazes, [ground for ground in shown if ground is not None]))
    sizes = [len(gaze_log_to_pb(log).SerializeToString()) for log in logs]
    kept = [taken.gaze for log in logs for taken in log.gazes]
    print(f"an hour in flight: {len(gazes)} pictures, {len(kept)} told in {len(logs)} reports, {sum(sizes)} bytes")
    print(f"largest report {max(sizes)} bytes; a gaze {sum(sizes) / len(kept):.1f} bytes")
    print(f"recorder {used_s:.2f} s of an hour, footprints for the desk {bare_s:.2f} s: ratio {used_s / bare_s:.2f}")
    open_ground = Shadows(zones=ZoneSet(zones=()), frame=FRAME)
    for name, shadows in (("open ground", open_ground), ("among 120 buildings", estate())):
        (all_m2, _), (kept_m2, kept_s) = proved(gazes, shadows), proved(kept, shadows)
        print(
            f"{name}: proof of the hour {kept_s:.1f} s, {1e3 * kept_s / len(kept):.2f} ms a picture; "
            f"seen {kept_m2 / all_m2:.4f} of what all pictures show"
        )


if __name__ == "__main__":
    main()
