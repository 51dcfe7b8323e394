"""RT-DETR, D-FINE and their kin: a fixed number of answers, each with class scores and a box, no suppression needed."""

from collections.abc import Mapping

import numpy as np

from core.errors import InvalidInput
from perception.decoders.boxes import RawBoxes
from perception.decoders.grids import FloatArray, from_middles


class DetrDecoder:
    """Reads raw answers, logits (1, n, labels) and boxes (1, n, 4; middle and size as shares of the picture),

    or finished ones: labels (1, n), boxes (1, n, 4; corners in input pixels) and scores (1, n), by these names.
    """

    def __init__(self, *, outputs: Mapping[str, tuple[int, ...]], labels: int, width_px: int, height_px: int) -> None:
        shapes = {name: tuple(shape) for name, shape in outputs.items()}
        logits = [
            name for name, shape in shapes.items() if len(shape) == 3 and shape[2] == labels and "box" not in name
        ]
        boxes = [name for name, shape in shapes.items() if len(shape) == 3 and shape[2] == 4 and name not in logits]
        self._is_finished = {"labels", "boxes", "scores"} <= set(shapes)
        if not self._is_finished and not (logits and boxes and shapes[logits[0]][1] == shapes[boxes[0]][1]):
            raise InvalidInput(
                f"a DETR model with {labels} labels gives (1, n, {labels}) and (1, n, 4), or labels, boxes and scores; "
                f"not {dict(outputs)}",
                where="outputs",
                remedy="correct the card",
            )
        self._labels = labels
        self._logits, self._boxes = ("scores", "boxes") if self._is_finished else (logits[0], boxes[0])
        self._size_px = np.array([width_px, height_px, width_px, height_px], np.float32)

    def decode(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        if self._is_finished:
            return self._finished(outputs, lowest_score)
        scores = 1.0 / (1.0 + np.exp(-outputs[self._logits][0]))
        rows, classes = np.nonzero(scores >= lowest_score)
        corners = from_middles(outputs[self._boxes][0][rows] * self._size_px)
        return RawBoxes(corners_px=corners, scores=scores[rows, classes], classes=classes)

    def _finished(self, outputs: Mapping[str, FloatArray], lowest_score: float) -> RawBoxes:
        kept = outputs["scores"][0] >= lowest_score
        scores, classes = outputs["scores"][0][kept], outputs["labels"][0][kept].astype(np.int64)
        return RawBoxes.finished(outputs["boxes"][0][kept], scores, classes, labels=self._labels)
