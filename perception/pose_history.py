"""Where a camera was and looked at the moment of a picture: by the vehicle's own clock, between two reports."""

import math
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

from geofence.footprint import Gaze
from geofence.positions import GeoPosition

STAMP_WRAP_S = 2**33 / 90_000
"""MPEG-TS stamps start again after 26.5 hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedGaze:
    """A camera's pose at a vehicle's own time."""

    vehicle_time_s: float
    gaze: Gaze


class PoseHistory:
    """The newest poses of one camera, and the relation of the vehicle's clock to ours.

    A vehicle that starts again (its clock goes back) begins a new history.
    """

    def __init__(self, *, capacity: int = 256, reach_s: float = 0.25) -> None:
        self._poses: deque[TimedGaze] = deque(maxlen=capacity)
        self._delays_s: deque[float] = deque(maxlen=capacity)
        self._reach_s = reach_s

    @property
    def newest_s(self) -> float | None:
        """Return the vehicle time of the newest pose."""
        return self._poses[-1].vehicle_time_s if self._poses else None

    @property
    def newest(self) -> Gaze | None:
        """Return the newest pose."""
        return self._poses[-1].gaze if self._poses else None

    def add(self, pose: TimedGaze, *, received_s: float) -> None:
        """Take a pose that arrived at our monotonic *received_s*; left out is what is no newer than the newest, or says
        no time.
        """
        if not math.isfinite(pose.vehicle_time_s):
            return
        newest = self.newest_s
        if newest is not None and pose.vehicle_time_s < newest - 5.0:
            self._poses.clear()
            self._delays_s.clear()
        elif newest is not None and pose.vehicle_time_s <= newest:
            return
        self._poses.append(pose)
        self._delays_s.append(received_s - pose.vehicle_time_s)

    def ours_s(self, vehicle_time_s: float) -> float | None:
        """Return our monotonic time of a vehicle time: by the message that travelled fastest."""
        return vehicle_time_s + min(self._delays_s) if self._delays_s else None

    def vehicle_time_s(self, ours_s: float) -> float | None:
        """Return the vehicle's time at our monotonic time."""
        return ours_s - min(self._delays_s) if self._delays_s else None

    def unwrap_s(self, stamp_s: float) -> float:
        """Return the vehicle time of a 33-bit stamp: the one nearest to the newest pose."""
        newest = self.newest_s
        if newest is None:
            return stamp_s
        return stamp_s + STAMP_WRAP_S * round((newest - stamp_s) / STAMP_WRAP_S)

    def at(self, vehicle_time_s: float) -> Gaze | None:
        """Return the pose at a vehicle time, or None when no report is near enough to tell."""
        times = [pose.vehicle_time_s for pose in self._poses]
        after = bisect_left(times, vehicle_time_s)
        if after == 0 or after == len(times):
            return self._at_end(0 if after == 0 else -1, vehicle_time_s)
        before, behind = self._poses[after - 1], self._poses[after]
        gap_s = behind.vehicle_time_s - before.vehicle_time_s
        if gap_s > 4 * self._reach_s:
            return None
        return between(before.gaze, behind.gaze, (vehicle_time_s - before.vehicle_time_s) / gap_s)

    def _at_end(self, index: int, vehicle_time_s: float) -> Gaze | None:
        if not self._poses or abs(self._poses[index].vehicle_time_s - vehicle_time_s) > self._reach_s:
            return None
        if len(self._poses) < 2:
            return self._poses[index].gaze
        first, second = (self._poses[0], self._poses[1]) if index == 0 else (self._poses[-2], self._poses[-1])
        gap_s = second.vehicle_time_s - first.vehicle_time_s
        return between(first.gaze, second.gaze, (vehicle_time_s - first.vehicle_time_s) / gap_s)


def between(first: Gaze, second: Gaze, share: float) -> Gaze:
    """Return the pose that lies *share* of the way from *first* to *second*; angles turn the short way."""

    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    def turn(a: float, b: float) -> float:
        return a + ((b - a + 180.0) % 360.0 - 180.0) * share

    return Gaze(
        place=GeoPosition(
            lon_deg=mix(first.place.lon_deg, second.place.lon_deg),
            lat_deg=mix(first.place.lat_deg, second.place.lat_deg),
        ),
        height_agl_m=mix(first.height_agl_m, second.height_agl_m),
        yaw_deg=turn(first.yaw_deg, second.yaw_deg) % 360.0,
        pitch_deg=mix(first.pitch_deg, second.pitch_deg),
        roll_deg=turn(first.roll_deg, second.roll_deg),
    )
