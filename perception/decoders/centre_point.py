"""Centre-point models: a heat map of peaks for each class and four distances to the sides of the box."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes

_STRIDE_PX = 4
_MOST = 600
"""Of more cells, those beside peaks give way: a faint peak may be a head that must be hidden."""
_MOST_PEAKS = 3000
_SMALL_PX = 12.0
"""The boxes that two cells give for anything smaller differ too much to be known as one: only its peak counts."""
_AWAY = np.array([-1, -1, 1, 1], np.float32)


class CentrePointDecoder:
    """Reads `heat` (1, classes, h, w; 0 away from peaks), `distances` (1, 4, h, w; left, up, right, down in px)."""

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int) -> None:
        heat, distances = outputs.get("heat"), outputs.get("distances")
        if heat is None or distances is None or heat[1] != labels or distances[1] != 4 or heat[2:] != distances[2:]:
            raise InvalidInput(
                f"a centre-point model gives heat (1, {labels}, h, w) and distances (1, 4, h, w), not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )
        y, x = np.divmod(np.arange(heat[2] * heat[3], dtype=np.float32), np.float32(heat[3]))
        centres = np.stack((x, y, x, y), axis=1) * _STRIDE_PX + _STRIDE_PX / 2
        self._centres = centres.astype(np.float32)
        self._is_peak = np.empty(labels * heat[2] * heat[3], bool)

    def decode(self, outputs: Mapping[str, NDArray[np.float32]], lowest_score: float) -> RawBoxes:
        flat = outputs["heat"].reshape(-1)
        cells = np.greater_equal(flat, lowest_score, out=self._is_peak).nonzero()[0]
        scores = flat.take(cells)
        if len(scores) > _MOST:
            cells, scores = self._chosen(outputs["heat"][0], cells, scores)
        classes = cells // len(self._centres)
        cells -= classes * len(self._centres)
        sides = outputs["distances"].reshape(4, -1).take(cells, axis=1)
        is_small = np.maximum(sides[0] + sides[2], sides[1] + sides[3]) < _SMALL_PX
        if is_small.any():
            chosen = ~is_small | (scores >= _highest_around(outputs["heat"][0], classes, cells))
            cells, scores, classes, sides = cells[chosen], scores[chosen], classes[chosen], sides[:, chosen]
        corners = self._centres.take(cells, axis=0)
        corners += sides.T * _AWAY
        return RawBoxes(corners_px=corners, scores=scores, classes=classes)

    def _chosen(
        self, heat: NDArray[np.float32], cells: NDArray[np.int64], scores: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return all peaks, and the best of the cells beside them while there is room."""
        classes, places = np.divmod(cells, len(self._centres))
        is_peak = scores >= _highest_around(heat, classes, places)
        most = min(max(_MOST, int(is_peak.sum())), _MOST_PEAKS, len(cells) - 1)
        best = np.argpartition(-(scores + 2.0 * is_peak), most)[:most]
        return cells[best], scores[best]


def _highest_around(
    heat: NDArray[np.float32], classes: NDArray[np.int64], cells: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the highest heat in the nine cells around each of *cells*, in its own class."""
    height, width = heat.shape[1:]
    y, x = np.divmod(cells, width)
    around = [
        heat[classes, (y + dy).clip(0, height - 1), (x + dx).clip(0, width - 1)]
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    return np.asarray(np.max(around, axis=0), np.float32)
