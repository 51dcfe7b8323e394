"""What every rule is: it points at places of interest in a view, and judges what was observed there over time."""

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import shapely
from shapely.geometry import Point, Polygon

from core.events import Json
from geofence.frames import LocalFrame
from geofence.zones import Zone
from perception.detections import Label, PixelBox
from perception.georeference import GroundPlace
from perception.sight import Sight
from perception.tracker import MOVERS, Track

_DISCS = 12
_NAMED = 30
"""So many of those who stood at a place are named in its facts."""
SURE_SIGMAS = 2.0
"""Inside a zone is claimed only this many standard errors away from its border."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a rule looks at: believed tracks that have a place, the moment, and who is known to stand still."""

    tracks: Sequence[Track]
    at: datetime
    weak: Sequence[Track] = ()
    """Tracks that are likely, though not believed."""
    standing: frozenset[int] = frozenset()
    widths_m: Mapping[int, float] = field(default_factory=dict)
    """How wide tracks look from the side, by their ids; none where that is not known."""

    def of(self, *labels: Label) -> list[Track]:
        """Return the tracks of these labels."""
        return [track for track in self.tracks if track.label in labels]

    def doubtful(self, *labels: Label) -> list[Track]:
        """Return those seen now that are likely, though not believed."""
        return [track for track in self.weak if track.label in labels and track.is_seen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A place of interest in one view: how many things and people there are, whether the condition holds."""

    label: Label
    place: GroundPlace
    box: PixelBox
    score: float
    things: int = 1
    people: int = 0
    holds: bool = True
    width_m: float = 0.0
    members: tuple[Track, ...] = ()
    """Who and what makes it."""
    certainty: float = 1.0
    """The score over what its label needs."""
    is_lasting: bool = True
    """Whether what makes it was seen well over a longer time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Somebody or something at a place, in metres from its middle."""

    label: Label
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was observed at one place over time; seconds without a view never count."""

    label: Label
    at: datetime
    observed_s: float
    holds_s: float
    """Observed seconds in which the rule's condition held."""
    lasting_s: float
    """Those since it last did not hold in view."""
    weighed_s: float
    """The same seconds, each times how far the score was above half of what is needed."""
    span_s: float
    """From the first to the last view."""
    looks: int
    """Views with a gap between them."""
    moved_m: float
    things: int
    people: int
    error_m: float
    """How far the first and the last place may be apart by error alone (one sigma each)."""
    place_error_m: float
    """The larger one-sigma semi-axis of the best place."""
    width_m: float = 0.0
    """How wide it looked from the side, at most; 0 when that is not known."""
    width_before_m: float | None = None
    """The same in an earlier pass."""
    members: tuple[Member, ...] = ()

    def about_place(self) -> dict[str, Json]:
        """Return the facts that every finding has: how sure the place is, and who and what stood there."""
        who: list[Json] = [
            {"label": one.label.value, "east_m": round(one.east_m, 1), "north_m": round(one.north_m, 1)}
            for one in self.members[:_NAMED]
        ]
        return {"place_error_m": round(self.place_error_m, 2), "looks": self.looks, "who": who}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule fired: the kind's code, one English sentence with its numbers, and the numbers by name."""

    kind: str
    because: str
    facts: Mapping[str, Json]
    is_sure: bool = True
    """False: a person should look at the picture before anybody is called."""


class Rule(Protocol):
    """One rule with the parameters of one zone."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def labels(self) -> frozenset[Label]:
        """The things that this rule is about."""

    @property
    def follows(self) -> frozenset[Label]:
        """The things of which it must know whether they stand still."""

    @property
    def gone_after_s(self) -> float:
        """Seconds in view without it after which it is over: what comes later is a new matter."""

    def candidates(self, view: View) -> list[Candidate]:
        """Return the places of interest."""

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


@dataclass(slots=True, kw_only=True)
class Stillness:
    """Tells who stands from who walks, by the way they made over the last seconds."""

    walks_from_m_s: float = 0.7
    over_s: tuple[float, float] = (0.6, 2.0)
    """The shortest and the longest time that a speed is measured over."""
    _ways: dict[int, deque[tuple[float, float, float]]] = field(default_factory=dict)

    def note(self, tracks: Sequence[Track], taken_s: float, sight: Sight | None = None) -> None:
        """Remember where *tracks* are, for this *sight* without its sway; forget those that are no more."""
        self._ways = {track.id: self._ways.get(track.id) or deque() for track in tracks}
        seen = [(one, one.place) for one in tracks if one.place is not None and one.is_seen]
        for (one, _), (east_m, north_m) in zip(seen, _calm(seen, sight), strict=True):
            way = self._ways[one.id]
            way.append((taken_s, east_m, north_m))
            while way[-1][0] - way[0][0] > self.over_s[1]:
                way.popleft()

    def standing(self) -> frozenset[int]:
        """Return the ids of those that surely stand; who was seen too shortly is not among them."""
        return frozenset(number for number, way in self._ways.items() if self._stands(way))

    def _stands(self, way: Sequence[tuple[float, float, float]]) -> bool:
        if not way:
            return False
        first_s, east, north = way[0]
        lasted_s = way[-1][0] - first_s
        if lasted_s < self.over_s[0]:
            return False
        # by way of the farthest point: who turned round on the way walks too
        _, to_east, to_north = way[-1]
        made_m = max(math.hypot(e - east, n - north) + math.hypot(e - to_east, n - to_north) for _, e, n in way)
        return made_m < self.walks_from_m_s * lasted_s


def _calm(seen: Sequence[tuple[Track, GroundPlace]], sight: Sight | None) -> list[tuple[float, float]]:
    """Return east and north of where tracks are, without sway; the places of what does not move are means anyway."""
    here = [place[:2] for _, place in seen]
    if sight is None:
        return here
    moving = [number for number, (one, _) in enumerate(seen) if one.label in MOVERS]
    for number, place in zip(moving, sight.without_sway([seen[i][1] for i in moving]), strict=True):
        here[number] = place
    return here
