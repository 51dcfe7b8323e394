"""Who is who in hindsight: pieces of ways are joined anew where people met or were hidden for a while.

A tracker decides at once; a recording knows what came after. All pieces that end and all that begin within some seconds
are paired at the least cost (Hungarian method): by how people walked before and after, on the ground, by the colours of
what they wear, and in doubt as the tracker said. Colours are held for these seconds only, and never written.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from perception.offline.pieces import End, Entry, Piece, entries, pieces
from perception.offline.track_line import TrackLine

LONGEST_S = 12.0
"""Nobody is waited for longer."""
_AT_ONCE_S = 2.0
"""So much of the film is told at once."""
_OWN = 4.0
"""What speaks for the tracker's own choice; like all costs here half the squares of standard deviations."""
_NEW, _NEW_AT_EDGE = 1.5, 0.5
"""What it costs that a way ends or begins: in the middle of the picture, and at its edges."""
_TAKES = 3.0
"""A new number beside somebody who is still told is a double rather than that person."""
_PER_S = 0.25
_COASTS_S, _COASTS = 1.5, 0.8
_NEAR_M, _FAST_M_S = 1.2, 2.5
_SIGMA_M, _SIGMA_M_S = 0.5, 0.7
_MOST_WAY = 6.0
_SIGMA_COLOURS = 7.0
_MOST_COLOURS, _ALIKE = 8.0, 1.0
_UNKNOWN, _UNKNOWN_PER_S = 3.0, 0.5
"""What it costs not to know the colours: ways alone tell little, and the less the longer nobody was seen."""
_LEFT_S = 1.0
_FAR = 1e6
FloatArray = NDArray[np.float64]


class Rejoiner:
    """Takes finished lines frame after frame; gives them back later, in order, under the names of whole ways."""

    def __init__(self, *, new_number: Callable[[], int]) -> None:
        self._new_number = new_number
        self._told: deque[Entry] = deque()
        """Lines that were given back and still tell of later ones."""
        self._held: deque[Entry] = deque()
        self._used: set[int] = set()
        self._spare: dict[int, int] = {}

    def add(self, lines: Sequence[TrackLine]) -> list[TrackLine]:
        """Take the lines of one frame or more; return those of earlier frames that are decided now."""
        for start, end in _frames(lines):
            self._held.extend(entries(lines[start:end]))
        if not self._held:
            return []
        until_s = self._held[0].line.time_s + _AT_ONCE_S
        return self._tell(until_s) if self._held[-1].line.time_s >= until_s + LONGEST_S else []

    def close(self) -> list[TrackLine]:
        """Return the last lines."""
        return self._tell(float("inf"))

    def _tell(self, until_s: float) -> list[TrackLine]:
        if not self._held:
            return []
        self._name(pieces([*self._told, *self._held]), until_s)
        done: list[TrackLine] = []
        while self._held and self._held[0].line.time_s < until_s:
            one = self._held.popleft()
            self._told.append(one)
            done.append(replace(one.line, trait=None, track=one.line.track if one.name is None else one.name))
        while self._told and self._told[0].line.time_s < until_s - LONGEST_S:
            self._told.popleft()
        return done

    def _name(self, cut: Sequence[Piece], until_s: float) -> None:
        """Say whose every line before *until_s* is."""
        cut = sorted(cut, key=lambda piece: piece.begins_s)
        before = _paired(cut)
        names: dict[int, int] = {}
        for j, piece in enumerate(cut):
            if piece.name is None and piece.appears_s < until_s:
                first = names.get(before[j]) if j in before else None
                names[j] = self._fresh(piece.track) if first is None else first
            elif piece.name is not None:
                names[j] = piece.name
        taken: set[tuple[int, int]] = set()
        for j, name in names.items():
            for one in cut[j].lines:
                one.name = one.name or (name if one.line.time_s < until_s else None)
                taken.add((name, one.line.frame))
        for j, name in names.items():
            self._name_met(cut[j].ahead, (name, name), cut[j].track, taken, until_s)
        following = {id(piece.before): names.get(j, names.get(before.get(j, -1))) for j, piece in enumerate(cut)}
        for j, name in names.items():
            after = following.get(id(cut[j]))
            self._name_met(cut[j].after, (name, name if after is None else after), cut[j].track, taken, until_s)

    def _name_met(
        self, met: Sequence[Entry], names: tuple[int, int], track: int, taken: set[tuple[int, int]], until_s: float
    ) -> None:
        """Name the lines of a meeting: halfway it becomes who it is after that, if nobody else is that one then."""
        for k, one in enumerate(met):
            if one.name is None and one.line.time_s < until_s:
                choice = names if 2 * k < len(met) else names[::-1]
                free = [who for who in choice if (who, one.line.frame) not in taken]
                one.name = free[0] if free else self._spare_of(track)
            if one.name is not None:
                taken.add((one.name, one.line.frame))

    def _fresh(self, track: int) -> int:
        number = self._new_number() if track in self._used else track
        self._used.add(number)
        return number

    def _spare_of(self, track: int) -> int:
        return self._spare.setdefault(track, self._new_number())


def _frames(lines: Sequence[TrackLine]) -> Iterator[tuple[int, int]]:
    """Return from where to where in *lines* each frame reaches."""
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or lines[end].frame != lines[start].frame:
            yield start, end
            start = end


def _paired(cut: Sequence[Piece]) -> dict[int, int]:
    """Return which piece each one that has no name yet continues, by their numbers in *cut*."""
    last = {piece.name: i for i, piece in enumerate(cut) if piece.name is not None}
    ends = [i for i, piece in enumerate(cut) if piece.name is None or last[piece.name] == i]
    starts = [j for j, piece in enumerate(cut) if piece.name is None]
    if not ends or not starts:
        return {}
    ended, begun = [cut[i].end() for i in ends], [cut[j].start() for j in starts]
    is_own = np.array([[cut[j].before is cut[i] for j in starts] for i in ends])
    takes = np.array([[cut[j].before is None and cut[i].lasts_s >= cut[j].begins_s for j in starts] for i in ends])
    costs = _costs(ended, begun, is_own) + _TAKES * takes
    rows, columns = linear_sum_assignment(_with_none(costs, ended, begun))
    before = {
        starts[column]: ends[row]
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        if row < len(ends) and column < len(starts)
    }
    return _without_doubles(cut, before)


def _without_doubles(cut: Sequence[Piece], before: dict[int, int]) -> dict[int, int]:
    """Return *before* without pieces put between two of one track that told of the same person all the time."""
    number = {id(piece): i for i, piece in enumerate(cut)}
    kept = dict(before)
    for j, piece in enumerate(cut):
        own = number.get(id(piece.before))
        between, i = j, kept.get(j)
        while i is not None and i != own:
            between, i = i, kept.get(i)
        if i is not None and between != j and cut[i].lasts_s >= cut[between].begins_s:
            del kept[between]
            kept[j] = i
    return kept


def _with_none(costs: FloatArray, ended: Sequence[End], begun: Sequence[End]) -> FloatArray:
    """Return *costs* with a row and a column for each that has no partner."""
    rows, columns = costs.shape
    whole = np.full((rows + columns, rows + columns), _FAR)
    whole[:rows, :columns] = costs
    ends = np.array([_NEW_AT_EDGE if one.is_at_edge else _NEW for one in ended])
    starts = np.array([_NEW_AT_EDGE if one.is_at_edge else _NEW for one in begun])
    np.fill_diagonal(whole[:rows, columns:], ends)
    np.fill_diagonal(whole[rows:, :columns], starts)
    whole[rows:, columns:] = 0.0
    return whole


def _costs(ended: Sequence[End], begun: Sequence[End], is_own: NDArray[np.bool_]) -> FloatArray:
    """Return what speaks against each piece that begins being the one that ended; far where it cannot be."""
    gaps_s = np.array([one.time_s for one in begun])[None] - np.array([one.time_s for one in ended])[:, None]
    way, is_reached = _way(ended, begun, gaps_s)
    has_left = np.array([one.is_at_edge for one in ended])[:, None] & (gaps_s > _LEFT_S)
    other = _other_colours(ended, begun)
    costs = way + np.where(np.isnan(other), _UNKNOWN + _UNKNOWN_PER_S * gaps_s, other) + _PER_S * gaps_s
    costs[~is_reached | has_left] = _FAR
    # what the tracker held together although nothing here can tell stays together
    costs = np.where(is_own, np.where(costs < _FAR, costs, 0.0) - _OWN, costs)
    costs[(gaps_s <= 0.0) | ((gaps_s > LONGEST_S) & ~is_own)] = _FAR
    return np.asarray(costs)


def _way(ended: Sequence[End], begun: Sequence[End], gaps_s: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return how far ways miss each other, seen from both sides, and whether somebody could have gone so far."""
    apart = np.array([one.place_m for one in begun])[None] - np.array([one.place_m for one in ended])[:, None]
    errors_m = np.hypot(np.array([o.error_m for o in ended])[:, None], np.array([o.error_m for o in begun])[None])
    coast_s = _COASTS * np.minimum(gaps_s, _COASTS_S)[..., None]
    missed = [
        ((apart - pace * coast_s) ** 2).sum(axis=2)
        for pace in (
            np.array([one.pace_m_s for one in ended])[:, None],
            np.array([one.pace_m_s for one in begun])[None],
        )
    ]
    sigma_m = _SIGMA_M + _SIGMA_M_S * gaps_s + 0.5 * errors_m
    cost = np.minimum((missed[0] + missed[1]) / (4 * sigma_m**2), _MOST_WAY)
    reach_m = _NEAR_M + _FAST_M_S * gaps_s + 1.4 * errors_m
    return cost, np.asarray(np.hypot(apart[..., 0], apart[..., 1]) <= reach_m)


def _other_colours(ended: Sequence[End], begun: Sequence[End]) -> FloatArray:
    """Return how much more the colours of two bands differ than one's own do; NaN where they are not known."""
    apart = np.array([one.colours for one in ended])[:, None] - np.array([one.colours for one in begun])[None]
    spread = np.hypot(np.array([o.spread for o in ended])[:, None], np.array([o.spread for o in begun])[None])
    shape = (*apart.shape[:2], 2, 3)
    away2 = (apart.reshape(shape) ** 2).sum(axis=3)
    sigma2 = _SIGMA_COLOURS**2 + 0.25 * (spread.reshape(shape) ** 2).sum(axis=3)
    return np.asarray(np.minimum((away2 / sigma2).sum(axis=2) / 2, _MOST_COLOURS) - _ALIKE)
