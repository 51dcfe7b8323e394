"""What pictures showed the ground ↔ protobuf: whole numbers, each the difference to the one before it."""

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import accumulate, pairwise

from roundsman.v1 import link_pb2 as pb

from core.errors import InvalidInput
from core.ids import OrderId, VehicleId
from fleet.gazes import MOST_GAZES, GazeLog, TakenGaze
from fleet.link.translate import reading
from fleet.link.translate_places import from_us, to_us
from geofence.footprint import Gaze, Intrinsics
from geofence.positions import GeoPosition

_LENS = ("width_px", "height_px", "fx_px", "fy_px", "cx_px", "cy_px")
_LISTS = ("at_ms", "lon_e7", "lat_e7", "height_agl_cm", "yaw_cdeg", "pitch_cdeg", "roll_cdeg")
_MILLISECOND = timedelta(milliseconds=1)


def gaze_log_to_pb(log: GazeLog) -> pb.GazeLog:
    """Return *log* as protobuf, its numbers rounded; the stream says which vehicle it is."""
    rows = [_whole_numbers(taken, log) for taken in log.gazes]
    columns = zip(*rows, strict=True) if rows else ()
    return pb.GazeLog(
        order_id=log.order_id,
        lens=pb.Lens(**{name: getattr(log.lens, name) for name in _LENS}),
        begin_at_us=to_us(log.begin_at),
        end_at_us=to_us(log.end_at),
        assessed_s=log.assessed_s,
        not_assessed_s=log.not_assessed_s,
        **{name: _differences(column) for name, column in zip(_LISTS, columns, strict=False)},
    )


def gaze_log_from_pb(message: pb.GazeLog, *, vehicle_id: VehicleId) -> GazeLog:
    """Return the log of *message*; raises InvalidInput."""
    with reading(f"gaze log of order {message.order_id}"):
        lists = [getattr(message, name) for name in _LISTS]
        if len({len(one) for one in lists}) > 1:
            raise ValueError("its lists are not as long as each other")
        if len(message.at_ms) > MOST_GAZES:
            raise ValueError(f"it has {len(message.at_ms)} gazes, at most {MOST_GAZES} are taken")
        spans = [message.assessed_s, *message.not_assessed_s.values()]
        if not all(math.isfinite(span) and span >= 0 for span in spans):
            raise ValueError("its seconds are no spans of time")
        return GazeLog(
            vehicle_id=vehicle_id,
            order_id=OrderId(message.order_id),
            lens=_lens(message.lens),
            begin_at=from_us(message.begin_at_us),
            end_at=from_us(message.end_at_us),
            gazes=tuple(_taken(row, message) for row in zip(*map(accumulate, lists), strict=True)),
            assessed_s=message.assessed_s,
            not_assessed_s=dict(message.not_assessed_s),
        )


def _whole_numbers(taken: TakenGaze, log: GazeLog) -> tuple[int, ...]:
    gaze = taken.gaze
    return (
        (taken.at - log.begin_at) // _MILLISECOND,
        round(gaze.place.lon_deg * 1e7),
        round(gaze.place.lat_deg * 1e7),
        round(gaze.height_agl_m * 100),
        *(round(angle_deg * 100) for angle_deg in (gaze.yaw_deg, gaze.pitch_deg, gaze.roll_deg)),
    )


def _taken(row: Sequence[int], message: pb.GazeLog) -> TakenGaze:
    at_ms, lon_e7, lat_e7, height_cm, *angles = row
    yaw_deg, pitch_deg, roll_deg = (angle / 100 for angle in angles)
    gaze = Gaze(
        place=GeoPosition(lon_deg=lon_e7 / 1e7, lat_deg=lat_e7 / 1e7),
        height_agl_m=height_cm / 100,
        yaw_deg=yaw_deg,
        pitch_deg=pitch_deg,
        roll_deg=roll_deg,
    )
    return TakenGaze(at=from_us(message.begin_at_us + at_ms * 1000), gaze=gaze)


def _differences(numbers: Iterable[int]) -> list[int]:
    whole = [0, *numbers]
    return [after - before for before, after in pairwise(whole)]


def _lens(lens: pb.Lens) -> Intrinsics:
    found = Intrinsics(**{name: getattr(lens, name) for name in _LENS})
    sizes = (found.width_px, found.height_px, found.fx_px, found.fy_px)
    if not all(math.isfinite(size) and size > 0 for size in (*sizes,)) or not math.isfinite(found.cx_px + found.cy_px):
        raise InvalidInput("the lens has no size or no focal length", where="lens", remedy="mend the camera's settings")
    return found
