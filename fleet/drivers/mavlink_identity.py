"""The watch for two vehicles that answer to one system id: commands would reach both."""

import math
from collections import deque

from geofence.positions import GeoPosition

_M_PER_DEG = 111_195.0


class IdentityWatch:
    """Tell one vehicle from two that share a system id: its clock, place or board goes to and fro.

    One step back in vehicle time is a restart; several within a few seconds are two vehicles.
    """

    _WINDOW_S = 5.0
    _QUARANTINE_S = 10.0
    _STEPS = 4
    _BACK_S = 0.03
    _FASTEST_M_S = 150.0
    _LEAST_JUMP_M = 5.0

    def __init__(self) -> None:
        self._last: tuple[float, GeoPosition, float] | None = None
        self._steps: deque[float] = deque()
        self._uids: dict[str, float] = {}
        self._two_until_s = -math.inf

    def observe(self, *, vehicle_time_s: float, position: GeoPosition, now_s: float) -> bool:
        """Take a position in; return True when the vehicle seems to have been restarted."""
        last, self._last = self._last, (vehicle_time_s, position, now_s)
        if last is None:
            return False
        went_back = vehicle_time_s < last[0] - self._BACK_S
        if went_back or self._has_jumped(last, position, now_s):
            self._note(now_s)
        return went_back and vehicle_time_s < last[0] - 1.0 and not self.is_ambiguous(now_s)

    def observe_uid(self, uid: str, *, now_s: float) -> None:
        """Take a board's unique id in: two ids in turn are two vehicles."""
        self._uids[uid] = now_s
        if sum(now_s - at_s < self._WINDOW_S for at_s in self._uids.values()) > 1:
            self._two_until_s = now_s + self._QUARANTINE_S

    def is_ambiguous(self, now_s: float) -> bool:
        """Say whether two vehicles have been heard under this id lately."""
        return now_s < self._two_until_s

    def because(self, now_s: float) -> str:
        """Return the reason in words while the id is ambiguous, else nothing."""
        return "two vehicles answer to one system id" if self.is_ambiguous(now_s) else ""

    def _has_jumped(self, last: tuple[float, GeoPosition, float], position: GeoPosition, now_s: float) -> bool:
        distance_m = _distance_m(last[1], position)
        return distance_m > max(self._LEAST_JUMP_M, self._FASTEST_M_S * (now_s - last[2]))

    def _note(self, now_s: float) -> None:
        self._steps.append(now_s)
        while now_s - self._steps[0] > self._WINDOW_S:
            self._steps.popleft()
        if len(self._steps) >= self._STEPS:
            self._two_until_s = now_s + self._QUARANTINE_S


def _distance_m(one: GeoPosition, other: GeoPosition) -> float:
    north_m = (one.lat_deg - other.lat_deg) * _M_PER_DEG
    return math.hypot(north_m, (one.lon_deg - other.lon_deg) * _M_PER_DEG * math.cos(math.radians(one.lat_deg)))
