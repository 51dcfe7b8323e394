"""FastestDet models: one grid with objectness, a box and class scores for each cell."""

from collections.abc import Mapping

import numpy as np

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.grids import FloatArray, from_middles

_OBJECT_POWER, _CLASS_POWER = 0.6, 0.4


class FastestDetDecoder:
    """Reads one output (1, 5 + labels, h, w): objectness 0..1, box, then class scores 0..1.

    The score is objectness^0.6 × class^0.4; a box is tanh offsets in cells and sigmoid shares of the whole picture.
    """

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, width_px: int, height_px: int) -> None:
        shapes = [tuple(shape) for shape in outputs.values()]
        if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][:2] != (1, 5 + labels):
            raise InvalidInput(
                f"a FastestDet model with {labels} labels gives one output (1, {5 + labels}, h, w), "
                f"not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )
        self._name, (down, across) = next(iter(outputs)), shapes[0][2:]
        y, x = np.divmod(np.arange(down * across, dtype=np.float32), np.float32(across))
        self._cells = np.stack((x, y), axis=1)
        self._cell_px = np.array([width_px / across, height_px / down], np.float32)
        self._size_px = np.array([width_px, height_px], np.float32)

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        values = outputs[self._name][0].reshape(outputs[self._name].shape[1], -1)
        scores = values[0] ** _OBJECT_POWER * values[5:] ** _CLASS_POWER
        classes, cells = np.nonzero(scores >= lowest_score)
        shifts = np.tanh(values[1:3, cells]).T
        middles = (self._cells[cells] + shifts) * self._cell_px
        sizes = self._size_px / (1.0 + np.exp(-values[3:5, cells].T))
        return RawBoxes(
            corners_px=from_middles(np.concatenate((middles, sizes), axis=1)),
            scores=scores[classes, cells],
            classes=classes,
        )
