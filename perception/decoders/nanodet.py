"""NanoDet-Plus models: one output with class scores and distances as distributions over eight bins, four strides."""

from collections.abc import Mapping

import numpy as np

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.grids import FloatArray, around, mean_distances, points

_STRIDES_PX = (8, 16, 32, 64)
_BINS = 8


class NanoDetPlusDecoder:
    """Reads one output (1, n, labels + 4 × 8): scores 0..1, then distributions of distances in cells."""

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, width_px: int, height_px: int) -> None:
        self._points, self._strides = points(width_px, height_px, _STRIDES_PX, offset=0.0)
        wanted = (1, len(self._points), labels + 4 * _BINS)
        if [tuple(shape) for shape in outputs.values()] != [wanted]:
            raise InvalidInput(
                f"a NanoDet-Plus model of {width_px} × {height_px} px with {labels} labels gives one output {wanted}, "
                f"not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )
        self._name, self._labels = next(iter(outputs)), labels

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        values = outputs[self._name][0]
        rows, classes = np.nonzero(values[:, : self._labels] >= lowest_score)
        distances_px = mean_distances(values[rows, self._labels :], _BINS) * self._strides[rows, None]
        return RawBoxes(
            corners_px=around(self._points[rows], distances_px), scores=values[rows, classes], classes=classes
        )
