"""From messages to state, poses and sentences; ages by our own clock; two vehicles told from one."""

import math

import pytest

from core.clock import ManualClock
from core.ids import VehicleId
from fleet.drivers.mavlink_identity import IdentityWatch
from fleet.drivers.mavlink_telemetry import CameraMount, MavlinkTelemetry
from fleet.telemetry import CameraPose, FlightMode, LandedState, VehicleMessage
from geofence.positions import GeoPosition
from tests.fleet.drivers.orders import HOME, place


class Ears:
    """A telemetry with everything that came out of it."""

    def __init__(self, *, mount: CameraMount | None = None) -> None:
        self.clock = ManualClock()
        self.poses: list[CameraPose] = []
        self.messages: list[VehicleMessage] = []
        self.reboots: list[float] = []
        self.telemetry = MavlinkTelemetry(
            vehicle_id=VehicleId("drone-1"),
            clock=self.clock,
            mount=mount,
            on_pose=self.poses.append,
            on_message=self.messages.append,
            on_reboot=lambda: self.reboots.append(self.clock.monotonic_s()),
        )

    def position(self, *, at: GeoPosition = HOME, time_s: float = 10.0, east_m_s: float = 0.0) -> None:
        fields = {
            "time_boot_ms": round(time_s * 1e3),
            "lat": round(at.lat_deg * 1e7),
            "lon": round(at.lon_deg * 1e7),
            "alt": 29_000,
            "relative_alt": 25_000,
            "vx": 0,
            "vy": round(east_m_s * 100),
            "vz": -100,
            "hdg": 9000,
        }
        self.telemetry.handle("GLOBAL_POSITION_INT", fields)

    def attitude(self, *, roll_deg: float, pitch_deg: float, yaw_deg: float, time_s: float = 10.0) -> None:
        angles = {"roll": math.radians(roll_deg), "pitch": math.radians(pitch_deg), "yaw": math.radians(yaw_deg)}
        self.telemetry.handle("ATTITUDE", {"time_boot_ms": round(time_s * 1e3), **angles})


def heartbeat(main: int, sub: int, *, is_armed: bool) -> dict[str, object]:
    return {"autopilot": 12, "custom_mode": main << 16 | sub << 24, "base_mode": 29 | 128 * is_armed}


def test_messages_add_up_to_a_state() -> None:
    ears = Ears()
    ears.position(at=place(10.0, 0.0), east_m_s=3.0)
    ears.telemetry.handle("HEARTBEAT", heartbeat(4, 4, is_armed=True))
    ears.telemetry.handle("EXTENDED_SYS_STATE", {"landed_state": 2})
    ears.telemetry.handle("SYS_STATUS", {"battery_remaining": 42, "onboard_control_sensors_health": 0x10000000})
    ears.telemetry.handle("MISSION_CURRENT", {"seq": 3, "total": 9, "mission_state": 3})
    state = ears.telemetry.state()
    assert (state.mode, state.is_armed, state.landed) == (FlightMode.MISSION, True, LandedState.IN_AIR)
    assert (state.east_m_s, state.up_m_s, state.heading_deg) == (3.0, 1.0, 90.0)
    assert (state.altitude_amsl_m, state.height_above_home_m) == (29.0, 25.0)
    assert (state.battery_ratio, state.health_ok) == (0.42, True)
    assert (state.mission_item, state.mission_items, state.vehicle_time_s) == (3, 9, 10.0)


@pytest.mark.parametrize(("autopilot", "name"), [(3, "ArduPilot"), (0, "an autopilot of kind 0")])
def test_modes_of_another_autopilot_are_not_read_as_those_of_px4(autopilot: int, name: str) -> None:
    ears = Ears()
    ears.telemetry.handle("HEARTBEAT", heartbeat(4, 4, is_armed=True) | {"autopilot": autopilot})
    assert ears.telemetry.state().mode is FlightMode.UNKNOWN
    assert f"flown by {name}, which is not supported yet" in ears.telemetry.state().because
    ears.telemetry.handle("HEARTBEAT", heartbeat(4, 4, is_armed=True))
    assert (ears.telemetry.state().mode, ears.telemetry.state().because) == (FlightMode.MISSION, "")


async def test_silence_ages_the_state_by_our_own_clock() -> None:
    ears = Ears()
    ears.position()
    assert ears.telemetry.state().link_up
    await ears.clock.advance(3.1)
    state = ears.telemetry.state()
    assert not state.link_up
    assert state.age_s(ears.clock.monotonic_s()) == pytest.approx(3.1)


def test_finished_mission_counts_as_past_its_last_item() -> None:
    ears = Ears()
    ears.telemetry.handle("MISSION_CURRENT", {"seq": 8, "total": 9, "mission_state": 5})
    assert ears.telemetry.state().mission_item == 9
    ears.telemetry.handle("MISSION_CURRENT", {"seq": 0, "total": 65535, "mission_state": 1})
    assert ears.telemetry.state().mission_items == 0


def test_unknown_battery_and_unknown_mode_are_not_guessed() -> None:
    ears = Ears()
    ears.telemetry.handle("SYS_STATUS", {"battery_remaining": -1, "onboard_control_sensors_health": 0})
    ears.telemetry.handle("HEARTBEAT", heartbeat(77, 0, is_armed=False))
    assert ears.telemetry.state().battery_ratio is None
    assert ears.telemetry.state().mode is FlightMode.UNKNOWN


def test_long_sentences_are_put_together_and_warnings_become_the_reason() -> None:
    ears = Ears()
    long = "Geofence violation for waypoint 3 and a half and so"
    for seq, part in enumerate((long[:50], long[50:])):
        ears.telemetry.handle("STATUSTEXT", {"severity": 2, "text": part, "id": 7, "chunk_seq": seq})
    ears.telemetry.handle("STATUSTEXT", {"severity": 6, "text": "Armed\t", "id": 0, "chunk_seq": 0})
    assert [message.text for message in ears.messages] == [long, "Armed"]
    assert ears.telemetry.state().because == long


def test_fixed_camera_moves_with_the_body() -> None:
    ears = Ears(mount=CameraMount(pitch_deg=-30.0))
    ears.position()
    ears.attitude(roll_deg=0.0, pitch_deg=-10.0, yaw_deg=350.0)
    pose = ears.poses[-1]
    assert (pose.pitch_deg, pose.yaw_deg, pose.roll_deg) == pytest.approx((-40.0, 350.0, 0.0))
    assert pose.height_agl_m == 25.0


@pytest.mark.parametrize(("flags", "yaw_deg"), [(44, 120.0), (76, 30.0)])
def test_gimbal_pose_is_against_north_and_horizon(flags: int, yaw_deg: float) -> None:
    ears = Ears()
    ears.position()
    half_pitch, half_yaw = math.radians(-35.0) / 2, math.radians(30.0) / 2
    q = [
        math.cos(half_pitch) * math.cos(half_yaw),
        -math.sin(half_pitch) * math.sin(half_yaw),
        math.sin(half_pitch) * math.cos(half_yaw),
        math.cos(half_pitch) * math.sin(half_yaw),
    ]
    ears.telemetry.handle("GIMBAL_DEVICE_ATTITUDE_STATUS", {"q": q, "flags": flags})
    ears.attitude(roll_deg=5.0, pitch_deg=-8.0, yaw_deg=90.0)
    pose = ears.poses[-1]
    assert (pose.pitch_deg, pose.yaw_deg, pose.roll_deg) == pytest.approx((-35.0, yaw_deg, 0.0))


def test_pose_is_carried_on_to_the_time_of_the_attitude() -> None:
    ears = Ears(mount=CameraMount(pitch_deg=-30.0))
    ears.position(time_s=10.0, east_m_s=5.0)
    ears.attitude(roll_deg=0.0, pitch_deg=0.0, yaw_deg=0.0, time_s=10.1)
    assert ears.poses[-1].vehicle_time_s == 10.1
    assert ears.poses[-1].position.lon_deg == pytest.approx(place(0.5, 0.0).lon_deg, abs=1e-7)


def test_vehicle_without_a_known_camera_gives_no_poses() -> None:
    ears = Ears()
    ears.position()
    ears.attitude(roll_deg=0.0, pitch_deg=0.0, yaw_deg=0.0)
    assert ears.poses == []


def test_restart_is_one_step_back_in_vehicle_time() -> None:
    ears = Ears()
    ears.position(time_s=100.0)
    ears.position(time_s=2.0)
    ears.position(time_s=2.1)
    assert len(ears.reboots) == 1
    assert not ears.telemetry.state().is_ambiguous


async def test_two_clocks_in_turn_are_two_vehicles_until_one_is_silent() -> None:
    ears = Ears()
    for n in range(10):
        await ears.clock.advance(0.05)
        ears.position(time_s=(100.0 if n % 2 else 40.0) + n * 0.05)
    assert ears.telemetry.state().is_ambiguous
    assert "two vehicles" in ears.telemetry.state().because
    for n in range(110):
        await ears.clock.advance(0.1)
        ears.position(time_s=102.0 + n * 0.1)
    assert not ears.telemetry.state().is_ambiguous


def test_two_places_in_turn_are_two_vehicles_even_with_one_clock() -> None:
    watch = IdentityWatch()
    for n in range(10):
        where = HOME if n % 2 else place(80.0, 0.0)
        watch.observe(vehicle_time_s=10 + n * 0.05, position=where, now_s=n * 0.05)
    assert watch.is_ambiguous(0.5)


def test_two_boards_under_one_id_are_two_vehicles() -> None:
    watch = IdentityWatch()
    watch.observe_uid("1", now_s=0.0)
    watch.observe_uid("1", now_s=0.1)
    assert not watch.is_ambiguous(0.2)
    watch.observe_uid("2", now_s=0.3)
    assert watch.is_ambiguous(0.4)


def test_one_message_that_cannot_be_read_stops_nobody_who_asks_for_the_state() -> None:
    ears = Ears()
    ears.position(at=place(10.0, 0.0))
    before = ears.telemetry.state().position
    nowhere = dict.fromkeys(("time_boot_ms", "alt", "relative_alt", "vx", "vy", "vz", "hdg"), 0)
    ears.telemetry.handle("GLOBAL_POSITION_INT", {**nowhere, "lat": -(2**31), "lon": -(2**31)})
    ears.telemetry.handle("HEARTBEAT", heartbeat(4, 4, is_armed=True))
    state = ears.telemetry.state()
    assert (state.position, state.mode) == (before, FlightMode.MISSION)
    assert "GLOBAL_POSITION_INT" in state.because
