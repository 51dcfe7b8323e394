"""All vehicles of a world: built from the world file (or a snapshot), stepped together."""

from dataclasses import dataclass

from sim.autopilot import Airframe, Autopilot
from sim.faults import Faults
from sim.flight import FlightRecord, Point
from sim.parameters import Parameters
from sim.quadrotor import Body
from sim.town import stable_seed
from sim.world_file import VehicleSite, WorldPlan


@dataclass(slots=True, kw_only=True)
class VehicleMemory:
    """What a snapshot keeps of one vehicle."""

    record: FlightRecord
    parameters: dict[str, float | int]
    faults: Faults


def build_pilot(plan: WorldPlan, site: VehicleSite, *, memory: VehicleMemory | None = None) -> Autopilot:
    """Return the autopilot of one vehicle: as it was remembered, else standing in its dock."""
    dock = plan.docks[site.dock]
    record = memory.record if memory else _docked(dock.east_m, dock.north_m)
    return Autopilot(
        airframe=Airframe(vehicle_id=site.id, system_id=site.system_id, dock=dock, seed=stable_seed(site.id)),
        frame=plan.frame,
        ground_amsl_m=plan.ground_amsl_m,
        parameters=Parameters(overrides=memory.parameters if memory else site.parameters),
        record=record,
        faults=memory.faults if memory else Faults(),
    )


def remember(pilot: Autopilot) -> VehicleMemory:
    """Return what a snapshot has to keep."""
    return VehicleMemory(record=pilot.record, parameters=pilot.parameters.changed(), faults=pilot.faults)


def _docked(east_m: float, north_m: float) -> FlightRecord:
    return FlightRecord(body=Body(east_m=east_m, north_m=north_m), home=Point(east_m=east_m, north_m=north_m, up_m=0.0))
