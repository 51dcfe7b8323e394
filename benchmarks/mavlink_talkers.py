"""Vehicles that only talk: PX4's heartbeat and telemetry at the rates that the agent asks for, yes to everything.

Without a camera the agent asks for no attitude, so none is sent. In the air they are on their way home for ever.
"""

import sys
import time
from typing import Any

from pymavlink.dialects.v20 import common

_PERIODS_S = {"heartbeat": 0.25, "position": 0.1, "landed": 0.5, "slow": 1.0, "home": 2.0, "mission": 0.25}


class Talker:
    """One vehicle with its own socket."""

    def __init__(self, *, port: int, system_id: int, is_in_air: bool) -> None:
        from pymavlink import mavutil

        self._link: Any = mavutil.mavlink_connection(
            f"udpout:127.0.0.1:{port}", source_system=system_id, source_component=1, dialect="common"
        )
        self._start_s = time.monotonic()
        self._due_s = dict.fromkeys(_PERIODS_S, 0.0)
        self._base_mode, self._sub_mode, self._landed_state = (209, 5, 2) if is_in_air else (81, 3, 1)
        self._lat = 313200000 + 1000 * system_id

    def step(self) -> None:
        """Say what is due and answer what came."""
        now_s = time.monotonic()
        for name, due_s in self._due_s.items():
            if now_s >= due_s:
                self._due_s[name] = now_s + _PERIODS_S[name]
                getattr(self, f"_{name}")(round((now_s - self._start_s) * 1000))
        while (message := self._link.recv_match(blocking=False)) is not None:
            if message.get_type() == "COMMAND_LONG":
                self._link.mav.command_ack_send(message.command, common.MAV_RESULT_ACCEPTED)

    def _heartbeat(self, _: int) -> None:
        self._link.mav.heartbeat_send(2, 12, self._base_mode, 4 << 16 | self._sub_mode << 24, 3)

    def _position(self, boot_ms: int) -> None:
        self._link.mav.global_position_int_send(boot_ms, self._lat, 1214000000, 30000, 25000, 100, 100, 0, 9000)

    def _landed(self, _: int) -> None:
        self._link.mav.extended_sys_state_send(0, self._landed_state)

    def _slow(self, _: int) -> None:
        self._link.mav.sys_status_send(0, 0, 0x3FFFFFFF, 300, 15000, 500, 90, 0, 0, 0, 0, 0, 0)
        self._link.mav.gps_raw_int_send(0, 3, self._lat, 1214000000, 30000, 80, 80, 100, 0, 14)

    def _home(self, _: int) -> None:
        self._link.mav.home_position_send(self._lat, 1214000000, 5000, 0, 0, 0, (1, 0, 0, 0), 0, 0, 0)

    def _mission(self, _: int) -> None:
        self._link.mav.mission_current_send(0)


def main() -> None:
    """Talk until killed: `python -m benchmarks.mavlink_talkers PORT COUNT ground|air`."""
    port, count, is_in_air = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "air"
    talkers = [Talker(port=port, system_id=number, is_in_air=is_in_air) for number in range(1, count + 1)]
    while True:
        for talker in talkers:
            talker.step()
        time.sleep(0.01)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main()
    else:
        print("used by agent_load")
