"""What every rule is: it points at places of interest in a frame, and judges what was observed there over time."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import shapely
from pydantic import TypeAdapter, ValidationError
from shapely.geometry import Point, Polygon

from core.errors import InvalidInput
from core.events import Json
from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label, PixelBox
from perception.georeference import GroundPlace
from perception.tracker import Track

P = TypeVar("P")
_DISCS = 12
_READERS: dict[type[Any], TypeAdapter[Any]] = {}
"""What reads a rule's parameters; each takes a millisecond to make."""
SURE_SIGMAS = 2.0
"""Inside a zone is claimed only this many standard errors away from its border."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place of interest in one frame: how many things and people there are, whether the condition holds."""

    label: Label
    place: GroundPlace
    box: PixelBox
    score: float
    things: int = 1
    people: int = 0
    holds: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed at one place over time; seconds without a view never count."""

    label: Label
    observed_s: float
    holds_s: float
    """Observed seconds in which the rule's condition held."""
    span_s: float
    """From the first to the last view."""
    looks: int
    """Views with a gap between them."""
    moved_m: float
    things: int
    people: int
    error_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule fired: the kind's code, one English sentence with its numbers, and the numbers by name."""

    kind: str
    because: str
    facts: Mapping[str, Json]


class Rule(Protocol):
    """One rule with the parameters of one zone."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def labels(self) -> frozenset[Label]:
        """The things that this rule is about."""

    def candidates(self, tracks: Sequence[Track]) -> list[Candidate]:
        """Return the places of interest among believed tracks that have a place."""

    def judge(self, observed: Observed) -> Finding | None:
        """Return the finding when what was observed is enough."""


class RuleZone:
    """A zone of rules in local metres; remembers discs that lie wholly inside, as near places need no new answer."""

    def __init__(self, *, zone: Zone, frame: LocalFrame) -> None:
        self.zone = zone
        lon_lat = shapely.get_coordinates(zone.polygon.exterior)
        holes = [frame.to_local_array(shapely.get_coordinates(ring)) for ring in zone.polygon.interiors]
        self._polygon = Polygon(frame.to_local_array(lon_lat), holes)
        shapely.prepare(self._polygon)
        self._border = self._polygon.boundary
        shapely.prepare(self._border)
        self._discs: deque[tuple[float, float, float]] = deque(maxlen=_DISCS)

    def surely_holds(self, place: GroundPlace) -> bool:
        """Say whether *place* lies in the zone even if it is wrong by twice its standard error."""
        east_m, north_m, reach_m = place.east_m, place.north_m, SURE_SIGMAS * place.major_m
        if any(math.hypot(east_m - e, north_m - n) + reach_m <= radius_m for e, n, radius_m in self._discs):
            return True
        point = Point(east_m, north_m)
        if not shapely.contains(self._polygon, point):
            return False
        clear_m = float(shapely.distance(self._border, point))
        if clear_m >= reach_m:
            self._discs.append((east_m, north_m, clear_m))
            return True
        nearest = self._border.interpolate(self._border.project(point))
        error_m = place.error_m(nearest.x - point.x, nearest.y - point.y)
        return float(point.distance(nearest)) >= SURE_SIGMAS * error_m


def read_parameters(kind: type[P], values: Mapping[str, Json], *, zone: Zone, rule: str) -> P:
    """Return a zone's parameters of a rule as *kind*; raises InvalidInput naming the wrong ones."""
    known = set(getattr(kind, "__dataclass_fields__", {}))
    if unknown := sorted(set(values) - known):
        raise InvalidInput(
            f"rule {rule!r} has no parameters {', '.join(unknown)}",
            where=f"zone {zone.id}",
            remedy=f"known are {', '.join(sorted(known))}",
        )
    try:
        if kind not in _READERS:
            _READERS[kind] = TypeAdapter(kind)
        parameters: P = _READERS[kind].validate_python(dict(values))
        return parameters
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(f"rule {rule!r}: {wrong}", where=f"zone {zone.id}") from error


def distance_m(a: GroundPlace, b: GroundPlace) -> float:
    """Return the distance of two places."""
    return math.hypot(a.east_m - b.east_m, a.north_m - b.north_m)


def joint_box(boxes: Sequence[PixelBox]) -> PixelBox:
    """Return the smallest box around *boxes*."""
    return PixelBox(
        x0_px=min(b.x0_px for b in boxes),
        y0_px=min(b.y0_px for b in boxes),
        x1_px=max(b.x1_px for b in boxes),
        y1_px=max(b.y1_px for b in boxes),
    )


def clusters(tracks: Sequence[Track], *, within_m: float, at_least: int = 1) -> list[list[Track]]:
    """Return groups of placed tracks: all within *within_m* of a first one; largest first, none under *at_least*."""
    if not tracks or len(tracks) < at_least:
        return []
    if len(tracks) == 1:
        return [list(tracks)]
    places = np.array([complex(one.place.east_m, one.place.north_m) for one in tracks if one.place is not None])
    is_near = np.abs(places[:, None] - places) <= within_m
    groups: list[list[Track]] = []
    while True:
        sizes = is_near.sum(axis=1)
        first = int(sizes.argmax())
        if sizes[first] < max(at_least, 1):
            return groups
        members = is_near[first].nonzero()[0]
        groups.append([tracks[i] for i in members.tolist()])
        is_near[members] = False
        is_near[:, members] = False


def middle(tracks: Sequence[Track]) -> GroundPlace:
    """Return the mean place of *tracks* with the largest of their errors."""
    places = [track.place for track in tracks if track.place is not None]
    worst = max(places, key=lambda place: place.major_m)
    return GroundPlace(
        east_m=sum(p.east_m for p in places) / len(places),
        north_m=sum(p.north_m for p in places) / len(places),
        covariance_m2=worst.covariance_m2,
    )
