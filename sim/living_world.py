"""A world that lives and is remembered: town, vehicles and referee, from the world file or from a snapshot."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.clock import Clock
from core.tasks import run_blocking
from geofence.zone_files import read_zones
from sim.autopilot import Autopilot
from sim.peers.mavlink_telemetry import Moment
from sim.pulse import WorldTime
from sim.referee import Referee
from sim.snapshot import WorldMemory, encode, read_snapshot, write_snapshot
from sim.town import Town
from sim.vehicles import build_pilot, remember
from sim.world_file import read_world

_SNAPSHOT_EVERY_S = 1.0
_SNAPSHOT = "world.snapshot.json"


class LivingWorld:
    """Everything that lives; raises InvalidInput when the world's files or its snapshot are wrong."""

    def __init__(self, *, folder: Path, state_dir: Path, clock: Clock) -> None:
        self.plan = read_world(folder)
        state_dir.mkdir(parents=True, exist_ok=True)
        self._file = state_dir / _SNAPSHOT
        self._clock = clock
        memory = read_snapshot(self._file, world=self.plan.name) or WorldMemory(world=self.plan.name, time_s=0.0)
        self.time = WorldTime(now_s=memory.time_s)
        self.pilots = [build_pilot(self.plan, site, memory=memory.vehicles.get(site.id)) for site in self.plan.vehicles]
        self.town = Town(plan=self.plan, state=memory.town)
        zones = read_zones((folder / "zones.geojson").read_bytes())
        self.referee = Referee(zones=zones, frame=self.plan.frame, clock=clock, state=memory.referee)

    def look(self) -> None:
        """Let the referee look."""
        self.referee.look(self.pilots, self.time.now_s)

    def write(self) -> None:
        """Write the snapshot now."""
        write_snapshot(self._file, self._encoded())

    async def keep_writing(self) -> None:
        """Write a snapshot every second, in a thread."""
        while True:
            await self._clock.sleep(_SNAPSHOT_EVERY_S)
            await run_blocking(partial(write_snapshot, self._file, self._encoded()))

    def vehicle_time(self, pilot: Autopilot) -> Callable[[], Moment]:
        """Return a clock of the vehicle's own: seconds since boot, with its fault."""

        def now() -> Moment:
            return Moment(boot_s=self.time.now_s + pilot.faults.clock_jump_s, unix_s=time.time())

        return now

    def _encoded(self) -> bytes:
        return encode(
            WorldMemory(
                world=self.plan.name,
                time_s=self.time.now_s,
                vehicles={pilot.airframe.vehicle_id: remember(pilot) for pilot in self.pilots},
                town=self.town.state,
                referee=self.referee.state,
            )
        )
