"""What goes over the live WebSocket, in both directions."""

from enum import StrEnum
from typing import Annotated, Literal

import msgpack
import orjson
from pydantic import Field, TypeAdapter

from api.errors import codes_of
from api.schemas.events import tell_line
from api.schemas.shapes import Given, place_of
from api.schemas.vehicles import EyesTold, tell_state
from core.database import JournalLine
from core.errors import RoundsmanError
from core.events import Json
from fleet.live import EyesState, LiveTrack, LiveTracks
from fleet.telemetry import VehicleState


class Topic(StrEnum):
    """What a client can ask for."""

    TELEMETRY = "telemetry"
    TRACKS = "tracks"
    EVENTS = "events"
    ALARMS = "alarms"


class Hello(Given):
    """The first message: from which cursor on events are wanted (None: from now), and which topics.

    A page that can send no header and has no cookie gives its token here.
    """

    type: Literal["hello"]
    after: int | None = Field(default=None, ge=0)
    topics: frozenset[Topic] = frozenset(Topic)
    token: str | None = None


class Rung(Given):
    """This desk rings for that alarm at that escalation."""

    type: Literal["rung"]
    alarm_id: str
    escalation: int = Field(default=0, ge=0)


class Pong(Given):
    """The client is there; taken and not needed."""

    type: Literal["pong"]


HELLO = TypeAdapter(Hello)
FROM_CLIENT: TypeAdapter[Rung | Pong] = TypeAdapter(Annotated[Rung | Pong, Field(discriminator="type")])


def text(message: dict[str, Json]) -> str:
    """Return *message* as JSON text."""
    return orjson.dumps(message).decode()


def event_text(line: JournalLine, *, replayed: bool) -> str:
    """Return one journal line; *replayed* ones are older than the snapshot and change nothing that it showed."""
    return text({"type": "event", "replayed": replayed, **tell_line(line).model_dump(mode="json")})


def telemetry_frame(states: list[tuple[VehicleState, EyesState | None]], *, now_s: float) -> bytes:
    """Return the newest states of some vehicles, packed."""
    vehicles = [
        {
            "id": state.vehicle_id,
            "state": tell_state(state, now_s=now_s).model_dump(mode="json"),
            "perception": None if eyes is None else EyesTold.model_validate(eyes).model_dump(mode="json"),
        }
        for state, eyes in states
    ]
    packed: bytes = msgpack.packb({"type": "telemetry", "vehicles": vehicles})
    return packed


def tracks_text(tracks: LiveTracks) -> str:
    """Return what the eyes of one vehicle follow, and the ground that they see."""
    return text(
        {
            "type": "tracks",
            "vehicle_id": tracks.vehicle_id,
            "at": tracks.at.isoformat().replace("+00:00", "Z"),
            "footprint": [list(place_of(corner)) for corner in tracks.footprint],
            "tracks": [_track(one) for one in tracks.tracks],
        }
    )


def problem_text(error: RoundsmanError) -> str:
    """Return an error in the words of the REST interface; the socket is closed after it."""
    return text(
        {
            "type": "problem",
            "status": int(codes_of(error).http),
            "code": error.code,
            "detail": error.message,
            "where": error.where,
            "remedy": error.remedy,
            "params": dict(error.params),
        }
    )


def _track(track: LiveTrack) -> Json:
    ellipse = track.ellipse
    return {
        "id": track.id,
        "label": track.label,
        "place": list(place_of(track.place)),
        "score": track.score,
        "observed_s": track.observed_s,
        "ellipse": None
        if ellipse is None
        else {"major_m": ellipse.major_m, "minor_m": ellipse.minor_m, "heading_deg": ellipse.heading_deg},
    }
