"""What a vehicle does by itself during a flight, told once each, with the reason."""

from collections.abc import Iterator

from fleet.orders import Order
from fleet.telemetry import FlightMode, LandedState, VehicleState

WAYS_DOWN = frozenset({FlightMode.RETURN, FlightMode.LAND})
_BATTERY_ROUNDING = 0.02
_SILENCE_TOLD_S = 15.0
"""So long after a silence a way down is put down to it: the autopilot may have begun it before it was heard again."""


class FlightWatch:
    """Tells what a person should know; `failsafe` says why the vehicle is on its way down by itself, or nothing."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._last: VehicleState | None = None
        self._word = ""
        self._silent_from_s: float | None = None
        self._heard_again_s: float | None = None
        self.failsafe = ""
        self.expects_descent = False
        """Set before the vehicle is commanded home or down, so that its obedience is no failsafe."""

    def take_word(self) -> str:
        """Return the newest sentence on what the vehicle does by itself, once; empty when there is none."""
        word, self._word = self._word, ""
        return word

    def events(self, state: VehicleState) -> Iterator[tuple[str, str]]:
        """Yield kind and text of what happened between the sample before and *state*."""
        last, self._last = self._last, state
        self._note_silence(last, state)
        if (last is None or last.link_up) and not state.link_up:
            yield "link_lost", state.because or "nothing heard from the vehicle"
        if last is None:
            return
        if state.link_up and not last.link_up:
            yield "link_restored", f"heard again, in mode {state.mode}"
        if state.is_ambiguous and not last.is_ambiguous:
            yield "duplicate_vehicle", state.because
        if state.mode is FlightMode.MISSION and state.landed is LandedState.IN_AIR:
            # Once landed PX4 shows the mission again, as what it was meant to do.
            if self.failsafe:
                self.failsafe, self._word = "", "the vehicle went on with its mission"
                yield "mode_mission", self._word
        elif state.mode in WAYS_DOWN and not (self.failsafe or self.expects_descent):
            self.failsafe = self._word = _why(state, self._order, self._silence(state))
            yield f"mode_{state.mode}", self.failsafe

    def _note_silence(self, last: VehicleState | None, state: VehicleState) -> None:
        received_s = state.received_s or 0.0
        if (last is None or last.link_up) and not state.link_up:
            self._silent_from_s, self._heard_again_s = received_s, None
        elif self._silent_from_s is not None and self._heard_again_s is None and received_s > self._silent_from_s:
            self._heard_again_s = received_s

    def _silence(self, state: VehicleState) -> str:
        """Return how long the vehicle was not heard just before, or nothing."""
        if self._silent_from_s is None:
            return ""
        if self._heard_again_s is None:
            return "its link was lost before"
        is_long_ago = (state.received_s or 0.0) - self._heard_again_s > _SILENCE_TOLD_S
        return "" if is_long_ago else f"its link was lost for {self._heard_again_s - self._silent_from_s:.0f} s"


def _why(state: VehicleState, order: Order, silence: str) -> str:
    """Return why a vehicle is on its way down by itself: its own words, and what its state shows."""
    facts = [silence] if silence else []
    if state.battery_ratio is not None and state.battery_ratio <= order.failsafes.battery_low_ratio + _BATTERY_ROUNDING:
        facts.append(f"battery at {state.battery_ratio:.0%}")
    if state.gps_ok is False:
        facts.append("no satellite position")
    words = state.because or ("" if facts else "it gives no reason")
    return "; ".join([f"the vehicle switched to {state.mode} by itself", *facts, *([words] if words else [])])


def hangs(state: VehicleState) -> bool:
    """Say whether it holds in the air: after a landing PX4 shows hold as well, until it has disarmed."""
    return state.mode is FlightMode.HOLD and bool(state.is_armed) and state.landed is not LandedState.ON_GROUND


class Spans:
    """For how long things have been so, by name."""

    def __init__(self) -> None:
        self._from_s: dict[str, float] = {}

    def lasts_s(self, what: str, is_so: bool, now_s: float) -> float:
        """Return for how long *what* has been so without a break; call it with every sample."""
        if not is_so:
            self.over(what)
            return 0.0
        return now_s - self._from_s.setdefault(what, now_s)

    def over(self, what: str) -> None:
        """Begin *what* anew the next time that it is so."""
        self._from_s.pop(what, None)
