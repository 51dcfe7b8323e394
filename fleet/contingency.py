"""The contingency table: who does what when something fails, in each phase of a flight. Data: shown, and tested.

Link, battery and position failsafes are the autopilot's own, set from the order before launch and read back
(`fleet.drivers.mavlink_failsafes`); the fence is guarded by the agent first and by the autopilot behind it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fleet.orders import Failsafe, FailsafeChoices


class Phase(StrEnum):
    """A part of a flight in which the same failure has the same answer."""

    IN_DOCK = "in_dock"
    TAKEOFF = "takeoff"
    ON_ROUTE = "on_route"
    HELD = "held"
    COMING_HOME = "coming_home"
    LANDING = "landing"


class Failure(StrEnum):
    """What fails."""

    CONTROLLER_LOST = "controller_lost"
    """The agent does not reach the controller; the vehicle does not notice."""
    LINK_LOST = "link_lost"
    """The autopilot does not hear its agent."""
    BATTERY_LOW = "battery_low"
    POSITION_LOST = "position_lost"
    FENCE_AHEAD = "fence_ahead"
    """The guard predicts a breach."""


class Answer(StrEnum):
    """What happens then."""

    STAY = "stay"
    """It does not take off."""
    CONTINUE = "continue"
    HOLD = "hold"
    HOLD_THEN_RETURN = "hold_then_return"
    RETURN = "return"
    LAND = "land"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contingency:
    """One cell: what happens when *failure* occurs in *phase*, after how long, and who sees to it."""

    phase: Phase
    failure: Failure
    answer: Answer
    by: str
    """"agent", "autopilot" or "controller"."""
    after_s: float | None = None
    below_ratio: float | None = None


_FLYING = (Phase.TAKEOFF, Phase.ON_ROUTE, Phase.HELD)
_CHOSEN: Mapping[Failsafe, Answer] = {
    Failsafe.HOLD: Answer.HOLD,
    Failsafe.RETURN: Answer.RETURN,
    Failsafe.LAND: Answer.LAND,
    Failsafe.CONTINUE: Answer.CONTINUE,
}


def contingencies(choices: FailsafeChoices) -> tuple[Contingency, ...]:
    """Return every cell of the table for these choices, phase by phase."""
    return tuple(_cell(choices, phase, failure) for phase in Phase for failure in Failure)


def _cell(choices: FailsafeChoices, phase: Phase, failure: Failure) -> Contingency:
    match failure:
        case Failure.CONTROLLER_LOST:
            answer = Answer.STAY if phase is Phase.IN_DOCK else Answer.CONTINUE
            return Contingency(phase=phase, failure=failure, answer=answer, by="agent")
        case Failure.LINK_LOST:
            answer = _flying_answer(phase, _CHOSEN[choices.link_lost])
            after_s = choices.link_lost_after_s
            return Contingency(phase=phase, failure=failure, answer=answer, by="autopilot", after_s=after_s)
        case Failure.BATTERY_LOW:
            answer = _flying_answer(phase, _CHOSEN[choices.battery_low])
            ratio = choices.battery_low_ratio
            return Contingency(phase=phase, failure=failure, answer=answer, by="autopilot", below_ratio=ratio)
        case Failure.POSITION_LOST:
            answer = Answer.STAY if phase is Phase.IN_DOCK else _CHOSEN[choices.position_lost]
            return Contingency(phase=phase, failure=failure, answer=answer, by="autopilot")
        case Failure.FENCE_AHEAD:
            return Contingency(phase=phase, failure=failure, answer=_flying_answer(phase, _FENCE), by="agent")


_FENCE = Answer.HOLD_THEN_RETURN


def _flying_answer(phase: Phase, answer: Answer) -> Answer:
    """Return *answer* for the phases in which the vehicle could do something else than it does already."""
    if phase is Phase.IN_DOCK:
        return Answer.STAY
    return answer if phase in _FLYING else Answer.CONTINUE
