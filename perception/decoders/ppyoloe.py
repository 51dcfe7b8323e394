"""PP-YOLOE models (and PicoDet exported with its decoding): finished boxes with scores, before or after suppression."""

from collections.abc import Mapping

import numpy as np

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.grids import FloatArray


class PpYoloeDecoder:
    """Reads boxes (1, n, 4; corners in input pixels) and scores (1, labels, n), or rows (n, 6; class, score, corners).

    In a card -1 stands for a number that differs from picture to picture.
    """

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int) -> None:
        boxes = [name for name, shape in outputs.items() if len(shape) == 3 and shape[2] == 4]
        scores = [name for name, shape in outputs.items() if len(shape) == 3 and shape[1] == labels and shape[2] != 4]
        rows = [name for name, shape in outputs.items() if len(shape) == 2 and shape[1] == 6]
        self._rows = rows[0] if rows else None
        self._boxes, self._scores = (boxes[0], scores[0]) if boxes and scores else ("", "")
        if not rows and not (boxes and scores and outputs[boxes[0]][1] == outputs[scores[0]][2]):
            raise InvalidInput(
                f"a PP-YOLOE model with {labels} labels gives (1, n, 4) and (1, {labels}, n), or (n, 6); "
                f"not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )
        self._labels = labels

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        if self._rows is not None:
            return self._finished(outputs[self._rows], lowest_score)
        scores = outputs[self._scores][0]
        classes, cells = np.nonzero(scores >= lowest_score)
        return RawBoxes(
            corners_px=outputs[self._boxes][0][cells].astype(np.float32), scores=scores[classes, cells], classes=classes
        )

    def _finished(self, rows: FloatArray, lowest_score: float) -> RawBoxes:
        kept = rows[rows[:, 1] >= lowest_score]
        return RawBoxes.finished(kept[:, 2:], kept[:, 1], kept[:, 0].astype(np.int64), labels=self._labels)
