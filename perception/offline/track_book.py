"""The book of tracks: what is written for each frame, held back until it is known which tracks are believed.

A track is believed only after some frames; its first ones belong to it all the same. And what was hidden for a moment
between two sights was there: its boxes and places in between are filled in. What is written is steadied by the frames
just before and after.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from perception.clothes import Trait
from perception.detections import PixelBox
from perception.georeference import GroundPlace
from perception.offline.steadying import AROUND_S, steadied
from perception.offline.track_line import TrackLine
from perception.tracker import Track

HOLD_S = 6.0
FILL_S = 1.5
FILLED_SCORE = 0.5
"""What is filled in counts half as sure as the sights around it."""


@dataclass(slots=True, kw_only=True)
class _Page:
    frame: int
    time_s: float
    lines: dict[int, TrackLine] = field(default_factory=dict)


class TrackBook:
    """Takes the tracks of frame after frame, and gives back the finished lines of earlier frames in order."""

    def __init__(self, *, hold_s: float = HOLD_S, fill_s: float = FILL_S) -> None:
        self._hold_s = hold_s
        self._fill_s = fill_s
        self._pages: deque[_Page] = deque()
        self._past: deque[_Page] = deque()
        """Pages that are finished and still tell of later ones."""
        self._believed: set[int] = set()
        self.finished = -1
        """The newest frame whose lines were all given back."""
        self._last: dict[int, TrackLine] = {}

    def add(
        self, frame: int, time_s: float, tracks: Sequence[Track], trait_of: Callable[[int], Trait | None] | None = None
    ) -> list[TrackLine]:
        """Take one frame's living tracks, believed or not; return the lines that are finished now."""
        page = _Page(frame=frame, time_s=time_s)
        self._pages.append(page)
        for track in tracks:
            (self._believed.add if track.is_believed else self._believed.discard)(track.id)
            if track.is_seen:
                self._write(page, track, None if trait_of is None else trait_of(track.id))
        living = {track.id for track in tracks}
        self._last = {number: line for number, line in self._last.items() if number in living}
        return list(self._turn(time_s - self._hold_s))

    def close(self) -> list[TrackLine]:
        """Return the lines of the last frames."""
        return list(self._turn(float("inf")))

    def _write(self, page: _Page, track: Track, trait: Trait | None) -> None:
        line = TrackLine(
            frame=page.frame,
            time_s=page.time_s,
            track=track.id,
            label=track.label,
            score=track.scores[-1],
            box=track.box,
            place=track.place,
            trait=trait,
        )
        before = self._last.get(track.id)
        if before is not None and 0.0 < page.time_s - before.time_s <= self._fill_s:
            self._fill(before, line)
        page.lines[track.id] = self._last[track.id] = line

    def _fill(self, before: TrackLine, after: TrackLine) -> None:
        for page in self._pages:
            if before.frame < page.frame < after.frame:
                page.lines[after.track] = _between(before, after, page)

    def _turn(self, until_s: float) -> Iterator[TrackLine]:
        while self._pages and self._pages[0].time_s <= until_s:
            near = self._near(self._pages[0].time_s)
            for track, line in self._pages[0].lines.items():
                if track in self._believed:
                    yield steadied(line, [one for page in near if (one := page.lines.get(track)) is not None])
            self._past.append(self._pages.popleft())
            self.finished = self._past[-1].frame
        if not self._pages:
            self._believed.clear()
            self._past.clear()

    def _near(self, time_s: float) -> list[_Page]:
        """Return the pages from shortly before to shortly after a time."""
        while self._past and time_s - self._past[0].time_s > AROUND_S:
            self._past.popleft()
        return [*self._past, *takewhile(lambda page: page.time_s - time_s <= AROUND_S, self._pages)]


def _between(before: TrackLine, after: TrackLine, page: _Page) -> TrackLine:
    share = (page.time_s - before.time_s) / (after.time_s - before.time_s)
    corners = (a + share * (b - a) for a, b in zip(before.box.xyxy, after.box.xyxy, strict=True))
    x0, y0, x1, y1 = corners
    return TrackLine(
        frame=page.frame,
        time_s=page.time_s,
        track=after.track,
        label=after.label,
        score=FILLED_SCORE * min(before.score, after.score),
        box=PixelBox(x0_px=x0, y0_px=y0, x1_px=x1, y1_px=y1),
        place=_middle(before.place, after.place, share),
    )


def _middle(before: GroundPlace | None, after: GroundPlace | None, share: float) -> GroundPlace | None:
    if before is None or after is None:
        return None
    worse = max(before, after, key=lambda place: place.major_m)
    return GroundPlace(
        east_m=before.east_m + share * (after.east_m - before.east_m),
        north_m=before.north_m + share * (after.north_m - before.north_m),
        covariance_m2=worse.covariance_m2,
    )
