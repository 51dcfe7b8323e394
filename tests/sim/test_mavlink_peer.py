"""Simulated vehicles flown by the real MAVSDK: the good days, and the awkwardness that vehicles.md measured."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from mavsdk.asyncio import ComponentType, Configuration, Mavsdk
from mavsdk.asyncio.plugins.action import ActionAsync
from mavsdk.asyncio.plugins.geofence import FenceType, GeofenceAsync, GeofenceData, Point, Polygon
from mavsdk.asyncio.plugins.mission_raw import MissionItem, MissionRawAsync, MissionRawError
from mavsdk.asyncio.plugins.param import ParamAsync
from mavsdk.asyncio.plugins.telemetry import TelemetryAsync

from core.clock import SystemClock
from core.tasks import TaskSupervisor
from sim.autopilot import Autopilot
from sim.flight import Landed, Mode
from sim.plan import PlanType
from tests.sim.sky import Sky, first, lat_lon, open_sky, pilot, until

pytestmark = pytest.mark.slow
HOLD, MISSION, RETURN, LAND = 3, 4, 5, 6


@dataclass(slots=True, kw_only=True)
class Ground:
    """A ground station that met one vehicle."""

    sky: Sky
    system: Any
    action: Any
    telemetry: Any
    mission: Any
    fence: Any
    param: Any
    texts: list[str]

    async def heard(self, words: str) -> None:
        """Wait until the vehicle has said *words*."""
        await until(lambda: any(words in text for text in self.texts), what=f"{words!r} in {self.texts}")

    async def mode(self, number: int) -> None:
        """Wait until MAVSDK shows the flight mode."""
        await first(self.telemetry.subscribe_flight_mode(), lambda mode: int(mode) == number)

    async def in_the_air(self) -> None:
        """Take off and wait for the hover."""
        await self.action.arm()
        await self.action.takeoff()
        await until(lambda: self.sky.record.mode is Mode.HOLD and self.sky.record.body.up_m > 9, what="the hover")


@asynccontextmanager
async def ground(*pilots: Autopilot, speed: float = 8.0, start_s: float = 0.0) -> AsyncIterator[Ground]:
    """Open a sky with *pilots* (one when none is given) and meet its first vehicle."""
    async with open_sky(*(pilots or (pilot(),)), speed=speed, start_s=start_s) as sky:
        station = Mavsdk(Configuration.create_with_component_type(ComponentType.GROUND_STATION))
        await station.add_any_connection(f"udpin://127.0.0.1:{sky.port}")
        system = await station.first_autopilot(timeout_s=10.0)
        texts: list[str] = []
        telemetry = TelemetryAsync(system)

        async def listen() -> None:
            async for text in telemetry.subscribe_status_text():
                texts.append(text.text)

        async with TaskSupervisor(clock=SystemClock()) as tasks:
            tasks.run("texts", listen)
            meeting = Ground(
                sky=sky,
                system=system,
                action=ActionAsync(system),
                telemetry=telemetry,
                mission=MissionRawAsync(system),
                fence=GeofenceAsync(system),
                param=ParamAsync(system),
                texts=texts,
            )
            await first(telemetry.subscribe_health(), lambda health: health.is_armable)
            yield meeting
        station.destroy()


def item(
    number: int, command: int, east_m: float = 0.0, north_m: float = 0.0, up_m: float = 0.0, **more: float
) -> MissionItem:
    """Return a raw mission item; items without a place are in the mission frame."""
    placed = command in {16, 19, 21, 22}
    lat_deg, lon_deg = lat_lon(east_m, north_m) if placed else (0.0, 0.0)
    return MissionItem(
        seq=number,
        frame=6 if placed else 2,
        command=command,
        current=int(number == 0),
        autocontinue=1,
        param1=more.get("param1", 0.0),
        param2=more.get("param2", 0.0),
        param3=more.get("param3", 0.0),
        param4=more.get("param4", math.nan if placed else 0.0),
        x=round(lat_deg * 1e7),
        y=round(lon_deg * 1e7),
        z=up_m,
        mission_type=0,
    )


def square(east_m: float, north_m: float, half_m: float, kind: FenceType = FenceType.INCLUSION) -> Polygon:
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    points = [Point(*lat_lon(east_m + half_m * x, north_m + half_m * y)) for x, y in corners]
    return Polygon(points, kind)


ROUND = [
    item(0, 22, up_m=12),
    item(1, 178, param1=1, param2=6, param3=-1),
    item(2, 205, param1=-38),
    item(3, 16, 0, 40, 12),
    item(4, 16, 30, 40, 12),
    item(5, 20),
]


async def uploaded(station: Ground, items: list[MissionItem]) -> None:
    """Upload, and wait until the vehicle itself has found the mission good."""
    await station.mission.upload_mission(items)
    await until(lambda: station.sky.record.mission_valid, what="a valid mission")


async def flying(station: Ground, items: list[MissionItem]) -> None:
    await uploaded(station, items)
    await station.action.arm()
    await station.mission.start_mission()
    await until(lambda: station.sky.record.landed is Landed.IN_AIR, what="the flight")


async def test_a_mission_is_flown_from_dock_to_dock() -> None:
    async with ground() as station:
        await flying(station, ROUND)
        record = station.sky.record
        await until(lambda: record.item == 4, what="the second corner")
        assert record.gimbal.pitch_deg == -38
        await station.mode(RETURN)
        assert record.reached == 5
        assert record.is_armed, "finished at the last item, and still in the air"
        await until(lambda: not record.is_armed, what="disarming")
        assert math.hypot(record.body.east_m, record.body.north_m) < 2
        assert record.landed is Landed.ON_GROUND
        await station.heard("Disarmed by landing")


async def test_the_return_climbs_first_and_flies_home_at_its_height() -> None:
    async with ground() as station:
        await flying(station, [item(0, 22, up_m=10), item(1, 16, 0, 60, 10), item(2, 16, 0, 120, 10)])
        record = station.sky.record
        await until(lambda: record.body.north_m > 60, what="some way")
        await station.action.return_to_launch()
        highest_m, low_moves = 0.0, []
        while record.landed is not Landed.ON_GROUND:
            before_m = record.body.north_m
            await until(lambda before_m=before_m: record.body.north_m != before_m or not record.is_armed)  # type: ignore[misc]
            highest_m = max(highest_m, record.body.up_m)
            if 5 < record.body.north_m < 55 and record.body.up_m < 28:
                low_moves.append(record.body.north_m)
        assert highest_m == pytest.approx(30, abs=1.5)
        assert not low_moves, "it came home below its return height"


async def test_what_was_uploaded_can_be_read_back() -> None:
    async with ground() as station:
        await station.mission.upload_mission(ROUND)
        held = await station.mission.download_mission()
        assert [(each.command, each.x, each.y, each.z) for each in held] == [
            (each.command, each.x, each.y, each.z) for each in ROUND
        ]
        lat_deg, lon_deg = lat_lon(5, 5)
        rally = MissionItem(0, 3, 5100, 0, 1, 0.0, 0.0, 0.0, 0.0, round(lat_deg * 1e7), round(lon_deg * 1e7), 20.0, 2)
        await station.mission.upload_rally_points([rally])
        assert len(station.sky.record.plan.items[PlanType.RALLY]) == 1
        await station.fence.upload_geofence(GeofenceData([square(0, 0, 200)], []))
        assert len(await station.mission.download_geofence()) == 4


async def test_parameters_keep_their_types() -> None:
    async with ground() as station:
        await station.param.set_param_int("NAV_DLL_ACT", 2)
        await station.param.set_param_float("RTL_RETURN_ALT", 42.5)
        assert await station.param.get_param_int("NAV_DLL_ACT") == 2
        assert await station.param.get_param_float("RTL_RETURN_ALT") == 42.5
        assert station.sky.peers[0].pilot.parameters.whole("NAV_DLL_ACT") == 2


async def test_a_start_right_after_the_upload_succeeds_and_does_nothing() -> None:
    async with ground(pilot(COM_DISARM_PRFLT=3.0)) as station:
        await station.action.arm()
        await station.mission.upload_mission(ROUND)
        await station.mission.start_mission()
        await station.heard("Switching to Mission is currently not available")
        assert station.sky.record.mode is Mode.HOLD
        await station.heard("Disarmed by auto preflight disarming")
        assert station.sky.record.body.up_m == 0


async def test_a_fence_without_home_is_refused_only_in_words_and_later() -> None:
    async with ground(speed=1.0) as station:
        await station.fence.upload_geofence(GeofenceData([square(200, 0, 50)], []))
        assert not station.texts
        await station.heard("doesn't contain Home position")
        assert not station.sky.record.fence_valid


async def test_a_waypoint_outside_of_the_fence_makes_the_mission_unavailable() -> None:
    async with ground() as station:
        await station.fence.upload_geofence(GeofenceData([square(0, 0, 30)], []))
        await until(lambda: station.sky.record.fence_valid, what="the fence")
        await station.mission.upload_mission(ROUND)
        await station.heard("Geofence violation for waypoint 4")
        await station.action.arm()
        await station.mission.start_mission()
        await station.heard("Switching to Mission is currently not available")
        assert station.sky.record.mode is Mode.HOLD


async def test_only_waypoints_are_checked_against_the_fence_not_the_legs() -> None:
    async with ground(pilot(GF_ACTION=0)) as station:
        await station.fence.upload_geofence(
            GeofenceData([square(0, 0, 200), square(0, 40, 10, FenceType.EXCLUSION)], [])
        )
        await until(lambda: station.sky.record.fence_valid, what="the fence")
        await uploaded(station, [item(0, 22, up_m=10), item(1, 16, 0, 80, 10)])


async def test_a_goto_outside_of_the_fence_succeeds_and_is_not_flown() -> None:
    async with ground() as station:
        await station.fence.upload_geofence(GeofenceData([square(0, 0, 30)], []))
        await station.in_the_air()
        lat_deg, lon_deg = lat_lon(0, 100)
        await station.action.goto_location(lat_deg, lon_deg, 20.0, 0.0)
        await station.heard("Reposition is outside geofence")
        assert station.sky.record.body.north_m < 5


async def test_an_empty_mission_cannot_be_flown() -> None:
    async with ground() as station:
        with pytest.raises(MissionRawError, match=r"NO_MISSION_AVAILABLE|INVALID_ARGUMENT"):
            await station.mission.upload_mission([])


async def test_hold_and_resume_go_on_where_it_was() -> None:
    async with ground() as station:
        await flying(station, [item(0, 22, up_m=10), item(1, 16, 0, 50, 10), item(2, 16, 0, 150, 10)])
        record = station.sky.record
        await until(lambda: record.item == 2, what="the long leg")
        await station.mission.pause_mission()
        await station.mode(HOLD)
        await until(lambda: record.body.speed_m_s < 0.5, what="standstill")
        stopped_m = record.body.north_m
        await station.mission.start_mission()
        await until(lambda: record.body.north_m > stopped_m + 10, what="going on")
        assert record.item == 2


async def test_a_lost_link_holds_then_brings_it_home() -> None:
    async with ground(pilot(NAV_DLL_ACT=2, COM_DL_LOSS_T=2, COM_FAIL_ACT_T=4.0)) as station:
        await station.in_the_air()
        station.sky.peers[0].pilot.faults.link_lost = True
        record = station.sky.record
        await until(lambda: record.action_cause == "link", what="the failsafe")
        assert record.mode is Mode.HOLD
        await until(lambda: record.mode is Mode.RETURN, what="the return")
        await until(lambda: not record.is_armed, what="the landing")


async def test_a_link_that_comes_back_does_not_end_the_return() -> None:
    async with ground(pilot(NAV_DLL_ACT=2, COM_DL_LOSS_T=2, COM_FAIL_ACT_T=0.0)) as station:
        await flying(station, [item(0, 22, up_m=10), item(1, 16, 0, 150, 10)])
        station.sky.peers[0].pilot.faults.link_lost = True
        record = station.sky.record
        await until(lambda: record.mode is Mode.RETURN, what="the return")
        station.sky.peers[0].pilot.faults.link_lost = False
        await until(lambda: station.sky.peers[0].link_age_s < 1, what="the link")
        await station.mode(RETURN)
        await station.mission.start_mission()
        await station.mode(MISSION)


async def test_without_satellites_it_sinks_and_resumes_the_mission_by_itself() -> None:
    async with ground() as station:
        await flying(station, [item(0, 22, up_m=40), item(1, 16, 0, 200, 40)])
        record = station.sky.record
        await until(lambda: record.body.north_m > 10, what="some way")
        station.sky.peers[0].pilot.faults.gps_lost = True
        await station.mode(LAND)
        station.sky.peers[0].pilot.faults.gps_lost = False
        await station.mode(MISSION)
        assert record.is_armed


async def test_an_empty_battery_lands_it() -> None:
    async with ground(pilot(COM_FAIL_ACT_T=1.0)) as station:
        await station.in_the_air()
        station.sky.peers[0].pilot.faults.battery_ratio = 0.03
        await station.mode(LAND)
        await station.heard("Failsafe activated")
        await first(station.telemetry.subscribe_battery(), lambda told: told.remaining_percent < 10)
        await until(lambda: not station.sky.record.is_armed, what="the landing")


async def test_it_cannot_be_armed_with_a_low_battery() -> None:
    async with ground() as station:
        station.sky.record.body.east_m = 50.0  # away from the dock, so that it is not charged
        station.sky.peers[0].pilot.faults.battery_ratio = 0.05
        await until(lambda: station.sky.record.battery_ratio < 0.1, what="the fault")
        with pytest.raises(Exception, match="DENIED"):
            await station.action.arm()
        await station.heard("Arming denied")


async def test_two_vehicles_can_answer_to_one_id() -> None:
    async with ground(pilot(1), pilot(2, east_m=20)) as station:
        station.sky.peers[1].pilot.faults.duplicate_system_id = 1
        await station.action.arm()
        await until(
            lambda: all(peer.pilot.record.is_armed for peer in station.sky.peers), what="both to arm at one command"
        )


async def test_wind_pushes_and_it_holds_its_place() -> None:
    async with ground() as station:
        station.sky.peers[0].pilot.faults.wind_m_s = 8.0
        await station.in_the_air()
        record = station.sky.record
        end_s = station.sky.time.now_s + 20
        await until(lambda: station.sky.time.now_s > end_s)
        assert math.hypot(record.body.east_m, record.body.north_m) < 6
        assert math.hypot(record.body.roll_deg, record.body.pitch_deg) > 3, "it leans into the wind"


async def test_it_says_its_own_time_and_the_clock_can_jump() -> None:
    async with ground(start_s=5000.0) as station:
        position = await first(station.telemetry.subscribe_position(), lambda _: True)
        assert position.relative_altitude_m == pytest.approx(0, abs=0.5)
        assert station.sky.time.now_s > 5000
