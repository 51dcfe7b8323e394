"""Says from the pictures alone whether there is anything to see in them.

A picture that stands still is told from a quiet street by its grain: a living sensor gives every picture a grain of its
own, by night more than by day; a picture that is sent again has the same, also when it is compressed anew, but for the
key pictures of the compression. Measured: 5 % to 23 % of a frozen stream's pictures have a new grain (x264, MPEG-4,
motion JPEG), 77 % to 100 % of a calm one's with a noise of one grey level and more at usual rates.
"""

from collections import deque
from itertools import islice

import cv2
import numpy as np
from numpy.typing import NDArray

from perception.frame import Picture
from perception.source_state import SourceState

_SMALL = (64, 36)
_SAME = 1
"""A frozen picture that is compressed again changes by so much, in the mean of a cell; so does a quiet street."""
_EDGE_ROWS, _LINE_ROWS = 6, 4
"""A line of text (a clock) that a recorder writes into a frozen picture lies in these rows and is at most so high."""
_SPARSE_S = 1.0
"""Pictures further apart (time-lapse) are too few to judge their grain soon; equal to the last pixel, they are one."""
_PATCH_PX, _ACROSS, _DOWN = 16, 8, 6
_GRAIN_AT = 0.75
"""Black and burnt-out parts of a picture have no grain: the upper quarter of the patches is asked."""
_NEW_GRAIN = 0.2
"""Grey levels by which the grain of two pictures of one sensor differs at least."""
_FRESH = 0.2
"""With less than this share of new grain nobody takes pictures any more; some cameras send each picture five times."""
_LEAST_PAIRS = 5
Patches = NDArray[np.float32]


class PictureHealth:
    """Follows one stream. Times are seconds of the pictures' own clock or ours; only differences count."""

    def __init__(
        self, *, frozen_after_s: float = 10.0, covered_after_s: float = 1.0, least_contrast: float = 5.0
    ) -> None:
        self._frozen_after_s = frozen_after_s
        self._covered_after_s = covered_after_s
        self._least_contrast = least_contrast
        self._first: tuple[Picture, float] | None = None
        self._last: tuple[Picture, float] | None = None
        self._equal_since_s: float | None = None
        self._grain = _Grain()
        self._blank_since_s: float | None = None

    def look(self, picture: Picture, at_s: float) -> tuple[SourceState, str]:
        """Return LIVE, FROZEN or COVERED, and why."""
        small = np.asarray(cv2.cvtColor(cv2.resize(picture, _SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY))
        equal_s = self._equal_s(picture, at_s)
        self._grain.add(picture, at_s)
        same_s, is_whole = self._same_s(np.asarray(small, np.uint8), at_s)
        blank_s = self._blank_s(small.std(), at_s)
        if blank_s >= self._covered_after_s:
            return SourceState.COVERED, f"nothing but one tone in the picture for {blank_s:.0f} s"
        is_old = equal_s >= self._frozen_after_s or self._grain.is_old(at_s - self._frozen_after_s)
        if same_s >= self._frozen_after_s and is_old:
            beside = "" if is_whole else ", but for a line of text at its edge"
            return SourceState.FROZEN, f"the same picture for {same_s:.0f} s{beside}"
        return SourceState.LIVE, "pictures come"

    def _equal_s(self, picture: Picture, at_s: float) -> float:
        """Return for how long pictures that come far apart have been equal to the last pixel."""
        before, self._last = self._last, (picture, at_s)
        if before is None or at_s - before[1] <= _SPARSE_S or not np.array_equal(before[0], picture):
            self._equal_since_s = None
        elif self._equal_since_s is None:
            self._equal_since_s = before[1]
        return 0.0 if self._equal_since_s is None else at_s - self._equal_since_s

    def _same_s(self, small: Picture, at_s: float) -> tuple[float, bool]:
        """Return for how long the picture has been the one that it was at first, and whether the whole of it is."""
        others = None if self._first is None else _other_rows(small, self._first[0])
        if self._first is None or others is None or at_s < self._first[1] or not _is_line(others):
            self._first = (small, at_s)
        return at_s - self._first[1], others is None or others.size == 0

    def _blank_s(self, contrast: float, at_s: float) -> float:
        if contrast >= self._least_contrast:
            self._blank_since_s = None
            return 0.0
        if self._blank_since_s is None or at_s < self._blank_since_s:
            self._blank_since_s = at_s
        return at_s - self._blank_since_s


class _Grain:
    """Which of the newest pictures had a grain of their own."""

    def __init__(self) -> None:
        self._last: Patches | None = None
        self._last_s = -np.inf
        self._pairs: deque[tuple[float, bool]] = deque(maxlen=1000)

    def add(self, picture: Picture, at_s: float) -> None:
        """Compare a picture with the one before."""
        patches, before = _patches(picture), self._last
        if at_s < self._last_s:
            self._pairs.clear()
        if before is not None and before.shape == patches.shape:
            changes = np.sort((patches - before).std(axis=1))
            self._pairs.append((at_s, bool(changes[int(_GRAIN_AT * len(changes))] >= _NEW_GRAIN)))
        self._last, self._last_s = patches, at_s

    def is_old(self, since_s: float) -> bool:
        """Say whether hardly a picture since then had a new grain; of pictures that come slowly, the last few."""
        newest = [is_new for taken_s, is_new in self._pairs if taken_s >= since_s]
        if len(newest) < _LEAST_PAIRS:
            newest = [is_new for _, is_new in islice(reversed(self._pairs), _LEAST_PAIRS)]
        return len(newest) >= _LEAST_PAIRS and sum(newest) < _FRESH * len(newest)


def _patches(picture: Picture) -> Patches:
    """Return the green of small squares spread over the picture, (n, pixels)."""
    height, width = picture.shape[:2]
    rows, columns = _starts(height, _DOWN), _starts(width, _ACROSS)
    green = picture[:, :, 1][np.ix_(rows, columns)]
    size_px = len(rows) // _DOWN, len(columns) // _ACROSS
    squares = green.reshape(_DOWN, size_px[0], _ACROSS, size_px[1]).transpose(0, 2, 1, 3)
    return np.asarray(squares.reshape(_DOWN * _ACROSS, -1), np.float32)


def _starts(length_px: int, count: int) -> NDArray[np.intp]:
    """Return the rows (or columns) of *count* squares that lie evenly over so many pixels."""
    size_px = max(1, min(_PATCH_PX, length_px // count))
    starts = np.linspace(0, max(0, length_px - size_px), count).astype(np.intp)
    pixels = np.minimum(starts[:, None] + np.arange(size_px), length_px - 1)
    return np.asarray(pixels.ravel(), np.intp)


def _other_rows(one: Picture, other: Picture) -> NDArray[np.intp]:
    """Return the rows of the cells that differ."""
    change = np.asarray(cv2.absdiff(one, other), np.uint8)
    return np.asarray(np.flatnonzero(change.max(axis=1) > _SAME), np.intp)


def _is_line(rows: NDArray[np.intp]) -> bool:
    """Say whether nothing differs but what a line of text at the upper or lower edge may cover."""
    if rows.size == 0:
        return True
    top, bottom = int(rows.min()), int(rows.max())
    return bottom - top < _LINE_ROWS and (bottom < _EDGE_ROWS or top >= _SMALL[1] - _EDGE_ROWS)
