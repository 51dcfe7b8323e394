"""What is shown at once: a slot for each kind, the newest word overwrites the one before."""

from collections.abc import Callable, Iterator

from roundsman.v1 import link_pb2 as pb

from core.clock import Clock
from fleet.link.translate_live import picture_to_pb, telemetry_to_pb, tracks_to_pb
from fleet.live import LivePicture, LiveTracks
from fleet.telemetry import VehicleState


class LiveSlots:
    """Takes what is live without ever waiting; nothing is kept for a link that is away or slow.

    The vehicle's state is not put: it is asked for when it is sent (*newest_state*).
    """

    def __init__(self, *, clock: Clock, newest_state: Callable[[], VehicleState | None] = lambda: None) -> None:
        self._clock = clock
        self._newest_state = newest_state
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
        if (state := self._newest_state()) is not None:
            yield pb.AgentMessage(telemetry=telemetry_to_pb(state, now_s=self._clock.monotonic_s()))
        if (tracks := self._tracks) is not None:
            self._tracks = None
            yield pb.AgentMessage(tracks=tracks_to_pb(tracks))
        if (eyes := self._eyes) is not None:
            self._eyes = None
            yield pb.AgentMessage(eyes=eyes)
        if (picture := self._picture) is not None:
            self._picture = None
            yield pb.AgentMessage(picture=picture_to_pb(picture))
