"""Pieces of ways: what of a track surely is one person, cut where people met or where it was not seen for a while."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perception.clothes import Colours
from perception.detections import Label
from perception.offline.track_line import TrackLine

_MET = 0.4
"""People met where one box lies in another one by so much of the smaller."""
_GAP_S = 0.5
_LOOK_S = 2.5
"""Colours are the median of so long at the end of a piece, or at its beginning."""
_LEAST_LOOKS = 3
_PACE_S = 1.2
_FASTEST_M_S = 2.5
FloatArray = NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class Entry:
    """A line, whether others were so near that it may be somebody else's, and whose it is in the end."""

    line: TrackLine
    is_met: bool
    name: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a piece ends, or begins: where, how fast, in which colours (NaN where unknown), and whether at an edge."""

    time_s: float
    place_m: tuple[float, float]
    pace_m_s: tuple[float, float]
    error_m: float
    colours: Colours
    spread: Colours
    is_at_edge: bool


@dataclass(slots=True, kw_only=True)
class Piece:
    """Lines of one track without a meeting, and those of the meetings that it began with and that came after."""

    track: int
    ahead: list[Entry] = field(default_factory=list)
    lines: list[Entry]
    is_clear: bool = True
    after: list[Entry] = field(default_factory=list)
    before: "Piece | None" = None
    """The piece of the same track before it."""

    @property
    def name(self) -> int | None:
        """Return whose it is, once that was told."""
        return (self.ahead or self.lines)[0].name

    @property
    def appears_s(self) -> float:
        """Return when its first line is."""
        return (self.ahead or self.lines)[0].line.time_s

    @property
    def begins_s(self) -> float:
        """Return when it begins."""
        return self.lines[0].line.time_s

    @property
    def ends_s(self) -> float:
        """Return when it ends."""
        return self.lines[-1].line.time_s

    @property
    def lasts_s(self) -> float:
        """Return when the meeting after it ends; when it ends where there is none."""
        return self.after[-1].line.time_s if self.after else self.ends_s

    def start(self) -> End:
        """Return how it begins."""
        return _end(self.lines, self.is_clear)

    def end(self) -> End:
        """Return how it ends."""
        return _end(self.lines[::-1], self.is_clear)


def entries(lines: Sequence[TrackLine]) -> list[Entry]:
    """Return the lines of one frame with who met whom in it."""
    people = [line for line in lines if line.label is Label.PERSON]
    met = _met(np.array([line.box.xyxy for line in people], np.float64).reshape(-1, 4))
    near = {line.track for line, is_met in zip(people, met.tolist(), strict=True) if is_met}
    return [Entry(line=line, is_met=line.label is Label.PERSON and line.track in near) for line in lines]


def pieces(told: Iterable[Entry]) -> list[Piece]:
    """Return the pieces of all people among *told*, which come in the order of their times."""
    ways: dict[int, list[Entry]] = {}
    for one in told:
        if one.line.label is Label.PERSON:
            ways.setdefault(one.line.track, []).append(one)
    return [piece for way in ways.values() for piece in _cut(way)]


def _cut(way: Sequence[Entry]) -> Iterator[Piece]:
    first = next((k for k, one in enumerate(way) if not one.is_met), None)
    if first is None:
        yield Piece(track=way[0].line.track, lines=list(way), is_clear=False)
        return
    piece = Piece(track=way[0].line.track, ahead=list(way[:first]), lines=[way[first]])
    for one in way[first + 1 :]:
        if one.is_met:
            piece.after.append(one)
        elif piece.after or one.line.time_s - piece.ends_s > _GAP_S:
            yield piece
            piece = Piece(track=one.line.track, lines=[one], before=piece)
        else:
            piece.lines.append(one)
    yield piece


def _met(boxes: FloatArray) -> NDArray[np.bool_]:
    sides = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    shared = np.clip(sides, 0.0, None).prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    is_met = shared > _MET * np.minimum(areas[:, None], areas[None])
    np.fill_diagonal(is_met, False)
    return np.asarray(is_met.any(axis=1))


def _end(lines: Sequence[Entry], is_clear: bool) -> End:
    """Return how *lines*, the nearest to the end first, end."""
    last = lines[0].line
    near = [one.line for one in lines if abs(one.line.time_s - last.time_s) <= _LOOK_S]
    worn = [line.trait.clothes for line in near if line.trait is not None and line.trait.clothes is not None]
    is_known = is_clear and len(worn) >= _LEAST_LOOKS
    unknown = np.full(6, np.nan, np.float32)
    place = last.place
    return End(
        time_s=last.time_s,
        place_m=(np.nan, np.nan) if place is None else (place.east_m, place.north_m),
        pace_m_s=_pace(near),
        error_m=1.0 if place is None else place.major_m,
        colours=np.median(worn, axis=0) if is_known else unknown,
        spread=np.std(worn, axis=0) if is_known else unknown,
        is_at_edge=last.trait is not None and last.trait.is_at_edge,
    )


def _pace(near: Sequence[TrackLine]) -> tuple[float, float]:
    """Return the speed (east, north) over the lines just at the end; none where too few tell."""
    known = [(one.time_s, one.place.east_m, one.place.north_m) for one in near if one.place is not None]
    told = np.array([row for row in known if abs(row[0] - near[0].time_s) <= _PACE_S]).reshape(-1, 3)
    if len(told) < _LEAST_LOOKS:
        return 0.0, 0.0
    after_s = told[:, 0] - told[:, 0].mean()
    spread_s2 = float((after_s**2).sum())
    if spread_s2 < 0.05:
        return 0.0, 0.0
    east, north = (after_s @ (told[:, 1:] - told[:, 1:].mean(axis=0)) / spread_s2).tolist()
    share = min(1.0, _FASTEST_M_S / max(float(np.hypot(east, north)), 1e-9))
    return east * share, north * share
