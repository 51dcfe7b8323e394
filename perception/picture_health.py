"""Says from the pictures alone whether there is anything to see in them."""

import cv2
import numpy as np

from perception.frame import Picture
from perception.source_state import SourceState

_SMALL = (64, 36)
_SAME = 1
"""A frozen picture that is compressed again changes by so much; a real one by more, if only by its light."""
_SPARSE_S = 1.0
"""Pictures further apart (time-lapse) show a quiet street alike: frozen is only what is the same to the last pixel."""


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
        self._blank_since_s: float | None = None

    def look(self, picture: Picture, at_s: float) -> tuple[SourceState, str]:
        """Return LIVE, FROZEN or COVERED, and why."""
        small = np.asarray(cv2.cvtColor(cv2.resize(picture, _SMALL, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY))
        is_other = self._is_sparse_and_other(picture, at_s)
        same_s, blank_s = self._same_s(np.asarray(small, np.uint8), at_s, is_other), self._blank_s(small.std(), at_s)
        if blank_s >= self._covered_after_s:
            return SourceState.COVERED, f"nothing but one tone in the picture for {blank_s:.0f} s"
        if same_s >= self._frozen_after_s:
            return SourceState.FROZEN, f"the same picture for {same_s:.0f} s"
        return SourceState.LIVE, "pictures come"

    def _is_sparse_and_other(self, picture: Picture, at_s: float) -> bool:
        """Say whether a picture comes long after the last one and differs from it anywhere."""
        before, self._last = self._last, (picture, at_s)
        return before is not None and at_s - before[1] > _SPARSE_S and not np.array_equal(before[0], picture)

    def _same_s(self, small: Picture, at_s: float, is_other: bool) -> float:
        """Return for how long the picture has been the one that it was at first."""
        if self._first is None or is_other or at_s < self._first[1] or not _is_same(small, self._first[0]):
            self._first = (small, at_s)
        return at_s - self._first[1]

    def _blank_s(self, contrast: float, at_s: float) -> float:
        if contrast >= self._least_contrast:
            self._blank_since_s = None
            return 0.0
        if self._blank_since_s is None or at_s < self._blank_since_s:
            self._blank_since_s = at_s
        return at_s - self._blank_since_s


def _is_same(one: Picture, other: Picture) -> bool:
    return int(np.asarray(cv2.absdiff(one, other)).max()) <= _SAME
