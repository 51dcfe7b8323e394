"""A sky for tests: simulated vehicles in this process, flown by the real MAVSDK."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from core.clock import SystemClock
from core.tasks import TaskSupervisor
from geofence.frames import LocalFrame
from geofence.positions import GeoPosition, LocalPosition
from sim.autopilot import Airframe, Autopilot
from sim.faults import Faults
from sim.flight import FlightRecord, Point
from sim.parameters import Parameters
from sim.peers.mavlink import MavlinkPeer
from sim.peers.mavlink_telemetry import Moment
from sim.pulse import Pulse, WorldTime
from sim.quadrotor import Body
from sim.world_file import Spot

FRAME = LocalFrame(origin=GeoPosition(lon_deg=121.40, lat_deg=31.32))
BRISK: dict[str, float | int] = {
    "MPC_Z_V_AUTO_UP": 5.0,
    "MPC_Z_V_AUTO_DN": 4.0,
    "MPC_LAND_SPEED": 1.5,
    "MIS_TAKEOFF_ALT": 10.0,
    "RTL_RETURN_ALT": 30.0,
    "RTL_CONE_ANG": 0,
}


def free_port() -> int:
    """Return a UDP port that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pilot(system_id: int = 1, *, east_m: float = 0.0, **parameters: float | int) -> Autopilot:
    """Return a vehicle on the ground, *east_m* from the origin."""
    return Autopilot(
        airframe=Airframe(
            vehicle_id=f"drone-{system_id}",
            system_id=system_id,
            dock=Spot(east_m=east_m, north_m=0.0),
            seed=system_id,
        ),
        frame=FRAME,
        ground_amsl_m=4.0,
        parameters=Parameters(overrides=BRISK | parameters),
        record=FlightRecord(body=Body(east_m=east_m, north_m=0.0), home=Point(east_m=east_m, north_m=0.0, up_m=0.0)),
        faults=Faults(),
    )


def lat_lon(east_m: float, north_m: float) -> tuple[float, float]:
    """Return latitude and longitude of a place in metres from the origin."""
    here = FRAME.to_geo(LocalPosition(east_m=east_m, north_m=north_m))
    return here.lat_deg, here.lon_deg


@dataclass(slots=True, kw_only=True)
class Sky:
    """Peers that live in this process, and the port at which a ground station meets them."""

    port: int
    peers: list[MavlinkPeer]
    time: WorldTime
    texts: list[str] = field(default_factory=list)

    @property
    def record(self) -> FlightRecord:
        """Return the first vehicle's state."""
        return self.peers[0].pilot.record


@asynccontextmanager
async def open_sky(*pilots: Autopilot, speed: float = 8.0, start_s: float = 0.0) -> AsyncIterator[Sky]:
    """Let *pilots* live at *speed* times real time."""
    world, port = WorldTime(now_s=start_s), free_port()
    peers = [
        MavlinkPeer(
            pilot=each,
            ground_station=("127.0.0.1", port),
            now=time.monotonic,
            moment=lambda: Moment(boot_s=world.now_s, unix_s=1.7e9 + world.now_s),
        )
        for each in pilots
    ]
    for peer in peers:
        await peer.open()
    async with TaskSupervisor(clock=SystemClock()) as tasks:
        tasks.run("pulse", Pulse(time=world, peers=peers, speed=speed).run)
        try:
            yield Sky(port=port, peers=peers, time=world)
        finally:
            for peer in peers:
                peer.close()


async def until(claim: Callable[[], bool], *, within_s: float = 20.0, what: str = "it") -> None:
    """Wait until *claim* holds; fail when it does not within wall seconds."""
    deadline_s = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < deadline_s, f"waited {within_s} s for {what}"
        await asyncio.sleep(0.02)


async def first(stream: Any, claim: Callable[[Any], bool], *, within_s: float = 15.0) -> Any:
    """Return the first value of a MAVSDK stream for which *claim* holds."""

    async def look() -> Any:
        async for value in stream:
            if claim(value):
                return value
        raise AssertionError("the stream ended")

    return await asyncio.wait_for(look(), within_s)
