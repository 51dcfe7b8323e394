"""A plan: who flies or drives which legs in which sortie, and what becomes of every task."""

from collections.abc import Mapping
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry

from missions.planning.jobs import Purpose
from missions.planning.request import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLeg:
    """A straight leg in metres at one height; `service_s` is spent at its end, `wait_s` before it begins."""

    start: Place
    end: Place
    height_agl_m: float
    speed_m_s: float
    purpose: Purpose
    task: str | None = None
    point: str | None = None
    service_s: float = 0.0
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSortie:
    """Legs from the dock and back; seconds count from the start of the plan."""

    legs: tuple[PlanLeg, ...]
    start_s: float
    duration_s: float
    distance_m: float

    @property
    def end_s(self) -> float:
        """Return when the vehicle is back."""
        return self.start_s + self.duration_s


@dataclass(frozen=True, slots=True, kw_only=True)
class VehiclePlan:
    """The sorties of one vehicle in order."""

    id: str
    sorties: tuple[PlanSortie, ...]

    @property
    def end_s(self) -> float:
        """Return when its last sortie ends; 0 without any."""
        return self.sorties[-1].end_s if self.sorties else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOutcome:
    """How much of a task is done; what is not (points by id, or shapes in metres), and why."""

    id: str
    done_ratio: float
    unreachable: tuple[str | BaseGeometry, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanViolation:
    """What the proof found wrong with a plan: where in it, by how much, and why."""

    vehicle: str
    because: str
    sortie: int | None = None
    leg: int | None = None
    zone: str | None = None
    place: Place | None = None
    amount: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """The whole plan with its proof."""

    vehicles: tuple[VehiclePlan, ...]
    tasks: tuple[TaskOutcome, ...]
    violations: tuple[PlanViolation, ...]
    runtime_s: float
    lower_bound_s: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def makespan_s(self) -> float:
        """Return when the last vehicle is back."""
        return max((vehicle.end_s for vehicle in self.vehicles), default=0.0)

    @property
    def total_distance_m(self) -> float:
        """Return the metres of all sorties."""
        return sum(sortie.distance_m for vehicle in self.vehicles for sortie in vehicle.sorties)

    @property
    def total_duration_s(self) -> float:
        """Return the seconds of all sorties, without the time in docks."""
        return sum(sortie.duration_s for vehicle in self.vehicles for sortie in vehicle.sorties)

    def by_vehicle(self) -> Mapping[str, VehiclePlan]:
        """Return the vehicles' plans by their ids."""
        return {vehicle.id: vehicle for vehicle in self.vehicles}
