"""What the autopilot thinks of an uploaded fence and mission: looked at a little after the upload, as in PX4."""

from sim.cockpit import Cockpit
from sim.fence import Fence
from sim.flight import Landed, Mode
from sim.modes import enter_mode
from sim.plan import PlanType, mission_fault

_PLAN_CHECK_S = 0.4
"""PX4's navigator looks at a new mission or fence this much after the upload has been acknowledged."""


class PlanChecks:
    """Keeps the fence in force, and whether the mission may be flown; refusals are only said."""

    def __init__(self, *, cockpit: Cockpit) -> None:
        self._cockpit = cockpit
        record = cockpit.record
        self._fence = Fence(items=record.plan.items[PlanType.FENCE] if record.fence_valid else (), frame=cockpit.frame)

    def allows(self, east_m: float, north_m: float) -> bool:
        """Say whether the fence in force allows a point."""
        return self._fence.allows(east_m, north_m)

    def plan_changed(self, kind: PlanType, *, first_item: int) -> None:
        """Note that an upload has ended; the checks follow."""
        record = self._cockpit.record
        due_s = self._cockpit.now_s + _PLAN_CHECK_S
        if kind is PlanType.FENCE:
            record.check_fence_s = due_s
        if kind is not PlanType.RALLY:
            record.check_plan_s = due_s
        if kind is PlanType.MISSION:
            record.mission_valid = False
            record.item = max(0, first_item)
            record.items_done, record.reached = False, -1

    def step(self) -> None:
        """Make the checks that are due."""
        record, now_s = self._cockpit.record, self._cockpit.now_s
        if record.check_fence_s is not None and now_s >= record.check_fence_s:
            record.check_fence_s = None
            self._check_fence()
        if record.check_plan_s is not None and now_s >= record.check_plan_s:
            record.check_plan_s = None
            self._check_mission()

    def _check_fence(self) -> None:
        record = self._cockpit.record
        items = record.plan.items[PlanType.FENCE]
        fence = Fence(items=items, frame=self._cockpit.frame)
        record.fence_valid = False
        is_airborne = record.landed is not Landed.ON_GROUND
        if items and not fence.allows(record.home.east_m, record.home.north_m):
            self._cockpit.say("Geofence invalid, doesn't contain Home position", severity=2)
        elif items and is_airborne and not fence.allows(record.body.east_m, record.body.north_m):
            self._cockpit.say("Geofence invalid, doesn't contain current vehicle position", severity=2)
        else:
            record.fence_valid = bool(items)
        self._fence = fence if record.fence_valid else Fence(items=(), frame=self._cockpit.frame)

    def _check_mission(self) -> None:
        record = self._cockpit.record
        items = record.plan.items[PlanType.MISSION]
        fault = mission_fault(items) or self._fence_fault() if items else None
        if fault:
            self._cockpit.say(fault, severity=2)
        record.mission_valid = bool(items) and not fault
        if record.mission_valid and record.is_armed and record.mode is Mode.MISSION:
            enter_mode(self._cockpit, Mode.MISSION)

    def _fence_fault(self) -> str | None:
        """Only waypoints are looked at, not the legs between them."""
        for number, item in enumerate(self._cockpit.record.plan.items[PlanType.MISSION], 1):
            place = self._cockpit.place(item) if item.has_place else None
            if place is not None and not self._fence.allows(place.east_m, place.north_m):
                return f"Geofence violation for waypoint {number}"
        return None
