"""What a vehicle does by itself during a flight, told once each, with the reason."""

from collections.abc import Iterator

from fleet.orders import Order
from fleet.telemetry import FlightMode, LandedState, VehicleState

WAYS_DOWN = frozenset({FlightMode.RETURN, FlightMode.LAND})
_BATTERY_ROUNDING = 0.02


class FlightWatch:
    """Tells what a person should know; `failsafe` says why the vehicle is on its way down by itself, or nothing."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._last: VehicleState | None = None
        self._word = ""
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
            self.failsafe = self._word = _why(state, self._order)
            yield f"mode_{state.mode}", self.failsafe


def _why(state: VehicleState, order: Order) -> str:
    """Return why a vehicle is on its way down by itself: its own words, and what its state shows."""
    facts = []
    if state.battery_ratio is not None and state.battery_ratio <= order.failsafes.battery_low_ratio + _BATTERY_ROUNDING:
        facts.append(f"battery at {state.battery_ratio:.0%}")
    if state.gps_ok is False:
        facts.append("no satellite position")
    words = state.because or "it gives no reason"
    return "; ".join([f"the vehicle switched to {state.mode} by itself", *facts, words])
