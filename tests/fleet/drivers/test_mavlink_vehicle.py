"""The driver against simulated vehicles that are as awkward as real ones; `tests/px4` flies the same on real PX4."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from pymavlink import mavutil
from pymavlink.dialects.v20 import common as dialect

from core.clock import SystemClock
from core.errors import Conflict, InvalidInput, Unavailable
from core.ids import VehicleId
from core.tasks import TaskSupervisor
from fleet.drivers.mavlink import MavlinkVehicle, connect
from fleet.drivers.mavlink_connection import MavlinkPort, udp_port_of
from fleet.drivers.mavlink_failsafes import failsafe_parameters
from fleet.errors import DuplicateVehicle, NotReady, NotSupported, VehicleRefused
from fleet.orders import FailsafeChoices
from fleet.telemetry import FlightMode, LandedState
from fleet.vehicle import Plan, Vehicle
from sim.autopilot import Autopilot
from tests.fleet.drivers.orders import area, keep_in, keep_out, leg, make_order, place
from tests.sim.sky import Sky, free_port, open_sky, pilot, until

pytestmark = pytest.mark.slow
CLOCK = SystemClock()


@dataclass(slots=True, kw_only=True)
class Station:
    """A driver on the port of a sky."""

    sky: Sky
    port: MavlinkPort
    tasks: TaskSupervisor
    vehicles: dict[int, MavlinkVehicle] = field(default_factory=dict)

    async def meet(self, system_id: int = 1) -> MavlinkVehicle:
        """Return a vehicle that is heard and has a home."""
        name = VehicleId(f"drone-{system_id}")
        vehicle = await connect(port=self.port, system_id=system_id, vehicle_id=name, clock=CLOCK)
        self.tasks.run(f"driver {name}", vehicle.run)
        await until(lambda: vehicle.state().home is not None and vehicle.state().gps_ok is True, what="a home")
        return vehicle


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """What a test has opened."""
    async with AsyncExitStack() as stack:
        yield stack


async def open_station(stack: AsyncExitStack, *pilots: Autopilot, speed: float = 8.0) -> Station:
    sky = await stack.enter_async_context(open_sky(*(pilots or (pilot(),)), speed=speed))
    port = await stack.enter_async_context(MavlinkPort(url=f"udpin://127.0.0.1:{sky.port}", clock=CLOCK))
    tasks = await stack.enter_async_context(TaskSupervisor(clock=CLOCK))
    return Station(sky=sky, port=port, tasks=tasks)


class Copter:
    """An ArduPilot that says its heartbeat and notes what it hears."""

    def __init__(self, *, url: str) -> None:
        self.heartbeats = 0
        self.heard: set[str] = set()
        self.orders: set[int] = set()
        self._link: Any = mavutil.mavlink_connection(
            f"udpout:127.0.0.1:{udp_port_of(url)}", source_system=1, source_component=1, dialect="common"
        )

    async def run(self) -> None:
        while True:
            self._link.mav.heartbeat_send(dialect.MAV_TYPE_QUADROTOR, dialect.MAV_AUTOPILOT_ARDUPILOTMEGA, 209, 4, 4)
            self.heartbeats += 1
            while (message := self._link.recv_match(blocking=False)) is not None:
                self.heard.add(message.get_type())
                if message.get_type() == "COMMAND_LONG":
                    self.orders.add(message.command)
                    self._link.mav.command_ack_send(message.command, dialect.MAV_RESULT_ACCEPTED)
            await CLOCK.sleep(0.05)

    def close(self) -> None:
        self._link.close()


async def flying(vehicle: MavlinkVehicle) -> Plan:
    """Load an order and begin it."""
    plan = Plan(order=make_order(leg(40.0, 0.0), leg(40.0, 40.0), leg(0.0, 40.0)))
    await vehicle.load(plan)
    await vehicle.start()
    await until(lambda: vehicle.state().landed is LandedState.IN_AIR, what="the air")
    return plan


async def test_order_is_loaded_flown_and_landed(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle: Vehicle = await station.meet()
    plan = Plan(order=make_order())
    loaded = await vehicle.load(plan)
    assert loaded.digest == await vehicle.digest(plan)
    assert (await vehicle.held_plan()).digest == loaded.digest
    assert vehicle.legs_done(plan) == 0
    await vehicle.start()
    assert vehicle.state().mode is FlightMode.MISSION
    await until(lambda: vehicle.legs_done(plan) == 3, within_s=40.0, what="the legs")
    assert vehicle.state().is_airborne
    await until(lambda: not vehicle.state().is_airborne, within_s=40.0, what="the landing")


async def test_failsafes_are_held_by_the_vehicle(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle = await station.meet()
    order = make_order(failsafes=FailsafeChoices(link_lost_after_s=17.0, battery_low_ratio=0.33))
    await vehicle.load(Plan(order=order))
    held = await vehicle.held_parameters(order)
    assert all(parameter.is_held(held[parameter.name]) for parameter in failsafe_parameters(order))
    assert held["COM_DL_LOSS_T"] == 17


async def test_hold_resume_return_and_land_return_when_the_vehicle_shows_them(stack: AsyncExitStack) -> None:
    station = await open_station(stack, speed=4.0)
    vehicle = await station.meet()
    await flying(vehicle)
    for command, mode in (
        (vehicle.hold, FlightMode.HOLD),
        (vehicle.resume, FlightMode.MISSION),
        (vehicle.return_home, FlightMode.RETURN),
        (vehicle.land, FlightMode.LAND),
    ):
        await command()
        assert vehicle.state().mode is mode
    await until(lambda: not vehicle.state().is_airborne, within_s=40.0, what="the landing")


async def test_order_is_begun_in_the_air_only_from_hold(stack: AsyncExitStack) -> None:
    station = await open_station(stack, speed=4.0)
    vehicle = await station.meet()
    await flying(vehicle)
    plan = Plan(order=make_order(leg(-30.0, 0.0)), from_air=True)
    with pytest.raises(Conflict, match="hold first"):
        await vehicle.load(plan)
    await vehicle.hold()
    await vehicle.load(plan)
    assert vehicle.legs_done(plan) == 0
    await vehicle.start()
    await until(lambda: vehicle.legs_done(plan) == 1, within_s=40.0, what="the leg")


async def test_waypoint_in_a_keep_out_zone_is_refused_in_the_vehicles_words(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle = await station.meet()
    zones = (keep_in(), keep_out(area(20.0, -10.0, 40.0, 10.0)))
    with pytest.raises(VehicleRefused, match=r"(?i)violation"):
        await vehicle.load(Plan(order=make_order(leg(30.0, 0.0), zones=zones)))
    with pytest.raises((VehicleRefused, Conflict)):
        await vehicle.start()
    assert vehicle.state().is_armed is False


async def test_vehicle_away_from_its_dock_is_not_loaded(stack: AsyncExitStack) -> None:
    station = await open_station(stack, pilot(east_m=40.0))
    vehicle = await station.meet()
    with pytest.raises(NotReady, match="40 m from its dock"):
        await vehicle.load(Plan(order=make_order()))


async def test_vehicle_without_position_does_not_take_off(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle = await station.meet()
    await vehicle.load(Plan(order=make_order()))
    station.sky.peers[0].pilot.faults.gps_lost = True
    await until(lambda: vehicle.state().gps_ok is False, what="the loss")
    with pytest.raises(VehicleRefused):
        await vehicle.start()
    assert vehicle.state().is_armed is False


async def test_lost_link_is_noticed_ages_and_comes_back(stack: AsyncExitStack) -> None:
    station = await open_station(stack, speed=1.0)
    vehicle = await station.meet()
    faults = station.sky.peers[0].pilot.faults
    faults.link_lost = True
    await until(lambda: not vehicle.state().link_up, within_s=6.0, what="the loss")
    assert vehicle.state().age_s(CLOCK.monotonic_s()) > 2.5
    with pytest.raises(Unavailable):
        await vehicle.load(Plan(order=make_order()))
    with pytest.raises(Unavailable):
        await vehicle.hold()
    faults.link_lost = False
    await until(lambda: vehicle.state().link_up, within_s=6.0, what="the link")
    await vehicle.load(Plan(order=make_order()))


async def test_transfers_get_through_a_bad_link(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle = await station.meet()
    faults = station.sky.peers[0].pilot.faults
    faults.link_loss_ratio, faults.link_delay_s = 0.05, 0.05
    plan = Plan(order=make_order())
    assert (await vehicle.load(plan)).digest == await vehicle.digest(plan)


async def test_a_vehicle_busy_with_a_transfer_that_nobody_ends_is_waited_for(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    vehicle = await station.meet()
    silent = dialect.MAVLink(None, srcSystem=200, srcComponent=190)
    asks = dialect.MAVLink_mission_request_list_message(1, 1, dialect.MAV_MISSION_TYPE_FENCE)
    station.sky.peers[0].datagram_received(asks.pack(silent), ("127.0.0.1", station.sky.port))
    plan = Plan(order=make_order())
    assert (await vehicle.load(plan)).digest == await vehicle.digest(plan)


async def test_vehicles_on_one_port_are_told_apart_and_discovered(stack: AsyncExitStack) -> None:
    station = await open_station(stack, *(pilot(n, east_m=60.0 * n) for n in (1, 2, 3)))
    found: set[int] = set()
    async for system_id in station.port.discovered():
        found.add(system_id)
        if len(found) == 3:
            break
    assert found == {1, 2, 3}
    second = await station.meet(2)
    await second.load(Plan(order=make_order(vehicle_id="drone-2", home=place(120.0, 0.0))))
    await second.start()
    assert [peer.pilot.record.is_armed for peer in station.sky.peers] == [False, True, False]


async def test_two_vehicles_with_one_id_are_not_commanded(stack: AsyncExitStack) -> None:
    station = await open_station(stack, pilot(1), pilot(2, east_m=60.0), speed=1.0)
    vehicle = await station.meet(1)
    station.sky.peers[1].pilot.faults.duplicate_system_id = 1
    await until(lambda: vehicle.state().is_ambiguous, within_s=15.0, what="the notice")
    for command in (vehicle.hold, vehicle.start):
        with pytest.raises(DuplicateVehicle):
            await command()
    station.sky.peers[1].pilot.faults.duplicate_system_id = 0
    await until(lambda: not vehicle.state().is_ambiguous, within_s=25.0, what="the all-clear")
    await vehicle.hold()


async def test_second_listener_and_bad_addresses_are_refused(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    with pytest.raises(Conflict, match="listener"):
        await stack.enter_async_context(MavlinkPort(url=station.port.url, clock=CLOCK))
    with pytest.raises(InvalidInput, match="connection"):
        await stack.enter_async_context(MavlinkPort(url="carrier-pigeon://loft", clock=CLOCK))


async def test_silent_vehicle_is_named_with_those_that_are_heard(stack: AsyncExitStack) -> None:
    station = await open_station(stack)
    await station.meet(1)
    with pytest.raises(Unavailable, match=r"system id 9 .*heard: 1"):
        await connect(port=station.port, system_id=9, vehicle_id=VehicleId("x"), clock=CLOCK, timeout_s=0.5)


async def test_ardupilot_is_refused_by_name_and_not_commanded(stack: AsyncExitStack) -> None:
    port = await stack.enter_async_context(MavlinkPort(url=f"udpin://127.0.0.1:{free_port()}", clock=CLOCK))
    tasks = await stack.enter_async_context(TaskSupervisor(clock=CLOCK))
    copter = stack.enter_context(closing(Copter(url=port.url)))
    tasks.run("copter", copter.run)
    vehicle = await connect(port=port, system_id=1, vehicle_id=VehicleId("copter"), clock=CLOCK)
    await until(lambda: "ArduPilot" in vehicle.state().because, what="its heartbeat")
    plan = Plan(order=make_order())
    for command in (lambda: vehicle.load(plan), vehicle.start, vehicle.hold, vehicle.return_home, vehicle.land):
        with pytest.raises(NotSupported, match=r"ArduPilot, which is not supported yet: its mode numbers differ"):
            await command()
    heartbeats = copter.heartbeats
    await until(lambda: copter.heartbeats > heartbeats + 2, what="anything that was sent to arrive")
    assert copter.heard.isdisjoint({"MISSION_COUNT", "PARAM_SET", "PARAM_EXT_SET", "SET_MODE"})
    assert copter.orders.isdisjoint({dialect.MAV_CMD_DO_SET_MODE, dialect.MAV_CMD_COMPONENT_ARM_DISARM})


async def test_camera_poses_carry_the_vehicles_own_time(stack: AsyncExitStack) -> None:
    station = await open_station(stack, speed=1.0)
    vehicle = await station.meet()
    poses = vehicle.camera_poses()
    times_s = [(await anext(poses)).vehicle_time_s for _ in range(3)]
    assert times_s == sorted(times_s)
    assert abs(times_s[-1] - station.sky.time.now_s) < 1.0
