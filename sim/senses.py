"""What an autopilot senses: battery, satellites, its own error, and the wind that pushes it."""

import math
from random import Random

from sim.cockpit import Cockpit
from sim.faults import Faults
from sim.flight import Landed

_GPS_GIVES_UP_S = 4.0
_GPS_COMES_BACK_S = 1.5
_CHARGE_S = 300.0
"""Time for a full charge in the dock."""
_IDLE_S = 6.0 * 3600.0
_NOISE_M = 0.25
_NOISE_HOLDS_S = 20.0
_GUST_HOLDS_S = 4.0
_AT_DOCK_M = 3.0


class Senses:
    """Everything random about one vehicle comes from one seeded source."""

    def __init__(self, *, cockpit: Cockpit, faults: Faults, seed: int) -> None:
        self._cockpit = cockpit
        self._faults = faults
        self._random = Random(seed)

    @property
    def has_fix(self) -> bool:
        """Say whether the receiver has a fix now."""
        return not self._faults.gps_lost and self._cockpit.parameters.whole("SIM_GPS_USED") > 0

    def step(self, dt_s: float) -> None:
        """Advance battery, position error, fix and gusts."""
        self._drain(dt_s)
        self._look_for_satellites()
        self._drift(dt_s)
        self._blow(dt_s)

    def _drain(self, dt_s: float) -> None:
        record, parameters = self._cockpit.record, self._cockpit.parameters
        if self._faults.battery_ratio >= 0:
            record.battery_ratio = min(1.0, self._faults.battery_ratio)
            self._faults.battery_ratio = -1.0
        if record.is_armed:
            lasts_s = max(60.0, parameters["SIM_BAT_DRAIN"])
            floor = parameters["SIM_BAT_MIN_PCT"] / 100.0
            if record.battery_ratio > floor:
                record.battery_ratio = max(floor, record.battery_ratio - dt_s / lasts_s)
        elif self._is_docked() and record.battery_ratio < 1.0:
            record.battery_ratio = min(1.0, record.battery_ratio + dt_s / _CHARGE_S)
        else:
            record.battery_ratio = max(0.0, record.battery_ratio - dt_s / _IDLE_S)

    def _is_docked(self) -> bool:
        body, home = self._cockpit.record.body, self._cockpit.dock
        return math.hypot(body.east_m - home.east_m, body.north_m - home.north_m) < _AT_DOCK_M

    def _look_for_satellites(self) -> None:
        record, now_s = self._cockpit.record, self._cockpit.now_s
        if self.has_fix:
            record.gps_bad_since_s = None
            record.gps_good_since_s = now_s if record.gps_good_since_s is None else record.gps_good_since_s
            record.position_ok = record.position_ok or now_s - record.gps_good_since_s >= _GPS_COMES_BACK_S
        else:
            record.gps_good_since_s = None
            record.gps_bad_since_s = now_s if record.gps_bad_since_s is None else record.gps_bad_since_s
            record.position_ok = record.position_ok and now_s - record.gps_bad_since_s < _GPS_GIVES_UP_S

    def _drift(self, dt_s: float) -> None:
        """Gauss-Markov error of the estimate, about 0.25 m, less in height."""
        record, share = self._cockpit.record, dt_s / _NOISE_HOLDS_S
        spread_m = _NOISE_M * math.sqrt(2.0 * share)
        record.noise_east_m += -record.noise_east_m * share + self._random.gauss(0.0, spread_m)
        record.noise_north_m += -record.noise_north_m * share + self._random.gauss(0.0, spread_m)
        record.noise_up_m += -record.noise_up_m * share + self._random.gauss(0.0, 0.5 * spread_m)

    def _blow(self, dt_s: float) -> None:
        record, share = self._cockpit.record, dt_s / _GUST_HOLDS_S
        spread = self._faults.wind_m_s / 3.0 * math.sqrt(2.0 * share)
        record.gust_east_m_s += -record.gust_east_m_s * share + self._random.gauss(0.0, spread)
        record.gust_north_m_s += -record.gust_north_m_s * share + self._random.gauss(0.0, spread)

    def wind_m_s(self) -> tuple[float, float]:
        """Return the wind's velocity (east, north): where it blows to."""
        to = math.radians(self._faults.wind_from_deg + 180.0)
        record, speed = self._cockpit.record, self._faults.wind_m_s
        if record.landed is Landed.ON_GROUND:
            return 0.0, 0.0
        return speed * math.sin(to) + record.gust_east_m_s, speed * math.cos(to) + record.gust_north_m_s
