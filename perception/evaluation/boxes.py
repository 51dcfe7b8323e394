"""What evaluation compares: boxes of one class, frame by frame, with numbers that say which belong together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SAME_IOU = 0.5
"""Two boxes show the same thing from this share of their joint area on (PASCAL VOC, MOT Challenge)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameBoxes:
    """The boxes of one frame: corners (n, 4; x0, y0, x1, y1), identities (n), scores (n), which do not count (n).

    What does not count may be found or missed: it is neither right nor wrong.
    """

    corners_px: FloatArray
    ids: NDArray[np.int64]
    scores: FloatArray
    ignored: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)

    def only(self, chosen: NDArray[np.bool_]) -> "FrameBoxes":
        """Return the chosen ones of the boxes."""
        return FrameBoxes(
            corners_px=self.corners_px[chosen],
            ids=self.ids[chosen],
            scores=self.scores[chosen],
            ignored=self.ignored[chosen],
        )


Boxes = Mapping[int, FrameBoxes]
"""By frame, counted from 0; a frame without any box may be missing."""


def frame_boxes(
    corners_px: Sequence[Sequence[float]],
    ids: Sequence[int],
    scores: Sequence[float] | None = None,
    ignored: Sequence[bool] | None = None,
) -> FrameBoxes:
    """Return plain rows as arrays; scores are 1 and everything counts unless said otherwise."""
    count = len(ids)
    return FrameBoxes(
        corners_px=np.asarray(corners_px, float).reshape(-1, 4),
        ids=np.asarray(ids, np.int64),
        scores=np.ones(count) if scores is None else np.asarray(scores, float),
        ignored=np.zeros(count, bool) if ignored is None else np.asarray(ignored, bool),
    )


NOTHING = frame_boxes([], [])


def ious(some: FloatArray, others: FloatArray) -> FloatArray:
    """Return the shared over the joint areas of corners (n, 4) and (m, 4); shape (n, m)."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0.0, None), axis=2)
    joint = _areas(some)[:, None] + _areas(others) - shared
    return np.asarray(np.divide(shared, joint, out=np.zeros_like(shared), where=joint > 0), float)


def _areas(corners: FloatArray) -> FloatArray:
    return np.asarray(np.prod(np.clip(corners[:, 2:] - corners[:, :2], 0.0, None), axis=1), float)
