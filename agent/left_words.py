"""Words that were taken and not answered when the agent ended: what is done of them then, or told instead."""

from collections.abc import Sequence
from dataclasses import replace

from fleet.holding import Speaker
from fleet.orders import Command, CommandKind
from fleet.telemetry import FlightMode, VehicleState

NOT_KNOWN = "the agent was restarted before the vehicle had shown the effect; look and ask again"
TAKEN_OVER = "a newer command has taken over"
UNREADABLE = "the agent was restarted and cannot read the order any more; look where the vehicle is"
_HELD_INSTEAD = "the agent was restarted before it landed and held it instead; look where it is and ask again"
_SHOWS = {
    CommandKind.HOLD: FlightMode.HOLD,
    CommandKind.RESUME: FlightMode.MISSION,
    CommandKind.RETURN: FlightMode.RETURN,
    CommandKind.CANCEL: FlightMode.RETURN,
    CommandKind.LAND: FlightMode.LAND,
}
_LASTS = frozenset({CommandKind.HOLD, CommandKind.RETURN, CommandKind.CANCEL})
"""What a person wants of a vehicle that flies on, however late: it only stops it, or brings it home on a proved way."""
_LEFT_ALONE = frozenset({FlightMode.RETURN, FlightMode.LAND, FlightMode.MANUAL})


def left_of(
    word: Command, *, newer: Sequence[Command], state: VehicleState, is_late: bool
) -> tuple[Command | None, str]:
    """Return what is done of *word* now, and what is told where that is not what was asked.

    *newer* are the words after it that were not answered either; *is_late* says that its own time is over.
    """
    if any(one.speaker is Speaker.PERSON for one in newer):
        return None, TAKEN_OVER
    if state.mode is _SHOWS[word.kind]:
        return word, ""
    is_in_other_hands = state.is_airborne and state.mode in _LEFT_ALONE
    if word.kind is CommandKind.LAND:
        # It has flown on since: where it is now is not where somebody saw that it may come down.
        return (None, NOT_KNOWN) if is_in_other_hands else (_hold_for(word), _HELD_INSTEAD)
    lasts = word.speaker is Speaker.PERSON and word.kind in _LASTS and not is_in_other_hands
    return (word, "") if lasts or not is_late else (None, NOT_KNOWN)


def _hold_for(word: Command) -> Command:
    return replace(word, kind=CommandKind.HOLD)
