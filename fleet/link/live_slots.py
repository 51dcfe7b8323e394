"""What is shown at once: a slot for each kind, the newest word overwrites the one before."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields

from roundsman.v1 import link_pb2 as pb

from core.clock import Clock
from fleet.link.translate_live import picture_to_pb, telemetry_to_pb, tracks_to_pb
from fleet.live import LivePicture, LiveTracks
from fleet.telemetry import VehicleState

_STILL_EVERY_S = 1.0
"""How often a vehicle that stands on the ground is shown while it says nothing new."""
_SLACK_S = 0.1
_PLACE_FIELDS = frozenset(
    {
        "received_s", "received_at", "vehicle_time_s", "position", "altitude_amsl_m", "height_above_home_m",
        "east_m_s", "north_m_s", "up_m_s", "heading_deg",
    }
)  # fmt: skip
_WORDS = tuple(field.name for field in fields(VehicleState) if field.name not in _PLACE_FIELDS)


class LiveSlots:
    """Takes what is live without ever waiting; nothing is kept for a link that is away or slow.

    The vehicle's state is not put: it is asked for when it is sent (*newest_state*). On the ground it is sent once a
    second, and at once when anything but its place has changed.
    """

    def __init__(self, *, clock: Clock, newest_state: Callable[[], VehicleState | None] = lambda: None) -> None:
        self._clock = clock
        self._newest_state = newest_state
        self._shown: tuple[object, ...] = ()
        self._shown_s = -math.inf
        self._tracks: LiveTracks | None = None
        self._picture: LivePicture | None = None
        self._eyes: pb.EyesState | None = None

    def tracks(self, tracks: LiveTracks) -> None:
        """Show these tracks."""
        self._tracks = tracks

    def picture(self, picture: LivePicture) -> None:
        """Show this picture."""
        self._picture = picture

    def eyes(self, eyes: pb.EyesState) -> None:
        """Show how the eyes are doing (`perception.wire.eyes_to_pb`)."""
        self._eyes = eyes

    def take(self) -> Iterator[pb.AgentMessage]:
        """Yield the state, then what was put since the last time; a slot is emptied as it is taken."""
        now_s = self._clock.monotonic_s()
        if (state := self._newest_state()) is not None and self._is_news(state, now_s):
            yield pb.AgentMessage(telemetry=telemetry_to_pb(state, now_s=now_s))
        if (tracks := self._tracks) is not None:
            self._tracks = None
            yield pb.AgentMessage(tracks=tracks_to_pb(tracks))
        if (eyes := self._eyes) is not None:
            self._eyes = None
            yield pb.AgentMessage(eyes=eyes)
        if (picture := self._picture) is not None:
            self._picture = None
            yield pb.AgentMessage(picture=picture_to_pb(picture))

    def _is_news(self, state: VehicleState, now_s: float) -> bool:
        """Say whether *state* is due, and take it as shown."""
        words = tuple(getattr(state, name) for name in _WORDS)
        is_still = not state.is_airborne and words == self._shown
        if is_still and now_s - self._shown_s < _STILL_EVERY_S - _SLACK_S:
            return False
        self._shown, self._shown_s = words, now_s
        return True
