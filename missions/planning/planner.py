"""From a request to a proved plan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from missions.allocation.optimise import optimise
from missions.allocation.run_books import Progress
from missions.planning.compose import Composer
from missions.planning.crossings import Airspace, airspace_of
from missions.planning.finish import exact, note_left, outcomes
from missions.planning.legs import LegMaker
from missions.planning.plan import FleetPlan
from missions.planning.proof import prove_plan
from missions.planning.request import AreaTask, FleetRequest
from missions.planning.sharing import Sharer

_AREA_SHARE = 0.3
"""Of the time limit: for the paths over all areas together."""
_LONGEST_AREA_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long planning may take, by which clock, who is told, and whether somebody said stop."""

    now_s: Callable[[], float]
    time_limit_s: float = 30.0
    is_by_wall: bool = False
    """Whether `now_s` is the wall clock, which also libraries keep that seldom ask us."""
    on_progress: Callable[[Progress], None] = lambda _: None
    is_stopped: Callable[[], bool] = lambda: False

    def share_since(self, began_s: float) -> Callable[[], float]:
        """Return what tells which share of the time is used; 1 when somebody said stop."""
        return lambda: 1.0 if self.is_stopped() else (self.now_s() - began_s) / self.time_limit_s


def plan_fleet(request: FleetRequest, watch: Watch, *, seed: int = 0) -> FleetPlan:
    """Return the best plan found in time, proved; what cannot be done is named in it. Raises nothing for that."""
    began_s = watch.now_s()
    airspace = airspace_of(request)
    areas = max(1, sum(isinstance(task, AreaTask) for task in request.tasks))
    area_time_s = min(_LONGEST_AREA_S, _AREA_SHARE * watch.time_limit_s / areas)
    composed = Composer(request, airspace.levels, area_time_s=area_time_s, seed=seed).composed()
    shared = Sharer(request, airspace, request.vehicles).shared(composed)
    allocation = optimise(
        shared.problem,
        seed=seed,
        used_share=watch.share_since(began_s),
        allowed_s=watch.time_limit_s,
        is_by_wall=watch.is_by_wall,
        on_progress=watch.on_progress,
    )
    allocation, vehicles = exact(shared, allocation, LegMaker(request, airspace))
    note_left(composed, shared, allocation)
    return FleetPlan(
        vehicles=vehicles,
        tasks=outcomes(request, vehicles, composed),
        violations=prove_plan(request, vehicles),
        lower_bound_s=None if allocation.left else allocation.least_s,
        runtime_s=watch.now_s() - began_s,
        notes=(*request.notes, *_stuck(request, airspace)),
    )


def _stuck(request: FleetRequest, airspace: Airspace) -> Iterator[str]:
    """Yield who cannot leave its dock, and why."""
    for vehicle in request.vehicles:
        because = airspace.levels[vehicle.height_agl_m].why_no_column(request.dock(vehicle.dock).position)
        if because:
            yield f"{vehicle.id} stays where it is: its dock {vehicle.dock} {because}"
