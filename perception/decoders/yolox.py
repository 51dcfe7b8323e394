"""YOLOX models (Megvii): one output with middle, size, objectness and class scores for each cell of three strides."""

from collections.abc import Mapping

import numpy as np

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.grids import FloatArray, from_middles, points

_STRIDES_PX = (8, 16, 32)


class YoloxDecoder:
    """Reads one output (1, n, 5 + labels): x, y in cells from the corner, log sizes, then scores 0..1."""

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, width_px: int, height_px: int) -> None:
        self._points, self._strides = points(width_px, height_px, _STRIDES_PX, offset=0.0)
        wanted = (1, len(self._points), 5 + labels)
        if [tuple(shape) for shape in outputs.values()] != [wanted]:
            raise InvalidInput(
                f"a YOLOX model of {width_px} × {height_px} px with {labels} labels gives one output {wanted}, "
                f"not {dict(outputs)}",
                where="outputs",
                remedy="correct the card, or export the model without decoding and without suppression",
            )
        self._name = next(iter(outputs))

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        values = outputs[self._name][0]
        rows = (values[:, 4] >= lowest_score).nonzero()[0]
        scores = values[rows, 5:] * values[rows, 4:5]
        found, classes = np.nonzero(scores >= lowest_score)
        rows, scores = rows[found], scores[found, classes]
        strides = self._strides[rows, None]
        middles = values[rows, :2] * strides + self._points[rows]
        sizes = np.exp(values[rows, 2:4]) * strides
        return RawBoxes(
            corners_px=from_middles(np.concatenate((middles, sizes), axis=1)), scores=scores, classes=classes
        )
