"""How a camera's stream is doing: named states, which may follow which, and why."""

from collections.abc import Mapping
from enum import StrEnum

from core.errors import Conflict


class SourceState(StrEnum):
    """How a stream is doing."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    FROZEN = "frozen"
    """Pictures come, and they are the same picture: a fault, not calm."""
    COVERED = "covered"
    """Pictures come, and nothing is to be seen in them."""
    LOST = "lost"
    """No whole picture for some seconds; it is tried again."""
    UNUSABLE = "unusable"
    """There is something at the address, but no pictures; it is tried again, as somebody may mend it."""
    ENDED = "ended"
    """A recording was played to its end."""


_AFTER = frozenset(SourceState) - {SourceState.CONNECTING}
"""What may follow while it runs; it is "connecting" only before its first picture."""
ALLOWED: Mapping[SourceState, frozenset[SourceState]] = {
    SourceState.OFF: frozenset({SourceState.CONNECTING}),
    SourceState.CONNECTING: _AFTER,
    SourceState.LIVE: _AFTER - {SourceState.LIVE},
    SourceState.FROZEN: _AFTER - {SourceState.FROZEN},
    SourceState.COVERED: _AFTER - {SourceState.COVERED},
    SourceState.LOST: _AFTER - {SourceState.LOST},
    SourceState.UNUSABLE: frozenset(SourceState) - {SourceState.UNUSABLE},
    SourceState.ENDED: frozenset({SourceState.CONNECTING, SourceState.OFF}),
}


class SourceCondition:
    """The state of one stream and why it is so; moved from one thread, read from any."""

    def __init__(self) -> None:
        self._now = (SourceState.OFF, "not started")

    @property
    def state(self) -> SourceState:
        """Return how the stream is doing."""
        return self._now[0]

    @property
    def because(self) -> str:
        """Return why."""
        return self._now[1]

    def move(self, to: SourceState, *, because: str) -> bool:
        """Go to *to* and say whether that is a change; raises Conflict when the table forbids it."""
        if to is not self.state and to not in ALLOWED[self.state]:
            raise Conflict(f"a stream that is {self.state} cannot become {to}", where=because)
        if not because:
            raise Conflict("the state of a stream needs a because", where=to.value)
        is_change = to is not self.state
        self._now = (to, because)
        return is_change
