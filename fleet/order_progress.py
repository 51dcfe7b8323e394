"""Where an order or a command stands after one more report, whatever order the reports come in."""

from collections.abc import Mapping
from dataclasses import replace

from core.errors import Conflict
from fleet.orders import ALLOWED, CommandOutcome, CommandState, OrderProgress, OrderState

_STOPS = frozenset({OrderState.FAILED, OrderState.ABORTED, OrderState.TIMED_OUT})

COMMAND_ALLOWED: Mapping[CommandState, frozenset[CommandState]] = {
    CommandState.SENT: frozenset({CommandState.ACCEPTED, CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED}),
    CommandState.ACCEPTED: frozenset({CommandState.DONE, CommandState.FAILED, CommandState.EXPIRED}),
    # An agent that was out of reach may still say what really happened.
    CommandState.EXPIRED: frozenset({CommandState.DONE, CommandState.FAILED}),
    CommandState.DONE: frozenset(),
    CommandState.FAILED: frozenset(),
}


def later_progress(known: OrderProgress, reported: OrderProgress) -> OrderProgress:
    """Return where the order stands when *reported* comes after *known* in the books.

    Reports may come twice or late: what stands never goes back and legs are never un-done. Steps may be skipped.
    Raises Conflict when the table has no way between the two, or a stop has no because.
    """
    legs_done = max(known.legs_done, reported.legs_done)
    if reported.state in _STOPS and not reported.because.strip():
        raise Conflict(f"an order cannot become {reported.state} without a because", where=known.order_id)
    if known.is_ended and reported.state is not known.state:
        _check_is_late(known, reported)
        return replace(known, legs_done=legs_done)
    return replace(reported if _is_newer(known, reported) else known, legs_done=legs_done)


def _check_is_late(known: OrderProgress, reported: OrderProgress) -> None:
    if reported.is_ended or reported.at > known.at:
        raise Conflict(f"an order that is {known.state} cannot become {reported.state}", where=known.order_id)


def _is_newer(known: OrderProgress, reported: OrderProgress) -> bool:
    forward = reported.state in _reachable(known.state)
    backward = known.state in _reachable(reported.state)
    if forward == backward:  # the same state, or running and held, which lead to each other
        return reported.at >= known.at
    return forward


def _reachable(state: OrderState) -> frozenset[OrderState]:
    found: set[OrderState] = set()
    waiting = [state]
    while waiting:
        for following in ALLOWED[waiting.pop()] - found:
            found.add(following)
            waiting.append(following)
    return frozenset(found)


def later_outcome(known: CommandOutcome, reported: CommandOutcome) -> CommandOutcome:
    """Return how the command stands when *reported* comes after *known*; repeats and late words change nothing.

    Raises Conflict when the table has no way between the two.
    """
    if reported.state in COMMAND_ALLOWED[known.state]:
        return reported
    if reported.state is known.state or known.state in COMMAND_ALLOWED[reported.state]:
        return known
    raise Conflict(f"a command that is {known.state} cannot become {reported.state}", where=known.command_id)
