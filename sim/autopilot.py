"""A simulated PX4 quadrotor: modes, arming, failsafes and plan checks, with the real one's awkwardness."""

import math
from dataclasses import dataclass
from enum import IntEnum

from geofence.frames import LocalFrame
from sim.cockpit import Cockpit
from sim.failsafe import MODE_OF, battery_warning, wanted_actions, worst
from sim.faults import Faults
from sim.flight import Action, FlightRecord, Landed, Mode, Point
from sim.modes import enter_mode, wanted
from sim.parameters import Parameters
from sim.plan import PlanType
from sim.plan_checks import PlanChecks
from sim.quadrotor import Limits, Wanted, move, rest
from sim.senses import Senses
from sim.world_file import Spot

_FENCE_LOOK_S = 0.2
_NAMES = {Mode.HOLD: "Hold", Mode.MISSION: "Mission", Mode.RETURN: "Return", Mode.LAND: "Land", Mode.TAKEOFF: "Takeoff"}


class Result(IntEnum):
    """MAV_RESULT."""

    ACCEPTED = 0
    TEMPORARILY_REJECTED = 1
    DENIED = 2
    UNSUPPORTED = 3
    FAILED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Airframe:
    """What makes one vehicle: its id, where its dock is, and its seed."""

    vehicle_id: str
    system_id: int
    dock: Spot
    seed: int


class Autopilot:
    """One vehicle. Commands return at once, as over MAVLink; what becomes of them shows in the mode."""

    def __init__(
        self,
        *,
        airframe: Airframe,
        frame: LocalFrame,
        ground_amsl_m: float,
        parameters: Parameters,
        record: FlightRecord,
        faults: Faults,
    ) -> None:
        self.airframe = airframe
        self.faults = faults
        self.cockpit = Cockpit(
            record=record, parameters=parameters, frame=frame, ground_amsl_m=ground_amsl_m, dock=airframe.dock
        )
        self.senses = Senses(cockpit=self.cockpit, faults=faults, seed=airframe.seed)
        self._plans = PlanChecks(cockpit=self.cockpit)
        self._is_inside = True
        self._fence_looked_s = -math.inf

    @property
    def record(self) -> FlightRecord:
        """Return the vehicle's state."""
        return self.cockpit.record

    @property
    def parameters(self) -> Parameters:
        """Return the vehicle's parameters."""
        return self.cockpit.parameters

    # ---------------------------------------------------------------------------------- commands

    def arm(self) -> Result:
        """Arm on the ground; refused with PX4's words when the vehicle is not healthy."""
        record = self.record
        if record.is_armed:
            return Result.ACCEPTED
        if not self.is_healthy or record.intended in {Mode.RETURN, Mode.LAND} or not self._can_fly(record.intended):
            self.cockpit.say("Arming denied: Resolve system health failures first", severity=2)
            return Result.TEMPORARILY_REJECTED
        record.is_armed, record.armed_s, record.has_flown = True, self.cockpit.now_s, False
        record.battery_warning_at_arming = battery_warning(record.battery_ratio, self.parameters)
        record.home = Point(east_m=record.body.east_m, north_m=record.body.north_m, up_m=record.body.up_m)
        self.cockpit.say("Armed by external command")
        enter_mode(self.cockpit, record.intended)
        return Result.ACCEPTED

    def disarm(self, *, force: bool = False) -> Result:
        """Stop the motors; in the air only by force."""
        if self.record.is_armed and self.record.landed is not Landed.ON_GROUND and not force:
            self.cockpit.say("Disarming denied: not landed", severity=2)
            return Result.TEMPORARILY_REJECTED
        if self.record.is_armed:
            self._disarm("external command")
        return Result.ACCEPTED

    def set_mode(self, mode: Mode) -> Result:
        """Ask for a flight mode. A mode that cannot be flown now is acknowledged all the same and does not come."""
        record = self.record
        if record.is_armed and not self._can_fly(mode):
            self.cockpit.say(f"Switching to {_NAMES.get(mode, mode)} is currently not available", severity=2)
            return Result.ACCEPTED if mode is Mode.MISSION else Result.TEMPORARILY_REJECTED
        if record.action is not Action.NONE:
            record.takeover = True
            record.delayed_action = Action.NONE
            record.latched.clear()
        record.intended = mode
        if mode not in {Mode.RETURN, Mode.LAND}:
            record.after_disarming = mode
        if record.is_armed:
            self._settle_mode(again=mode is Mode.HOLD)
        else:
            record.mode = mode  # a disarmed PX4 shows the mode that it was asked for
        return Result.ACCEPTED

    def take_off(self) -> Result:
        """Climb to MIS_TAKEOFF_ALT above home; the vehicle must be armed to do it."""
        return self.set_mode(Mode.TAKEOFF)

    def reposition(self, place: Point) -> Result:
        """Fly to a place and hold there; a place outside of the fence is acknowledged and not flown to."""
        record = self.record
        if not self._can_fly(Mode.HOLD):
            return Result.DENIED
        if not self._plans.allows(place.east_m, place.north_m):
            self.cockpit.say("Reposition is outside geofence", severity=2)
            return Result.ACCEPTED
        result = self.set_mode(Mode.HOLD)
        up_m = place.up_m if math.isfinite(place.up_m) else self.cockpit.believed().up_m
        record.target = Point(east_m=place.east_m, north_m=place.north_m, up_m=up_m, yaw_deg=place.yaw_deg)
        return result

    def set_current_item(self, item: int) -> bool:
        """Go on with another item of the mission; return False when there is no such item."""
        record = self.record
        if not 0 <= item < len(record.plan.items[PlanType.MISSION]):
            return False
        record.item, record.items_done = item, False
        if record.mode is Mode.MISSION and record.is_armed:
            enter_mode(self.cockpit, Mode.MISSION)
        return True

    def plan_changed(self, kind: PlanType, *, first_item: int) -> None:
        """Note that an upload has ended; the checks follow a little later, as in PX4."""
        self._plans.plan_changed(kind, first_item=first_item)

    @property
    def is_healthy(self) -> bool:
        """Say whether the vehicle may be armed."""
        return self.record.position_ok and battery_warning(self.record.battery_ratio, self.parameters) < 2

    # -------------------------------------------------------------------------------------- step

    def step(self, now_s: float, dt_s: float, *, link_age_s: float) -> None:
        """Advance by *dt_s* to the world's time *now_s*; *link_age_s* is since the ground station was last heard."""
        self.cockpit.now_s = now_s
        self.senses.step(dt_s)
        self._plans.step()
        if self.record.is_armed:
            self._watch(now_s, link_age_s)
            self._settle_mode()
            self._fly(dt_s)
            self._detect_ground(now_s)
            self._disarm_idle(now_s)
        else:
            rest(self.record.body, dt_s=dt_s)
        self._turn_gimbal(dt_s)

    def _fly(self, dt_s: float) -> None:
        record = self.record
        aim = wanted(self.cockpit) if record.position_ok or record.mode is Mode.LAND else Wanted(up_m_s=-0.5)
        if record.landed is Landed.ON_GROUND and aim.up_m_s < 0.3:
            rest(record.body, dt_s=dt_s)
            return
        east, north = self.senses.wind_m_s()
        limits = Limits(
            horizontal_m_s2=self.parameters["MPC_ACC_HOR"],
            up_m_s2=self.parameters["MPC_ACC_UP_MAX"],
            down_m_s2=self.parameters["MPC_ACC_DOWN_MAX"],
            yaw_deg_s=self.parameters["MPC_YAWRAUTO_MAX"],
        )
        move(record.body, aim, limits, wind_east_m_s=east, wind_north_m_s=north, dt_s=dt_s)
        record.body.east_m += self.faults.hold_drift_m_s * dt_s

    @property
    def _is_airborne(self) -> bool:
        return self.record.landed is not Landed.ON_GROUND

    def _can_fly(self, mode: Mode) -> bool:
        if mode is Mode.POSITION or not self.record.position_ok:
            return False
        return mode is not Mode.MISSION or self.record.mission_valid

    # ---------------------------------------------------------------------------------- failsafe

    def _watch(self, now_s: float, link_age_s: float) -> None:
        record = self.record
        if not self._is_airborne:
            return
        if now_s - self._fence_looked_s > _FENCE_LOOK_S:
            self._fence_looked_s = now_s
            body = self.cockpit.believed()
            self._is_inside = self._plans.allows(body.east_m, body.north_m)
        actions = wanted_actions(record, self.parameters, link_age_s=link_age_s, is_inside_fence=self._is_inside)
        if not record.position_ok:
            actions["position"] = Action.DESCEND
        self._act(*worst(actions), now_s=now_s)

    def _act(self, action: Action, cause: str, *, now_s: float) -> None:
        record = self.record
        if action is Action.NONE:
            record.action, record.action_cause, record.takeover = Action.NONE, "", False
            record.delayed_action = Action.NONE
            return
        if action is Action.DESCEND or not record.takeover:
            self._begin_action(action, cause, now_s)

    def _begin_action(self, action: Action, cause: str, now_s: float) -> None:
        record = self.record
        if record.action is Action.NONE:
            delay_s = 0.0 if action in {Action.DESCEND, Action.HOLD} else self.parameters["COM_FAIL_ACT_T"]
            if action is not Action.HOLD and MODE_OF[action] is record.intended:
                return
            if delay_s > 0:
                record.delayed_action, record.delayed_until_s = action, now_s + delay_s
                self.cockpit.say(f"Failsafe activated: entering Hold for {delay_s:.0f} seconds", severity=2)
                record.action, record.action_cause = Action.HOLD, cause
                return
        if record.delayed_action is not Action.NONE and action is not Action.DESCEND:
            if now_s < record.delayed_until_s:
                return
            record.delayed_action = Action.NONE
        if record.action is not action:
            self.cockpit.say("Failsafe activated", severity=2)
            if MODE_OF[action] is record.mode is Mode.HOLD:
                enter_mode(self.cockpit, Mode.HOLD)
        record.action, record.action_cause = action, cause

    def _settle_mode(self, *, again: bool = False) -> None:
        """Enter the mode that the failsafe, or else the user, wants."""
        record = self.record
        is_taken_over = record.takeover and record.action is not Action.DESCEND
        mode = record.intended if record.action is Action.NONE or is_taken_over else MODE_OF[record.action]
        if mode is not record.mode or again:
            enter_mode(self.cockpit, mode)

    # ------------------------------------------------------------------------------------ ground

    def _detect_ground(self, now_s: float) -> None:
        record = self.record
        if record.landed is Landed.ON_GROUND:
            if record.body.up_m > 0.3:
                record.landed, record.has_flown = Landed.TAKING_OFF, True
                self.cockpit.say("Takeoff detected")
            return
        if record.body.up_m <= 0.0:
            record.landed, record.landed_s = Landed.ON_GROUND, now_s
            rest(record.body, dt_s=0.0)
            self.cockpit.say("Landing detected")
        elif record.landed is Landed.TAKING_OFF and record.body.up_m > 1.5:
            record.landed = Landed.IN_AIR
        elif record.mode is Mode.LAND:
            record.landed = Landed.LANDING
        elif record.landed is Landed.LANDING:
            record.landed = Landed.IN_AIR

    def _disarm_idle(self, now_s: float) -> None:
        record = self.record
        if record.landed is not Landed.ON_GROUND:
            return
        after_landing_s, before_flight_s = self.parameters["COM_DISARM_LAND"], self.parameters["COM_DISARM_PRFLT"]
        if record.has_flown and 0 < after_landing_s <= now_s - record.landed_s:
            self._disarm("landing")
        elif not record.has_flown and 0 < before_flight_s <= now_s - record.armed_s:
            self._disarm("auto preflight disarming")

    def _disarm(self, reason: str) -> None:
        record = self.record
        record.is_armed, record.takeover = False, False
        record.action, record.action_cause, record.delayed_action = Action.NONE, "", Action.NONE
        record.latched.clear()
        record.cruise_m_s = None
        record.intended = record.mode = record.after_disarming
        self.cockpit.say(f"Disarmed by {reason}")

    def _turn_gimbal(self, dt_s: float) -> None:
        record, gimbal = self.record, self.record.gimbal
        yaw_deg = gimbal.yaw_deg - record.body.yaw_deg if gimbal.is_yaw_locked else gimbal.yaw_deg
        turn_deg = (yaw_deg - record.gimbal_yaw_deg + 180.0) % 360.0 - 180.0
        most_deg = 90.0 * dt_s
        record.gimbal_yaw_deg += max(-most_deg, min(most_deg, turn_deg))
        record.gimbal_pitch_deg += max(-most_deg, min(most_deg, gimbal.pitch_deg - record.gimbal_pitch_deg))
