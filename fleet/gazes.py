"""From where a vehicle's camera showed the ground: what is kept of its pictures for the proof of coverage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.ids import OrderId, VehicleId
from geofence.footprint import Gaze, Intrinsics

MOST_GAZES = 1000
"""In one log; an agent sends one long before."""
SEEN_WITHIN_M = 60.0
"""Over ground: what is farther away in a picture does not count as seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenGaze:
    """A picture that was assessed: when it was taken, and from where the camera looked."""

    at: datetime
    gaze: Gaze


@dataclass(frozen=True, slots=True, kw_only=True)
class GazeLog:
    """The pictures of one order in a span of time that show something new, and how long there was no use of pictures.

    Places are exact to 1e-7 degrees, heights to 1 cm, angles to 0.01 degrees, times to 1 ms.
    """

    vehicle_id: VehicleId
    order_id: OrderId
    lens: Intrinsics
    begin_at: datetime
    end_at: datetime
    gazes: tuple[TakenGaze, ...]
    assessed_s: float
    not_assessed_s: Mapping[str, float] = field(default_factory=dict)
    """By reason (`perception.pipeline.NotAssessed`, or "no_picture")."""
