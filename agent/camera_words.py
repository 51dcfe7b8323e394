"""Between the words of the fleet (orders, poses, what is shown live) and those of perception."""

from datetime import datetime

import numpy as np

from core.ids import VehicleId
from fleet.live import LiveTrack, PictureBox
from fleet.orders import Order
from fleet.telemetry import CameraPose
from geofence.footprint import Gaze
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition
from perception.look import Look, Question
from perception.pipeline import Seen
from perception.pose_history import TimedGaze
from perception.sighting import LookResult


def timed(pose: CameraPose) -> TimedGaze:
    """Return a vehicle's camera pose in perception's words."""
    gaze = Gaze(
        place=pose.position,
        height_agl_m=pose.height_agl_m,
        yaw_deg=pose.yaw_deg,
        pitch_deg=pose.pitch_deg,
        roll_deg=pose.roll_deg,
    )
    return TimedGaze(vehicle_time_s=pose.vehicle_time_s, gaze=gaze)


def questions(order: Order) -> list[Question]:
    """Return what the checks of *order* ask."""
    return [
        Question(
            incident_id=check.incident_id,
            order_id=order.id,
            kind=check.kind,
            place=check.place,
            radius_m=check.radius_m,
        )
        for check in order.checks
    ]


def never_seen(order: Order, vehicle_id: VehicleId, at: datetime) -> list[LookResult]:
    """Return the answers of an order during which no picture could be placed."""
    frame = LocalFrame(origin=order.dock.place)
    looks = [Look(question=question, vehicle_id=vehicle_id, frame=frame) for question in questions(order)]
    return [answer for look in looks if (answer := look.end(at)) is not None]


def picture_boxes(seen: Seen) -> tuple[PictureBox, ...]:
    """Return where the believed tracks of a frame stand in its picture."""
    return tuple(
        PictureBox(track=one.id, label=one.label.value, score=round(one.score, 2), xyxy_px=one.box.xyxy)
        for one in seen.tracks
        if one.is_seen
    )


def live_tracks(seen: Seen, frame: LocalFrame) -> tuple[LiveTrack, ...]:
    """Return the tracks of a frame that have a place, for the screen."""
    placed = [(track, track.place) for track in seen.tracks if track.place is not None]
    metres = np.array([(place.east_m, place.north_m) for _, place in placed], float).reshape(-1, 2)
    return tuple(
        LiveTrack(
            id=track.id,
            label=track.label.value,
            place=GeoPosition(lon_deg=lon_deg, lat_deg=lat_deg),
            score=track.score,
            ellipse=place.ellipse,
            observed_s=track.observed_s,
        )
        for (track, place), (lon_deg, lat_deg) in zip(placed, frame.to_geo_array(metres).tolist(), strict=True)
    )
